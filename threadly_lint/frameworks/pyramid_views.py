"""How Pyramid calls views and tweens, and what their request holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.frameworks.requests import request
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node
from threadly_lint.program.entry.paths import path_mapping
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value, construct
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Function

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

REQUEST = "pyramid.request.Request"
CONTEXT: Value = t.ANYTHING


def request_value(program: Program, methods: dict[str, Value], method: str, path: str) -> Value:
    """A request for one route, with the attributes that the project adds to requests."""
    plain = request(REQUEST, method, path, matchdict=path_mapping(path))
    added = {name: value for name, func in methods.items() if (value := _added(program, func, plain))}
    return request(REQUEST, method, path, matchdict=path_mapping(path), **added)


def _added(program: Program, func: Value, plain: Value) -> Value:
    """What a request method with ``reify`` or ``property`` gives."""
    return t.join(*(program.run(x.shape, (plain,), {}).value for x in func if isinstance(x.shape, t.Func)))


def view_call(program: Program, view: Atom, attr: str, function: Function, request: Value) -> Rest:
    """``view(request)``, ``view(context, request)``, or a method of a class that is made of either."""

    def call(a: Activation) -> Value:
        node = handler_node(function)
        shape = view.shape
        if not isinstance(shape, t.ClassRef):
            return call_value(a, (view,), _given(function, request, 0), {}, node)
        init = program.hierarchy.constructor(shape.info)
        given = _given(init, request, 1) if init is not None else (request,)
        instance = construct(a, shape.info, given, {}, node)
        return (
            call_value(a, attribute(a, instance, attr or "__call__", node), (), {}, node) if a.state is not None else ()
        )

    return call


def _given(function: Function, request: Value, skip: int) -> tuple[Value, ...]:
    places = [p for p in function.params[skip:] if p.kind in ("normal", "positional") and p.default is None]
    return (CONTEXT, request) if len(places) > 1 else (request,)


def tween_step(factory: Value, request: Value) -> Step:
    """``factory(handler, registry)`` gives what is called around everything inside."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        known = tuple(x for x in factory if isinstance(x.shape, t.Func | t.ClassRef))
        if not known:
            return rest(a)
        tween = call_value(a, known, ((Atom(t.Rest(rest)),), t.ANYTHING), {}, node)
        return call_value(a, tween, (request,), {}, node) if a.state is not None else ()

    return step
