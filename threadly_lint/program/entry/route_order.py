"""Decorators above the one that registers a handler: what they return is never served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.calls import OPEN, SPILL, call_value
from threadly_lint.program.interpreter.expressions import captured_by
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.wrappers import decorate
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint


def misplaced_guards(endpoint: EntryPoint) -> tuple[int, ...]:
    """Indexes of decorators above the registering one behind which the handler would be guarded."""
    decorators = endpoint.function.decorators
    if endpoint.registered_by not in decorators:
        return ()
    above = decorators[: decorators.index(endpoint.registered_by)]
    return tuple(i for i, decorator in enumerate(above) if guards(endpoint, decorator))


def guards(endpoint: EntryPoint, decorator: n.Expr) -> bool:
    """Whether the handler behind this one decorator is entered by authenticated callers only."""
    from threadly_lint.program.entry.entry_points import handler_node, proofs_at

    function = endpoint.function
    scope = definition_scope(endpoint.program, function)
    value: Value = (Atom(t.Func(function, (), captured_by(scope, function))),)
    a = Activation(endpoint.program, function, {})
    arguments = {SPILL: t.ANYTHING, OPEN: t.ANYTHING}
    call_value(a, decorate(scope, decorator, value), (), arguments, handler_node(function))
    proof = min(proofs_at(outcome_of(a, is_generator_object=False), function), key=len, default=None)
    return bool(proof) and any(g.strength != "unknown" for g in proof or ())
