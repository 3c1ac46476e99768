"""aiohttp: routes in all their forms, class views, middlewares old and new, nested applications, application keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.asgi import library_step
from threadly_lint.frameworks.nesting import Nesting, Way
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import request
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node, is_entered
from threadly_lint.program.entry.paths import join_paths, path_mapping
from threadly_lint.program.entry.registrations import (
    class_registrations,
    decorator_registrations,
    handler_behind,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    registered_value,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry.registrations import Registration
    from threadly_lint.program.program import Program

APPLICATION, TABLE, REQUEST = "aiohttp.web.Application", "aiohttp.web.RouteTableDef", "aiohttp.web.Request"
RESOURCE = "aiohttp.web.UrlDispatcher.add_resource"
VIEW = "aiohttp.web.View"
DISPATCH = ("__await__", "__iter__", "_iter")
VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
ADDING = frozenset({*(f"add_{verb}" for verb in VERBS), "add_route", "add_view", "add_routes"})
DEFINING = frozenset({*VERBS, "route", "view"})
SIGNALS = frozenset({"on_startup", "on_cleanup", "on_shutdown", "cleanup_ctx"})

Calling = Callable[[Value], Rest]


class Route(NamedTuple):
    """One route as registered; ``owner`` is the application or the route table."""

    owner: Atom
    method: str
    path: str
    handler: Value
    conditional: bool = False
    registered_by: n.Expr | None = None


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every handler, with one mount for each route and each way from an outermost application to it."""
    if not imports(program, "aiohttp"):
        return
    site = Site(program)
    yield from merged(
        entry for route in site.routes() for atom in route.handler for entry in site.endpoints(route, atom)
    )


class Site:
    """All applications and route tables of a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nesting = Nesting()
        self._middlewares: dict[object, tuple[Step, ...]] = {}
        self._run_signals()
        for registration in performed(program, frozenset({"add_subapp", "add_domain"})):
            self._nest(registration)

    def _is_application(self, atom: Atom | None) -> bool:
        return atom is not None and is_library(self.program, atom, APPLICATION)

    def _nest(self, registration: Registration) -> None:
        parent = registration.receiver
        prefix = (
            ""
            if registration.name.endswith("add_domain")
            else next(iter(texts_of(registration.argument(0, "prefix"))), "")
        )
        for child in registration.argument(1, "subapp"):
            if parent is not None and self._is_application(parent) and self._is_application(child):
                self.nesting.add(parent, child, prefix, registration.conditional)

    def _run_signals(self) -> None:
        """Start-up code fills the application's keys (``app["db"] = ...``): run it with an application."""
        for registration in _appended(self.program, SIGNALS, "aiohttp.web.Signal"):
            scope = registration.scope
            for item in items_of(registration.argument(0)):
                scope.revive()
                call_value(scope, item, (t.obj(APPLICATION),), {}, registration.node)

    # Routes

    def routes(self) -> Iterator[Route]:
        """Routes of applications and, through them, of route tables."""
        for registration in performed(self.program, ADDING):
            receiver = registration.receiver
            if self._is_application(receiver):
                yield from self._added(registration)
            elif receiver is not None and isinstance(receiver.shape, t.Obj) and receiver.shape.name == RESOURCE:
                yield from self._on_resource(registration, receiver)
        yield from self._decorated()

    def _added(self, registration: Registration) -> Iterator[Route]:
        owner, leaf = registration.receiver, registration.name.rpartition(".")[2]
        assert owner is not None
        if leaf == "add_routes":
            for item in items_of(registration.argument(0, "routes")):
                yield from self._defined(owner, item, registration.conditional)
        elif leaf == "add_route":
            yield from _route(owner, registration, 0)
        else:
            yield from _route(owner, registration, -1, "" if leaf == "add_view" else leaf.removeprefix("add_").upper())

    def _defined(self, owner: Atom, item: Value, conditional: bool) -> Iterator[Route]:
        """One member of ``add_routes([...])``: a definition made by ``web.get(...)``, or a route table."""
        for atom in item:
            shape = atom.shape
            if not isinstance(shape, t.Obj):
                continue
            if shape.name == TABLE:
                self.nesting.add(owner, atom, "", conditional)
            elif shape.name.startswith("aiohttp.web.") and shape.made is not None:
                leaf = shape.name.rpartition(".")[2]
                first = 1 if leaf == "route" else 0
                args = shape.made.args
                method = (
                    next(iter(texts_of(args[0])), "")
                    if leaf == "route" and args
                    else leaf.upper()
                    if leaf in VERBS
                    else ""
                )
                if len(args) > first + 1 or shape.made.keyword("handler"):
                    path = next(iter(texts_of(args[first] if len(args) > first else shape.made.keyword("path"))), "")
                    handler = args[first + 1] if len(args) > first + 1 else shape.made.keyword("handler")
                    yield Route(owner, method, path, handler, conditional)

    def _on_resource(self, registration: Registration, resource: Atom) -> Iterator[Route]:
        """``app.router.add_resource(path).add_route(method, handler)``."""
        owner = next(
            (r.receiver for r in performed(self.program, frozenset({"add_resource"})) if _made(r, resource)), None
        )
        path = next(iter(texts_of(made_with(resource, "path", 0))), "")
        method = next(iter(texts_of(registration.argument(0, "method"))), "")
        if owner is not None:
            yield Route(owner, method, path, registration.argument(1, "handler"), registration.conditional)

    def _decorated(self) -> Iterator[Route]:
        """``@routes.get(path)`` on functions and ``@routes.view(path)`` on classes."""
        for registration in decorator_registrations(self.program, DEFINING):
            table = registration.receiver
            if table is not None and is_library(self.program, table, TABLE) and registration.function is not None:
                handler = registered_value(self.program, registration)
                leaf = registration.name.rpartition(".")[2]
                method = leaf.upper() if leaf in VERBS else ""
                yield Route(table, method, _path(registration), handler, registered_by=registration.node)
        for info, registration in class_registrations(self.program, frozenset({"view"})):
            if registration.receiver is not None and is_library(self.program, registration.receiver, TABLE):
                yield Route(registration.receiver, "", _path(registration), (Atom(t.ClassRef(info)),))

    # Endpoints

    def endpoints(self, route: Route, atom: Atom) -> Iterator[EntryPoint]:
        """The entry points of one route's handler: a function, or each method of a class view."""
        if isinstance(atom.shape, t.ClassRef):
            yield from self._view(route, atom.shape.info)
            return
        function = handler_behind((atom,))
        if function is not None:
            yield self._endpoint(
                route, route.method, function, lambda given: lambda a: _call(a, (atom,), (given,), function)
            )

    def _view(self, route: Route, info: Class) -> Iterator[EntryPoint]:
        if not self.program.hierarchy.inherits(info, VIEW):
            return
        for verb in VERBS:
            owner, value = self.program.hierarchy.class_attribute(info, verb)
            function = handler_behind(value)
            if owner is not None and function is not None:
                own = any(_is_own(self.program, info, name) for name in DISPATCH)
                calling = (_dispatching if own else _method_call)(info, verb, function)
                yield self._endpoint(route, verb.upper(), function, calling)

    def _endpoint(self, route: Route, method: str, function: Function, calling: Calling) -> EntryPoint:
        method = "" if method == "*" else method.upper()
        mounts = []
        for way in self.nesting.ways(route.owner):
            path = join_paths(way.path, route.path)
            given = request(
                REQUEST, method, _template(path), app=(self._application(way),), match_info=path_mapping(path),
                **({"_method": t.const(method)} if method else {}),
            )  # fmt: skip
            steps = self.steps(way, given, (Atom(t.Func(function)),))
            mounts.append(
                Mount(path, steps, str(identity(way.through[0])), way.conditional or route.conditional, calling(given))
            )
        handled = mounts[0].call
        assert handled is not None
        group = f"{function.module.path}:{function.owner.name if function.owner else ''}"
        methods = (method,) if method else ()
        return EntryPoint(
            self.program, "http", "aiohttp", function, handled, methods, tuple(mounts), group, router=route.owner,
            registered_by=route.registered_by,
        )  # fmt: skip

    def _application(self, way: Way) -> Atom:
        """The innermost application on the way; a route table is none."""
        return next((x for x in reversed(way.through) if self._is_application(x)), way.through[0])

    def steps(self, way: Way, given: Value, handler: Value) -> tuple[Step, ...]:
        return tuple(step for application in way.through for step in self._steps(application, given, handler))

    def _steps(self, application: Atom, given: Value, handler: Value) -> Iterator[Step]:
        appended = _appended(self.program, frozenset({"middlewares"}), "aiohttp.web.Middlewares")
        added = [r for r in appended if _may_be_of(r.receiver, application)]
        values = (r.argument(1 if r.name.endswith("insert") else 0) for r in added)
        for value in (made_with(application, "middlewares"), *values):
            for item in items_of(value):
                yield from (
                    middleware_step(self.program, x, given, handler) for x in item if not isinstance(x.shape, t.Unknown)
                )


def _appended(program: Program, on: frozenset[str], kind: str) -> Iterator[Registration]:
    for registration in performed(program, frozenset({"append", "extend", "insert"}), on=on):
        if registration.name.rpartition(".")[0] == kind:
            yield registration


def _may_be_of(middlewares: Atom | None, application: Atom) -> bool:
    """Whether a list of middlewares is this application's; one of an application that is not told apart may be anyone's."""
    shape = middlewares.shape if middlewares is not None else None
    owners = shape.elem if isinstance(shape, t.Obj) else ()
    known = [x for x in owners if isinstance(x.shape, t.Obj) and x.shape.made is not None]
    return not known or any(identity(x) == identity(application) for x in known)


def _made(registration: Registration, resource: Atom) -> bool:
    made = resource.shape.made if isinstance(resource.shape, t.Obj) else None
    return made is not None and made.call is registration.node


def _path(registration: Registration) -> str:
    position = 1 if registration.name.endswith(".route") else 0
    return next(iter(texts_of(registration.argument(position, "path"))), "")


def _route(owner: Atom, registration: Registration, method_at: int, method: str = "") -> Iterator[Route]:
    if method_at >= 0:
        method = next(iter(texts_of(registration.argument(method_at, "method"))), "")
    path = next(iter(texts_of(registration.argument(method_at + 1, "path"))), "")
    yield Route(owner, method, path, registration.argument(method_at + 2, "handler"), registration.conditional)


def _template(path: str) -> str:
    """``{id:\\d+}`` as ``{id}``: braces inside the pattern would hide the rest."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path)


def _call(a: Activation, func: Value, args: tuple[Value, ...], function: Function) -> Value:
    return call_value(a, func, args, {}, handler_node(function))


def _dispatching(info: Class, verb: str, function: Function) -> Calling:
    """Run the class's own ``__await__`` or ``_iter``; where it cannot be seen to call the method, that is called after it."""

    def calling(given: Value) -> Rest:
        def call(a: Activation) -> Value:
            node = handler_node(function)
            view: Value = (Atom(t.Inst(info, (given,))),)
            method = attribute(a, view, verb, node)
            answering: Value = (Atom(t.Inst(info, (given,), ((".answer", method),))),)
            mark = len(a.events)
            name = next(x for x in DISPATCH if _is_own(a.program, info, x))
            value = call_value(a, attribute(a, answering, name, node), (), {}, node)
            if a.state is None or any(is_entered(x, function) for x in a.events[mark:]):
                return value
            return _call(a, method, (), function)

        return call

    return calling


def _is_own(program: Program, info: Class, name: str) -> bool:
    """Whether a class of the project has its own say in how methods are called."""
    owner = program.hierarchy.class_attribute(info, name)[0]
    return isinstance(owner, Class) and not owner.module.is_sketch


def _method_call(info: Class, verb: str, function: Function) -> Calling:
    def calling(given: Value) -> Rest:
        view: Value = (Atom(t.Inst(info, (given,))),)
        return lambda a: _call(a, attribute(a, view, verb, handler_node(function)), (), function)

    return calling


# Middleware ---------------------------------------------------------------------------------------------------------


def middleware_step(program: Program, atom: Atom, given: Value, handler: Value = ()) -> Step:
    """A middleware around the rest: ``m(request, handler)``, or what a factory ``f(app, handler)`` returns."""
    shape = atom.shape
    if isinstance(shape, t.Obj | t.Lib):
        return library_step(program, shape.name)
    old_style = _is_factory(program, atom)

    def step(a: Activation, rest: Rest) -> Value:
        onward: Value = (Atom(t.Rest(rest, handler)),)
        node = handler_node(a.function)
        if not old_style:
            return call_value(a, (atom,), (given, onward), {}, node)
        return call_value(a, call_value(a, (atom,), (t.obj(APPLICATION), onward), {}, node), (given,), {}, node)

    return step


def _is_factory(program: Program, atom: Atom) -> bool:
    """Whether a middleware is no ``@web.middleware`` and returns a function of its own."""
    function = handler_behind((atom,))
    if function is None or not isinstance(atom.shape, t.Func):
        return False
    scope = definition_scope(program, function)
    for decorator in function.decorators:
        if any(
            isinstance(x.shape, t.Lib) and x.shape.name == "aiohttp.web.middleware" for x in evaluate(scope, decorator)
        ):
            return False
    outcome = program.run(atom.shape, (t.obj(APPLICATION), t.ANYTHING), {})
    return any(isinstance(x.shape, t.Func) for x in outcome.value)
