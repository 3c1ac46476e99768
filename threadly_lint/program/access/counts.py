"""Reads that show no row: numbers, and probes whose result nobody looks at."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

NUMBERS = frozenset({"float", "int"})
DROPPED = "_"


def shows_no_row(occurrence: Occurrence) -> bool:
    """Whether what a read gives is a count or the like, or is dropped at once."""
    event = occurrence.event
    if event.effect != "read":
        return False
    given = [atom for atom in event.value if not t.is_none(atom)]
    return bool(given and all(map(_is_number, given))) or _is_dropped(event.function, event.node)


def _is_number(atom: t.Atom) -> bool:
    shape = atom.shape
    return (isinstance(shape, t.Obj) and shape.name in NUMBERS) or (
        isinstance(shape, t.Const) and shape.kind in NUMBERS
    )


def _is_dropped(function: Function, node: n.Node) -> bool:
    """Whether an expression goes to ``_``."""
    body = function.node.body if isinstance(function.node, n.Function) else ()
    return any(x.value is node and all(map(_is_nowhere, x.targets)) for x in walk(*body) if isinstance(x, n.Assign))


def _is_nowhere(target: n.Expr) -> bool:
    return isinstance(target, n.Name) and target.id == DROPPED
