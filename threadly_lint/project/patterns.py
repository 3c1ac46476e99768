"""Path patterns as ``.gitignore`` spells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


def compile_patterns(lines: Iterable[str]) -> GitIgnoreSpec:
    """The patterns of ``lines``. As in Git, a line that is no valid pattern matches nothing."""
    return GitIgnoreSpec(list(_patterns(lines)))


def path_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A test whether a path (relative to the project root, with ``/``) matches one of ``patterns``."""
    return compile_patterns(patterns).match_file


def _patterns(lines: Iterable[str]) -> Iterator[GitIgnoreSpecPattern]:
    for line in lines:
        try:
            yield GitIgnoreSpecPattern(line)
        except (ValueError, re.error):
            continue
