"""Path patterns as ``.gitignore`` spells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


def path_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A test whether a path matches one of ``patterns`` or lies in a folder that does.

    Paths are relative to the project root, with ``/``. What is no valid pattern matches nothing.
    """
    return GitIgnoreSpec(list(_compiled(patterns))).match_file


class IgnoreRules:
    """The lines of one ignore file, judged as Git does while it walks: each path by itself, not by its folders."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [
            (pattern.regex, bool(pattern.include))
            for pattern in _compiled(lines)
            if isinstance(pattern.regex, re.Pattern)
        ]
        self._rules.reverse()

    def verdict(self, path: str) -> bool | None:
        """True for ignored, False for included again, None for not mentioned. Folders end in ``/``."""
        return next((include for regex, include in self._rules if _names(regex, path)), None)


def _compiled(lines: Iterable[str]) -> Iterator[GitIgnoreSpecPattern]:
    for line in lines:
        try:
            yield GitIgnoreSpecPattern(line)
        except (ValueError, re.error):
            continue


def _names(regex: re.Pattern[str], path: str) -> bool:
    """Whether a pattern's expression means the path itself. It is made to match what lies in a matching folder too.

    Expressions that end at a name have a group there; that of ``folder/**`` has none and must not match the folder;
    those of ``*`` and ``*/`` are not anchored and mean everything and every folder.
    """
    match = regex.search(path)
    if match is None:
        return False
    if not regex.pattern.startswith("^"):
        return not regex.groups or path.endswith("/")
    if regex.groups:
        return match.end() == len(path)
    return regex.search(path.removesuffix("/")) is not None
