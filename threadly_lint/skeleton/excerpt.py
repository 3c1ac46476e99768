"""Those statements of a file in which something is found: nothing else of it has to be parsed."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from threadly_lint.skeleton.plain_code import Doubt, opened_brackets, plain_code

Lines = tuple[int, int]
"""A stretch of lines, from 0; the second one is the first that is no more part of it."""

_NO_START = frozenset(("", *" \t\f\\#)]}"))
_CLAUSE = re.compile(r"(?:elif|else|except|finally)\b")
_CLASS = re.compile(r"class\b")


def word(name: str) -> str:
    """A pattern for a name by itself. It begins with letters, because such patterns are searched much faster."""
    return rf"{name}\b(?<=\b{name})"


def excerpt(text: str, pattern: str) -> str:
    """A Python file in which those statements are left empty in which ``pattern`` is not found.

    Statements are those of the module and of its classes; a class keeps its header and at least one of its statements.
    The empty text when nothing is found. Raises ``Doubt`` where it takes a parser to tell statements apart.
    """
    found = _lines_with(pattern, text)
    return _Scissors(text, found).excerpt() if found else ""


def _lines_with(pattern: str, text: str) -> list[int]:
    """The lines in which matches begin, from 0."""
    found, line, counted = [], 0, 0
    for match in re.finditer(pattern, text):
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        found.append(line)
    return found


class _Scissors:
    """Knows the lines of a file, what they are without strings and comments, and in which of them something is found."""

    def __init__(self, text: str, found: list[int]) -> None:
        code = plain_code(text)
        if not code.isascii():
            raise Doubt
        self._lines = text.split("\n")
        self._code = code.split("\n")[1:]
        self._found = found

    def excerpt(self) -> str:
        kept = [""] * len(self._lines)
        for start, end in self._kept(0, len(self._lines), ""):
            kept[start:end] = self._lines[start:end]
        return "\n".join(kept)

    def _kept(self, start: int, end: int, indent: str) -> Iterator[Lines]:
        """What to keep of a block."""
        for statement in self._statements(start, end, indent):
            if self._is_found(*statement):
                yield from self._parts(*statement, indent)

    def _is_found(self, start: int, end: int) -> bool:
        position = bisect_left(self._found, start)
        return position < len(self._found) and self._found[position] < end

    def _statements(self, start: int, end: int, indent: str) -> Iterator[Lines]:
        """The statements of a block, each with its decorators and with what follows it until the next one."""
        starts = list(self._starts(start, end, indent))
        return zip(starts, [*starts[1:], end], strict=True)

    def _starts(self, start: int, end: int, indent: str) -> Iterator[int]:
        width, depth, checked, is_decorated = len(indent), 0, start, False
        for number in range(start, end):
            line = self._lines[number]
            if line[width : width + 1] in _NO_START or not line.startswith(indent):
                continue
            depth += self._opened(checked, number)
            checked = number
            if depth or self._is_continued(number):
                continue
            if not is_decorated and not _CLAUSE.match(line, width):
                yield number
            is_decorated = line[width] == "@"

    def _opened(self, start: int, end: int) -> int:
        code = "\n".join(self._code[start:end])
        return opened_brackets(code, 0, len(code))

    def _is_continued(self, number: int) -> bool:
        return number > 0 and self._code[number - 1].endswith("\\")

    def _parts(self, start: int, end: int, indent: str) -> Iterator[Lines]:
        """What to keep of a statement in which something is found."""
        body = self._body_of_class(start, end, len(indent))
        first = next((number for number in range(body, end) if self._code[number].strip()), end)
        if first == end:
            yield start, end
            return
        line = self._lines[first]
        inner = first, end, line[: len(line) - len(line.lstrip())]
        yield start, first
        yield from list(self._kept(*inner)) or [next(self._statements(*inner))]

    def _body_of_class(self, start: int, end: int, width: int) -> int:
        """The first line behind the header if a statement is a class with a body of its own, else ``end``."""
        header = next((number for number in range(start, end) if _CLASS.match(self._code[number], width)), end)
        for number in range(header, end):
            if not self._is_continued(number + 1) and not self._opened(header, number + 1):
                return number + 1 if self._code[number].rstrip().endswith(":") else end
        return end
