"""Parameters: which argument lands where, and what a parameter is when nobody says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.annotations import annotated
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

SPILL = "*"
OPEN = "**"


def only_keeps(function: Function) -> bool:
    """Whether a function does nothing but put names and literals into attributes: it is cheap for any arguments."""
    body = function.node.body
    return isinstance(body, tuple) and all(map(_keeps, body))


def _keeps(statement: n.Stmt) -> bool:
    if isinstance(statement, n.ExprStmt):
        return isinstance(statement.value, n.Constant)
    return isinstance(statement, n.Assign) and isinstance(statement.value, n.Name | n.Constant)


def bind_parameters(
    program: Program, func: t.Func, args: tuple[Value, ...], keywords: dict[str, Value], *, generic: bool
) -> dict[str, Value]:
    """The variables with which a function starts."""
    given = list((func.bound, *args) if func.bound else args)
    named = dict(keywords)
    spill, rest = named.pop(SPILL, ()), named.pop(OPEN, ())
    env: dict[str, Value] = {}
    scope = definition_scope(program, func.info)
    for param in func.info.params:
        if param.kind == "args":
            env[param.name] = _rest_of_args(given, spill, generic=generic)
            given = []
        elif param.kind == "kwargs":
            is_open = generic or bool(rest)
            env[param.name] = (Atom(t.Map(tuple(named.items()), is_open), t.tags_of(rest)),)
        elif given and param.kind != "keyword":
            env[param.name] = _typed(scope, param, given.pop(0))
        elif param.name in named:
            env[param.name] = _typed(scope, param, named.pop(param.name))
        else:
            env[param.name] = _missing(scope, param, spill if param.kind != "keyword" else (), rest, generic=generic)
    return {name: bounded(value) for name, value in env.items()}


def _rest_of_args(given: list[Value], spill: Value, *, generic: bool) -> Value:
    if spill or generic:
        return (Atom(t.Seq("tuple", None, t.join(*given, spill) or t.ANYTHING)),)
    return (Atom(t.Seq("tuple", tuple(given))),)


def _typed(scope: Activation, param: n.Parameter, value: Value) -> Value:
    """An argument of unknown type has the type that the parameter declares."""
    if param.annotation is None or not value or not all(isinstance(x.shape, t.Unknown) or t.is_none(x) for x in value):
        return value
    declared = tuple(x for x in annotated(scope, param.annotation) if not t.is_none(x))
    if not declared or all(isinstance(x.shape, t.Unknown) for x in declared):
        return value
    there = [x for x in value if not t.is_none(x)]
    kept = t.proven(t.tagged(declared, t.tags_of(value)), t.common_proof(there)) if there else ()
    return (*(x for x in value if t.is_none(x)), *kept)


def _missing(scope: Activation, param: n.Parameter, spill: Value, rest: Value, *, generic: bool) -> Value:
    from threadly_lint.program.interpreter.expressions import evaluate

    if spill:
        return _typed(scope, param, spill)
    if rest:
        return _typed(scope, param, t.unknown(t.tags_of(rest)))
    declared = annotated(scope, param.annotation) if param.annotation is not None else ()
    if param.default is None:
        return declared or t.ANYTHING
    scope.revive()
    default = evaluate(scope, param.default)
    if generic:
        return t.join(default, declared or t.ANYTHING)
    return default


def definition_scope(program: Program, function: Function) -> Activation:
    """The scope in which a function's annotations and defaults are evaluated."""
    if function.parent is not None:
        return Activation(program, function.parent, dict(program.final_variables(function.parent)))
    if function.owner is not None:
        return Activation(program, function.module.body, {}, class_scope=function.owner)
    body = program.bindings.body(function.module)
    body.revive()
    return body
