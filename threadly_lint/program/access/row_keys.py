"""Rows whose key is handed on, in a session for instance."""

from __future__ import annotations

from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.skeleton import nodes as n

CONVERSIONS = frozenset({"int", "repr", "str"})


def model_of_key(a: Activation, statement: n.Node) -> str:
    """The model of which ``x = row.id`` takes an attribute, as it stands or converted; empty when it does nothing of the kind."""
    value = statement.value if isinstance(statement, n.Assign) else None
    if isinstance(value, n.Call) and isinstance(value.func, n.Name) and value.func.id in CONVERSIONS and value.args:
        value = value.args[0]
    if not isinstance(value, n.Attribute) or not isinstance(value.value, n.Name):
        return ""
    return a.program.models.name_in(evaluate(a, value.value))
