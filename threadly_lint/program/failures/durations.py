"""Durations that are measured with the clock on the wall, which can be set while they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.entry.registrations import scope_in
from threadly_lint.program.failures.swallowing import own_nodes
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

READING_NAMES = frozenset({"time", "now", "utcnow"})
CLOCKS = {
    "time.time": "time.time()",
    "datetime.datetime.now": "datetime.now()",
    "datetime.datetime.utcnow": "datetime.utcnow()",
    "django.utils.timezone.now": "timezone.now()",
}


@dataclass(frozen=True, eq=False)
class Duration:
    """The difference of two readings of ``clock`` in one function."""

    function: Function
    span: Span
    clock: str

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def wall_clock_durations(program: Program, function: Function) -> Iterator[Duration]:
    """Differences whose both sides are readings of this very function; what is stored or handed in is a timestamp."""
    body = function.node.body
    nodes = list(own_nodes(body)) if isinstance(body, tuple) else []
    differences = [x for x in nodes if isinstance(x, n.BinOp) and x.op == "-"]
    if not differences or not any(_may_read(x) for x in nodes):
        return
    readings = _readings(program, function, nodes)
    for node in sorted(differences, key=lambda x: x.span):
        later, earlier = (_clock(program, function, side, readings) for side in (node.left, node.right))
        if later and earlier and later == earlier:
            yield Duration(function, Span(*node.span), later)


def _may_read(node: n.Node) -> bool:
    if not isinstance(node, n.Call):
        return False
    name = (
        node.func.attr if isinstance(node.func, n.Attribute) else node.func.id if isinstance(node.func, n.Name) else ""
    )
    return name in READING_NAMES


def _readings(program: Program, function: Function, nodes: list[n.Node]) -> dict[str, str]:
    """Local names that only ever hold a reading of one clock."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, n.Assign) and node.value is not None:
            for target in node.targets:
                if isinstance(target, n.Name):
                    found.setdefault(target.id, set()).add(_clock(program, function, node.value, {}))
    return {name: next(iter(clocks)) for name, clocks in found.items() if len(clocks) == 1}


def _clock(program: Program, function: Function, expr: n.Expr, readings: dict[str, str]) -> str:
    """The clock that an expression reads, directly or through a local name; empty when it is none."""
    if isinstance(expr, n.Name):
        return readings.get(expr.id, "")
    if not isinstance(expr, n.Call) or not _may_read(expr):
        return ""
    scope = scope_in(program, function.module, None)
    names = [
        x.shape.name if isinstance(x.shape, t.Lib) else getattr(x.shape, "owner", "")
        for x in evaluate(scope, expr.func)
    ]
    return next((CLOCKS[name] for name in names if name in CLOCKS), "") if dotted(expr.func) else ""
