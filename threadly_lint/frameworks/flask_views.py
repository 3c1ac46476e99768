"""Class views of Flask and of what builds on it: one entry point for each method, behind the decorators that the class declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.requests import served_by_method
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, handler_node
from threadly_lint.program.entry.paths import path_parameters
from threadly_lint.program.entry.registrations import handler_behind
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.containers import fixed_items
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.wrappers import behind
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
DISPATCH = "dispatch_request"
VIEW, METHOD_VIEW = "flask.views.View", "flask.views.MethodView"

Mounting = Callable[[Rest], Iterable[Mount]]
"""Gives the mounts of a view, each with the call of the handler as it is reached there."""


def view_endpoints(
    program: Program,
    info: Class,
    framework: str,
    path: str,
    mounting: Mounting,
    methods: tuple[str, ...] = (),
    router: Atom | None = None,
) -> Iterator[EntryPoint]:
    """An entry point for each HTTP method that a class answers; ``methods`` are those of a view that dispatches by itself."""
    for name in _answering(program, info):
        owner, value = program.hierarchy.class_attribute(info, name)
        function = handler_behind(value)
        if owner is None or function is None or function.module.is_sketch:
            continue
        verbs = (methods or ("GET",)) if name == DISPATCH else (name.upper(),)
        call = view_call(program, info, name, path, function)
        yield EntryPoint(
            program, "http", framework, function, call, verbs,
            tuple(served_by_method(mount, verbs) for mount in mounting(call)), group=info.symbol, router=router,
        )  # fmt: skip


def _answering(program: Program, info: Class) -> tuple[str, ...]:
    found = tuple(verb for verb in VERBS if program.hierarchy.class_attribute(info, verb)[0] is not None)
    return found or (DISPATCH,)


def view_call(
    program: Program, info: Class, name: str, path: str, function: Function, around: Iterable[Value] = ()
) -> Rest:
    """Call the view as Flask does: ``around`` (innermost first), the class's decorators, ``dispatch_request``, the method."""
    keywords = path_parameters(path, function, 1)

    def call(a: Activation) -> Value:
        view = _behind_class(program, info, name)
        scope, node = _class_scope(program, info)
        for decorator in around:
            view = behind(scope, decorator, view, node)
        return call_value(a, view, (), keywords, handler_node(function))

    return call


def _class_scope(program: Program, info: Class) -> tuple[Activation, n.Expr]:
    return Activation(program, info.module.body, {}), n.Name(info.node.name_span, info.name)


def _behind_class(program: Program, info: Class, name: str) -> Value:
    """A method behind ``method_decorators``, what the class does on the way to it, and ``decorators``."""
    scope, node = _class_scope(program, info)
    view = attribute(scope, (Atom(t.Inst(info)),), name, node)
    for decorator in declared_decorators(program, info, "method_decorators", name):
        view = behind(scope, decorator, view, node)
    dispatching, _ = program.hierarchy.class_attribute(info, DISPATCH)
    if name != DISPATCH and dispatching is not None and not dispatching.module.is_sketch:
        view = attribute(scope, (Atom(t.Inst(info, (), ((".answer", view),))),), DISPATCH, node)
    for decorator in declared_decorators(program, info, "decorators", name):
        view = behind(scope, decorator, view, node)
    return view


def declared_decorators(program: Program, info: Class, attribute_name: str, method: str) -> Iterator[Value]:
    """The decorators that a class lists, innermost first; a mapping lists them by method."""
    _, declared = program.hierarchy.class_attribute(info, attribute_name)
    by_method = [dict(x.shape.entries).get(method, ()) if isinstance(x.shape, t.Map) else (x,) for x in declared]
    yield from decorators_in(t.join(*by_method))


def decorators_in(declared: Value) -> Iterator[Value]:
    """The members of a list of decorators; a list that cannot be seen is one decorator that cannot be seen."""
    given = t.keep(declared, lambda x: not t.is_none(x))
    items = fixed_items(given)
    if items is not None:
        yield from items
    elif given:
        yield given
