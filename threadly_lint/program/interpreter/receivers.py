"""Which unknown receivers are worth asking astroid about, and what its answers are as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.knowledge import TypeExpression
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.interpreter.activation import Activation
    from threadly_lint.program.program import Program


def inferred_receiver(a: Activation, name: str, node: n.Expr) -> Value:
    """The instance on which ``node`` takes the method ``name``; empty unless it matters and astroid knows its class.

    It matters where the method of some library has an effect and an entry point gets there.
    """
    inference = a.program.inference
    if inference is None or not a.program.runner.asks or a.module.is_sketch:
        return ()
    if not isinstance(node, n.Attribute) or node.attr != name or name not in inference.methods:
        return ()
    answer = inference.receiver(a.module.path, node.value.span)
    return _instance(a.program, *answer) if answer is not None else ()


def _instance(program: Program, path: str, name: str) -> Value:
    if path:
        return tuple(Atom(t.Inst(c)) for c in program.modules[path].classes() if c.symbol == name)
    known = program.knowledge.class_of(name)
    return program.libraries.typed(TypeExpression(known.name)) if known is not None else ()
