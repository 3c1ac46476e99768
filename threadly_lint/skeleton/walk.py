"""Moving about in a skeleton: children, walks, dotted names and the values of literals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from threadly_lint.skeleton import nodes
from threadly_lint.skeleton.nodes import Attribute, Constant, Expr, Name, Node, UnaryOp

_CLASSES = {name: item for name, item in vars(nodes).items() if isinstance(item, type) and issubclass(item, Node)}
_NODE_WORDS = {*_CLASSES, "Expr", "Stmt"}


def _reader(node_class: type[Node]) -> Callable[[Any], tuple[Any, ...]] | None:
    """Reads those fields of a node class that hold nodes, last one first; None when there are none."""
    annotations: dict[str, str] = node_class.__annotations__
    fields = [field for field, text in annotations.items() if _NODE_WORDS.intersection(re.findall(r"\w+", text))]
    if len(fields) == 1:
        read = attrgetter(fields[0])
        return lambda node: (read(node),)
    return attrgetter(*reversed(fields)) if fields else None


_READERS = {item: _reader(item) for item in _CLASSES.values()}


def walk(*roots: Node) -> Iterator[Node]:
    """Every node of the given trees, parents before children and children in the order of their fields."""
    pending: list[Any] = list(reversed(roots))
    while pending:
        node = pending.pop()
        if node is None:
            continue
        yield node
        read = _READERS[node.__class__]
        if read is not None:
            _push(read(node), pending)


def _push(values: tuple[Any, ...], pending: list[Any]) -> None:
    for value in values:
        if value.__class__ is tuple:
            pending.extend(reversed(value))
        else:
            pending.append(value)


def children(node: Node) -> list[Node]:
    """The nodes directly below ``node``, in the order of its fields."""
    read = _READERS[node.__class__]
    if read is None:
        return []
    found: list[Any] = []
    _push(read(node), found)
    return [child for child in reversed(found) if child is not None]


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


def leaf(expr: Node | None) -> str:
    """``c`` for ``a.b.c`` and ``c``, also where they are called; empty for anything else."""
    if isinstance(expr, nodes.Call):
        expr = expr.func
    return expr.attr if isinstance(expr, Attribute) else expr.id if isinstance(expr, Name) else ""


def constant(expr: Expr | None, default: object = None) -> object:
    """The Python value of a literal (a number with a sign counts), ``default`` for anything else."""
    if isinstance(expr, Constant):
        return _DECODERS[expr.kind](expr.value)
    if isinstance(expr, UnaryOp) and isinstance(expr.operand, Constant) and expr.op in "-+":
        value = _DECODERS[expr.operand.kind](expr.operand.value)
        if isinstance(value, int | float | complex):
            return -value if expr.op == "-" else value
    return default
