"""A file parsed by LibCST, with every node's place in the text, and the splices that change that text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, pairwise
from typing import TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from msgspec import Struct

from threadly_lint.fixing.source import Refusal
from threadly_lint.values import Span

_Node = TypeVar("_Node", bound=cst.CSTNode)
_LINE_END = re.compile(r"\r\n|\r|\n")


class Splice(Struct, frozen=True, order=True):
    """Put ``text`` in place of the characters from ``start`` up to ``end`` (offsets, ``end`` not included)."""

    start: int
    end: int
    text: str


def splices_conflict(splices: Iterable[Splice]) -> bool:
    """Whether two of the splices touch the same characters, or insert at the same place."""
    ordered = sorted(splices)
    return any(right.start < left.end or (right.start == right.end == left.start) for left, right in pairwise(ordered))


def splice(text: str, splices: Iterable[Splice]) -> str:
    """``text`` with all splices carried out; they must not conflict."""
    for one in sorted(splices, reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


class Parsed:
    """Text, tree and places. Raises Refusal when LibCST cannot read the text or would not reproduce it exactly."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            module = cst.parse_module(text)
        except cst.ParserSyntaxError as error:
            raise Refusal(f"the file cannot be parsed: {error.message}") from None
        except RecursionError:
            raise Refusal("the file is nested too deeply") from None
        if module.code != text:
            raise Refusal("the file holds characters that LibCST does not reproduce, such as form feeds")
        self.wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = self.wrapper.module
        self.newline = module.default_newline
        self.indentation = module.default_indent
        self._line_starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    @cached_property
    def _positions(self) -> dict[cst.CSTNode, tuple[int, int]]:
        ranges = self.wrapper.resolve(PositionProvider)
        return {
            node: (
                self.offset(place.start.line, place.start.column + 1),
                self.offset(place.end.line, place.end.column + 1),
            )
            for node, place in ranges.items()
        }

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column; the end of the text for a line behind the last."""
        return self._line_starts[line - 1] + column - 1 if line <= len(self._line_starts) else len(self.text)

    def start(self, node: cst.CSTNode) -> int:
        """The offset of the first character of ``node``, its own parentheses left out."""
        return self._positions[node][0]

    def end(self, node: cst.CSTNode) -> int:
        """The offset after the last character of ``node``, its own parentheses left out."""
        return self._positions[node][1]

    def line(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect_right(self._line_starts, offset)

    def line_start(self, offset: int) -> int:
        """The offset at which the line of ``offset`` begins."""
        return self._line_starts[self.line(offset) - 1]

    def line_end(self, offset: int) -> int:
        """The offset after the last character of the line of ``offset``, its line end left out."""
        match = _LINE_END.search(self.text, offset)
        return match.start() if match else len(self.text)

    def next_line(self, offset: int) -> int:
        """The offset at which the line after that of ``offset`` begins, or the end of the text."""
        match = _LINE_END.search(self.text, offset)
        return match.end() if match else len(self.text)

    def indent(self, offset: int) -> str:
        """The blanks at the beginning of the line of ``offset``."""
        start = self.line_start(offset)
        match = re.compile(r"[ \t]*").match(self.text, start)
        return match[0] if match else ""

    def begins_line(self, offset: int) -> bool:
        """Whether only blanks stand before ``offset`` in its line."""
        return not self.text[self.line_start(offset) : offset].strip(" \t")

    def at(self, span: Span, kind: type[_Node]) -> _Node | None:
        """The node of a kind that covers exactly ``span``, its own parentheses left out."""
        wanted = (self.offset(span.line, span.column), self.offset(span.end_line, span.end_column))
        return next((node for node in self.nodes(kind) if self._positions[node] == wanted), None)

    def nodes(self, kind: type[_Node]) -> Iterator[_Node]:
        """All nodes of a kind, in no particular order."""
        return (node for node in self._positions if isinstance(node, kind))

    def statement_start(self, statement: cst.CSTNode) -> int:
        """The offset at which a statement begins, its decorators included."""
        decorators = statement.decorators if isinstance(statement, cst.FunctionDef | cst.ClassDef) else ()
        return self.start(decorators[0] if decorators else statement)

    def definition(self, line: int) -> cst.FunctionDef | cst.ClassDef | None:
        """The function or class whose ``def`` or ``class`` stands in ``line``."""
        found: Iterator[cst.FunctionDef | cst.ClassDef] = chain(self.nodes(cst.FunctionDef), self.nodes(cst.ClassDef))
        return next((node for node in found if self.line(self.start(node)) == line), None)

    def is_free_of_comments(self, start: int, end: int) -> bool:
        """Whether the stretch holds no comment, told by the tree rather than by looking for ``#``."""
        return not any(start <= self.start(comment) < end for comment in self.nodes(cst.Comment))
