"""What finding a row tells about the data that selected it: it is one of those that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.interpreter.activation import Activation
    from threadly_lint.program.interpreter.libraries import Call

LOOK_UPS = frozenset({"read", "read-or-write", "build-read", "query"})
SELECTING = frozenset("aget aget_or_404 filter filter_by get get_object_or_404 get_or_404 where".split())


def selected_by(a: Activation, call: Call) -> Iterator[tuple[n.Expr, Value]]:
    """Expressions (with their values) to which a look-up wants something of the row to be equal."""
    node = call.node
    leaf = call.name.rpartition(".")[2]
    if leaf not in SELECTING or not isinstance(node, n.Call) or a.knowledge.fact(call.name, *LOOK_UPS) is None:
        return
    for keyword in node.keywords:
        if keyword.name is not None and is_exact(keyword.name) and keyword.name in call.keywords:
            yield keyword.value, call.keywords[keyword.name]
    for expr, value in zip(node.args, call.args, strict=False):
        if isinstance(expr, n.Compare) and expr.ops == ("==",):
            yield expr.comparators[0], _at(a, expr.comparators[0])
        elif leaf == "get" and expr is node.args[-1]:
            yield expr, value


def is_exact(look_up: str) -> bool:
    """Whether a keyword of a filter asks for equality (``name``, ``name__exact``, not ``name__contains``)."""
    return "__" not in look_up or look_up.endswith(("__exact", "__iexact"))


def must_exist(a: Activation, call: Call, value: Value) -> bool:
    """Whether a look-up that returns has found its row."""
    is_row = bool(value) and all(isinstance(x.shape, t.Inst) for x in value)
    return is_row and a.knowledge.fact(call.name, "read") is not None


def _at(a: Activation, expr: n.Expr) -> Value:
    from threadly_lint.program.interpreter.checks import place_of

    place = place_of(expr)
    return a.state.env.get(place, ()) if a.state is not None and place is not None else ()
