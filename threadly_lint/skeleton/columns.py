"""Columns: ``ast`` counts UTF-8 bytes of the text that it parsed, people and editors count characters of the file."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Move(NamedTuple):
    """Part of a line that was rewritten before it was parsed: 0-based character columns before and after."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def use_file_columns(tree: ast.AST, lines: Sequence[str], moves: Mapping[int, Sequence[Move]]) -> None:
    """Turn the columns of all nodes from bytes of the parsed ``lines`` into characters of the file, still 0-based."""
    numbers = [number for number, line in enumerate(lines, 1) if number in moves or not line.isascii()]
    encoded = {number: lines[number - 1].encode() for number in numbers}

    def column(line: int, offset: int, is_end: bool) -> int:
        if line not in encoded:
            return offset
        characters = len(encoded[line][:offset].decode("utf-8", "replace"))
        return _before_moves(characters, moves.get(line, ()), is_end)

    pending: list[Any] = [tree]
    while pending:
        for node in ast.iter_child_nodes(pending.pop()):
            if not hasattr(node, "lineno"):
                pending.append(node)
            elif _touches(node, numbers):
                place: Any = node
                place.col_offset = column(place.lineno, place.col_offset, False)
                place.end_col_offset = column(place.end_lineno, place.end_col_offset, True)
                pending.append(node)


def _before_moves(column: int, moves: Sequence[Move], is_end: bool) -> int:
    """The column in the file of one in the rewritten line; inside a rewritten part it is the part's start.

    Where something was removed, what ends there ended before it, and what starts there started after it.
    """
    shift = 0
    for move in moves:
        if column < move.new_start or (is_end and column == move.new_start):
            break
        if column < move.new_end:
            return move.old_start
        shift = move.old_end - move.new_end
    return column + shift


def _touches(node: Any, numbers: Sequence[int]) -> bool:
    """Whether one of the numbered lines lies within the node; decorators stand before a definition's own first line."""
    first = min([node.lineno, *[decorator.lineno for decorator in getattr(node, "decorator_list", ())]])
    index = bisect_left(numbers, first)
    return index < len(numbers) and numbers[index] <= node.end_lineno
