"""From a file's bytes to its skeleton: decode, parse, reduce, find directives. Nothing here raises or reads a file."""

from __future__ import annotations

from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.directives import find_directives
from threadly_lint.skeleton.expressions import TooDeep
from threadly_lint.skeleton.nodes import NOWHERE, Skeleton, Span
from threadly_lint.skeleton.parse import parse
from threadly_lint.skeleton.statements import Statements


def build_skeleton(data: bytes, path: str) -> Skeleton:
    """The skeleton of one Python file's bytes. Never raises: what is wrong with the file is ``Skeleton.problem``."""
    try:
        text = decode(data)
    except Unreadable as error:
        return Skeleton((), _count_lines(data), problem=error.message, problem_span=error.span)
    lines = text.split("\n")
    directives = find_directives(text)
    count = len(lines) - (not lines[-1])
    try:
        tree, newer_syntax = parse(text)
        return Skeleton(Statements(lines).module(tree), count, directives, newer_syntax=newer_syntax)
    except SyntaxError as error:
        return Skeleton((), count, directives, f"syntax error: {error.msg}", _place(error, lines))
    except TooDeep as error:
        return Skeleton((), count, directives, "nested too deeply to be analysed", error.span)
    except (RecursionError, MemoryError):
        return Skeleton((), count, directives, "nested too deeply to be analysed", NOWHERE)
    except ValueError as error:
        return Skeleton((), count, directives, f"cannot be parsed: {error}", NOWHERE)


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _place(error: SyntaxError, lines: list[str]) -> Span:
    """Where a syntax error is, inside the file in any case."""
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
    return (line, column, line, column)
