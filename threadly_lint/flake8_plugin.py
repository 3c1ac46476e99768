"""The flake8 plugin: reports for a file exactly what ``threadly-lint check`` reports there.

The project is found upwards from the file and analysed as a whole, once in a run and at best out of the cache.
``# noqa`` comments are left to flake8. The rooms that do the work are imported when flake8 starts it.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from threadly_lint import __version__

Report = tuple[int, int, str, type]


class Plugin:
    """The check of one file, as flake8 makes it."""

    name = "threadly-lint"
    version = __version__

    def __init__(self, tree: Any, filename: str, lines: Sequence[str]) -> None:
        self._file = Path(filename)
        self._text = "".join(lines)

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Analyse what is going to be asked for before flake8 forks its workers, so that each has the outcome."""
        if "-" in options.filenames or options.bug_report:
            return
        for name in options.filenames or ["."]:
            with _told_to_flake8():
                from threadly_lint.workspace import workspace_of

                _ = workspace_of(Path(name)).outcome

    def run(self) -> Iterator[Report]:
        """Line (1-based), column (0-based, as flake8 wants it), text and plugin of each finding in the file."""
        with _told_to_flake8():
            from threadly_lint.workspace import workspace_of

            findings = workspace_of(self._file).findings_in(self._file, self._text)
        for finding in findings:
            yield finding.line, finding.column - 1, f"{finding.code} {finding.message}", type(self)


@contextmanager
def _told_to_flake8() -> Iterator[None]:
    """Turn what went wrong into the exception whose text flake8 shows before it exits with an error."""
    try:
        yield
    except Exception as error:
        if os.environ.get("THREADLY_LINT_TRACEBACK"):
            raise
        from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]

        problems = getattr(error, "problems", None) or (f"internal error: {type(error).__name__}: {error}",)
        raise ExecutionError("\n".join(f"threadly-lint: {problem}" for problem in problems)) from None
