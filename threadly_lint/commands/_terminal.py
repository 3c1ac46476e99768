"""What commands need to know about the terminal they write to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import click

PATIENCE = 1.5
"""Seconds that a run may take before it shows a progress bar."""


def wants_colour() -> bool:
    """Whether standard output is a terminal whose user has not asked for plain text (``NO_COLOR``)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shown_from(root: Path) -> Callable[[str], str]:
    """How to print paths that are relative to ``root``: as seen from the current folder, in full when outside of it."""
    here = Path.cwd().resolve()

    def shown(path: str) -> str:
        full = root / path
        return full.relative_to(here).as_posix() if full.is_relative_to(here) else str(full)

    return shown


class ReadingProgress:
    """A progress bar on standard error that appears on long runs on a terminal, and nowhere else."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._started = monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` files are read."""
        if self._bar is None:
            if not self._is_terminal or monotonic() - self._started < PATIENCE:
                return
            self._bar = click.progressbar(length=total, label="Reading", file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)
