"""Columns: ``ast`` counts UTF-8 bytes, people and editors count characters."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import Any


def count_characters(tree: ast.AST, lines: list[str]) -> None:
    """Rewrite the columns of all nodes from 0-based bytes to 0-based characters, where a line is not plain ASCII."""
    encoded = {number: line.encode() for number, line in enumerate(lines, 1) if not line.isascii()}
    numbers = list(encoded)
    pending: list[Any] = [tree]
    while pending:
        for node in ast.iter_child_nodes(pending.pop()):
            if hasattr(node, "lineno"):
                place: Any = node
                if place.lineno in encoded:
                    place.col_offset = len(encoded[place.lineno][: place.col_offset].decode("utf-8", "replace"))
                if place.end_lineno in encoded:
                    place.end_col_offset = len(encoded[place.end_lineno][: place.end_col_offset].decode("utf-8", "replace"))
            if _touches(node, numbers):
                pending.append(node)


def _touches(node: Any, numbers: list[int]) -> bool:
    """Whether one of the numbered lines lies within the node; decorators stand before a definition's own first line."""
    if not hasattr(node, "lineno"):
        return True
    first = min([node.lineno, *[decorator.lineno for decorator in getattr(node, "decorator_list", ())]])
    index = bisect_left(numbers, first)
    return index < len(numbers) and numbers[index] <= node.end_lineno
