"""Changes as unified diffs that ``git apply`` and ``patch`` understand."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff


def render_diff(path: str, old: str, new: str) -> str:
    """The diff from ``old`` to ``new`` text of a file; ``path`` is printed as it is."""
    lines = unified_diff(list(_lines(old)), list(_lines(new)), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> Iterator[str]:
    """Lines as diff tools count them: only a line feed ends one."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
