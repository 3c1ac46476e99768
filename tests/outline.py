"""Skeletons as short text, for tests that compare structure."""

from __future__ import annotations

import ast

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.nodes import Assign, Expr, Node, Skeleton


def outline(value: object) -> str:
    """A node as its class and fields without places, a tuple of nodes in brackets."""
    if isinstance(value, Node):
        fields = [getattr(value, name) for name in value.__struct_fields__ if not name.endswith("span")]
        return f"{type(value).__name__}({', '.join(map(outline, fields))})"
    if isinstance(value, tuple):
        return f"[{', '.join(map(outline, value))}]"
    return repr(value)


def skeleton_of(text: str) -> Skeleton:
    """The skeleton of valid source."""
    skeleton = build_skeleton(text.encode(), "x.py")
    assert not skeleton.problem
    return skeleton


def source_at(text: str, span: tuple[int, int, int, int]) -> str:
    """The source under a span."""
    line, column, end_line, end_column = span
    lines = text.split("\n")[line - 1 : end_line]
    lines[-1] = lines[-1][: end_column - 1]
    return "\n".join([lines[0][column - 1 :], *lines[1:]])


def assigned(source: str) -> Expr:
    """The skeleton of an expression."""
    (statement,) = skeleton_of(f"x = {source}").body
    assert isinstance(statement, Assign)
    assert statement.value is not None
    return statement.value


def place(node: ast.AST, lines: list[bytes]) -> tuple[str, int, int, int, int]:
    """The class and the span of an ``ast`` node, in characters."""
    line, end_line = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    start = len(lines[line - 1][: getattr(node, "col_offset", 0)].decode()) + 1
    end = len(lines[end_line - 1][: getattr(node, "end_col_offset", 0)].decode()) + 1
    return (type(node).__name__, line, start, end_line, end)
