"""Moving about in a skeleton: children, walks, dotted names and the values of literals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import cast

from threadly_lint.skeleton import nodes
from threadly_lint.skeleton.nodes import Attribute, Constant, Expr, Name, Node, UnaryOp

_CLASSES = {name: item for name, item in vars(nodes).items() if isinstance(item, type) and issubclass(item, Node)}
_NODE_WORDS = {*_CLASSES, "Expr", "Stmt"}


def _fields(node_class: type[Node]) -> list[str]:
    """The fields of a node class that hold nodes, in order."""
    annotations: dict[str, str] = node_class.__annotations__
    return [field for field, text in annotations.items() if _NODE_WORDS.intersection(re.findall(r"\w+", text))]


def _getter(fields: list[str]) -> Callable[[Node], object]:
    return attrgetter(*fields) if fields else lambda node: ()


_GETTERS = {item: _getter(_fields(item)) for item in _CLASSES.values()}


def children(node: Node) -> list[Node]:
    """The nodes directly below ``node``, in the order of its fields."""
    found: list[Node] = []
    pending = [_GETTERS[node.__class__](node)]
    for value in pending:
        if value.__class__ is not tuple:
            if value is not None:
                found.append(cast(Node, value))
            continue
        for item in cast(tuple[object, ...], value):
            if item.__class__ is tuple:
                found.extend(child for child in cast(tuple[Node | None, ...], item) if child is not None)
            elif item is not None:
                found.append(cast(Node, item))
    return found


def walk(*roots: Node) -> Iterator[Node]:
    """Every node of the given trees, parents before children, each tree in source order of its fields."""
    pending = list(reversed(roots))
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def dotted(expr: Node | None) -> str | None:
    """``a.b.c`` for a chain of attributes on a name, None for anything else."""
    if isinstance(expr, Name):
        return expr.id
    names: list[str] = []
    while isinstance(expr, Attribute):
        names.append(expr.attr)
        expr = expr.value
    if not names or not isinstance(expr, Name):
        return None
    names.append(expr.id)
    return ".".join(reversed(names))


_DECODERS: dict[str, Callable[[str], object]] = {
    "str": str,
    "bytes": lambda text: text.encode("latin-1"),
    "int": lambda text: int(text, 0),
    "float": float,
    "complex": complex,
    "bool": lambda text: text == "True",
    "None": lambda text: None,
    "...": lambda text: ...,
}


def constant(expr: Expr | None, default: object = None) -> object:
    """The Python value of a literal (a number with a sign counts), ``default`` for anything else."""
    if isinstance(expr, Constant):
        return _DECODERS[expr.kind](expr.value)
    if isinstance(expr, UnaryOp) and isinstance(expr.operand, Constant) and expr.op in "-+":
        value = _DECODERS[expr.operand.kind](expr.operand.value)
        if isinstance(value, int | float | complex):
            return -value if expr.op == "-" else value
    return default
