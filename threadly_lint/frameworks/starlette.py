"""Starlette: route tables, mounts, class endpoints, middleware; also what FastAPI applications inherit of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.asgi import Exchange, listed, middleware_steps, steps_of
from threadly_lint.frameworks.nesting import Nesting, Way
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import request
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node, is_entered
from threadly_lint.program.entry.paths import join_paths, path_mapping
from threadly_lint.program.entry.registrations import (
    Registration,
    class_registrations,
    decorator_registrations,
    handler_behind,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    registered_value,
    scope_in,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATIONS = ("starlette.applications.Starlette", "fastapi.FastAPI")
ROUTER, MOUNT, HOST = "starlette.routing.Router", "starlette.routing.Mount", "starlette.routing.Host"
CONTAINERS = (*APPLICATIONS, ROUTER, MOUNT, HOST)
ROUTE, WEBSOCKET_ROUTE = "starlette.routing.Route", "starlette.routing.WebSocketRoute"
HTTP_ENDPOINT, WEBSOCKET_ENDPOINT = "starlette.endpoints.HTTPEndpoint", "starlette.endpoints.WebSocketEndpoint"
DISPATCH = "dispatch"
VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


class Route(NamedTuple):
    """One route of a container (application, router or mount)."""

    owner: Atom
    path: str
    endpoint: Value
    methods: tuple[str, ...]
    kind: str = "http"
    middleware: Value = ()
    conditional: bool = False
    registered_by: n.Expr | None = None


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every route of every table, with one mount for each way from an application to it."""
    if imports(program, "starlette", "fastapi"):
        site = Site(program)
        yield from merged(e for route in site.routes for atom in route.endpoint for e in site.endpoints(route, atom))


class Site:
    """All containers of routes in a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nesting = Nesting()
        self.routes: list[Route] = []
        self._read: set[object] = set()
        self._read_tables()
        self._read_calls()
        self._read_decorators()

    def _is_container(self, atom: Atom | None) -> bool:
        return atom is not None and is_library(self.program, atom, *CONTAINERS)

    # Reading

    def _read_tables(self) -> None:
        """Route tables given to constructors, wherever the code makes a container."""
        for name in ("Starlette", "Router", "Mount", "FastAPI"):
            for call, module, function in self.program.calls_named(name):
                if self.program.project.is_exempt(module.path):
                    continue
                for atom in evaluate(scope_in(self.program, module, function), call):
                    self._read_container(atom)

    def _read_container(self, atom: Atom) -> None:
        if not self._is_container(atom) or identity(atom) in self._read:
            return
        self._read.add(identity(atom))
        position = 0 if is_library(self.program, atom, ROUTER) else 1
        routes = made_with(atom, "routes", None if is_library(self.program, atom, MOUNT, HOST) else position)
        self._read_list(atom, routes)
        if is_library(self.program, atom, MOUNT, HOST):
            self._nest(atom, made_with(atom, "app", 1), "", conditional=False)

    def _read_list(self, owner: Atom, routes: Value, *, conditional: bool = False) -> None:
        for item in items_of(routes):
            for atom in item:
                self._read_member(owner, atom, conditional=conditional)

    def _read_member(self, owner: Atom, atom: Atom, *, conditional: bool) -> None:
        path = next(iter(texts_of(made_with(atom, "path", 0))), "")
        if is_library(self.program, atom, MOUNT, HOST):
            self.nesting.add(owner, atom, path if is_library(self.program, atom, MOUNT) else "", conditional)
            self._read_container(atom)
        elif is_library(self.program, atom, ROUTE, WEBSOCKET_ROUTE):
            kind = "websocket" if is_library(self.program, atom, WEBSOCKET_ROUTE) else "http"
            methods = tuple(m.upper() for m in texts_of(made_with(atom, "methods", 2))) if kind == "http" else ()
            endpoint, middleware = made_with(atom, "endpoint", 1), made_with(atom, "middleware")
            self.routes.append(Route(owner, path, endpoint, methods, kind, middleware, conditional))

    def _nest(self, parent: Atom, children: Value, path: str, *, conditional: bool) -> None:
        for child in children:
            if self._is_container(child):
                self.nesting.add(parent, child, path, conditional)
                self._read_container(child)

    def _read_calls(self) -> None:
        for r in performed(self.program, frozenset({"mount", "host", "add_route", "add_websocket_route"})):
            owner, leaf = r.receiver, r.name.rpartition(".")[2]
            if owner is None or not self._is_container(owner):
                continue
            path = next(iter(texts_of(r.argument(0, "path"))), "")
            if leaf in ("mount", "host"):
                self._nest(owner, r.argument(1, "app"), path if leaf == "mount" else "", conditional=r.conditional)
                continue
            kind = "websocket" if leaf == "add_websocket_route" else "http"
            methods = tuple(m.upper() for m in texts_of(r.argument(2, "methods"))) if kind == "http" else ()
            self.routes.append(Route(owner, path, r.argument(1, "route", "endpoint"), methods, kind, (), r.conditional))

    def _read_decorators(self) -> None:
        """``@app.route(path)``, on functions and on class endpoints."""
        for r in decorator_registrations(self.program, frozenset({"route", "websocket_route"})):
            if r.function is not None and r.receiver is not None and self._is_container(r.receiver):
                self._add_decorated(r, registered_value(self.program, r))
        for info, registration in class_registrations(self.program, frozenset({"route", "websocket_route"})):
            if registration.receiver is not None and self._is_container(registration.receiver):
                self._add_decorated(registration, (Atom(t.ClassRef(info)),))

    def _add_decorated(self, r: Registration, endpoint: Value) -> None:
        assert r.receiver is not None
        kind = "websocket" if r.name.endswith("websocket_route") else "http"
        if kind == "websocket" and is_library(self.program, r.receiver, APPLICATIONS[1]):
            return
        path = next(iter(texts_of(r.argument(0, "path"))), "")
        methods = tuple(m.upper() for m in texts_of(r.argument(1, "methods"))) if kind == "http" else ()
        self.routes.append(Route(r.receiver, path, endpoint, methods, kind, registered_by=r.node))

    # Endpoints

    def endpoints(self, route: Route, atom: Atom) -> Iterator[EntryPoint]:
        """A function, or the methods of a class endpoint."""
        if isinstance(atom.shape, t.ClassRef):
            yield from self._class(route, atom.shape.info)
            return
        function = handler_behind((atom,))
        if function is not None:
            kind = "starlette.websockets.WebSocket" if route.kind == "websocket" else "starlette.requests.Request"
            methods = route.methods or (("GET",) if route.kind == "http" else ("WEBSOCKET",))
            given = request(
                kind,
                methods[0] if len(methods) == 1 and route.kind == "http" else "",
                "",
                path_params=path_mapping(route.path),
            )
            yield self._endpoint(route, function, methods, _function_call((atom,), given, function))

    def _class(self, route: Route, info: Class) -> Iterator[EntryPoint]:
        if self.program.hierarchy.inherits(info, HTTP_ENDPOINT):
            for verb in VERBS:
                function = self._method(info, verb)
                if function is not None:
                    given = request(
                        "starlette.requests.Request", verb.upper(), "", path_params=path_mapping(route.path)
                    )
                    call = _method_call(info, (verb,), (given,), function)
                    dispatching = self.program.hierarchy.class_attribute(info, DISPATCH)[0]
                    if dispatching is not None and not dispatching.module.is_sketch:
                        call = _dispatch_call(info, verb, given, function, route.path)
                    yield self._endpoint(route, function, (verb.upper(),), call, info.symbol)
        elif self.program.hierarchy.inherits(info, WEBSOCKET_ENDPOINT):
            receive = self._method(info, "on_receive")
            connect = self._method(info, "on_connect")
            function = receive or connect
            if function is not None:
                names = tuple(n for n, f in (("on_connect", connect), ("on_receive", receive)) if f is not None)
                given = t.obj("starlette.websockets.WebSocket")
                yield self._endpoint(route, function, ("WEBSOCKET",), _method_call(info, names, (given,), function))

    def _method(self, info: Class, name: str) -> Function | None:
        owner, value = self.program.hierarchy.class_attribute(info, name)
        return handler_behind(value) if owner is not None else None

    def _endpoint(
        self, route: Route, function: Function, methods: tuple[str, ...], call: Rest, group: str = ""
    ) -> EntryPoint:
        kind = "websocket" if route.kind == "websocket" else "http"
        group = group or f"{function.module.path}:{function.owner.name if function.owner else ''}"
        mounts = tuple(self._mounts(route, methods, call))
        return EntryPoint(
            self.program, kind, "starlette", function, call, methods, mounts, group, router=route.owner,  # type: ignore[arg-type]
            registered_by=route.registered_by,
        )  # fmt: skip

    def _mounts(self, route: Route, methods: tuple[str, ...], call: Rest) -> Iterator[Mount]:
        for way in self.nesting.ways(route.owner):
            path = join_paths(way.path, route.path)
            method = methods[0] if len(methods) == 1 and route.kind == "http" else ""
            exchange = Exchange(method, path, route.kind)
            steps = (*self._through(way, exchange), *steps_of(self.program, list(listed(route.middleware)), exchange))
            conditional = way.conditional or route.conditional
            yield Mount(path, steps, str(identity(way.through[0])), conditional, call)

    def _through(self, way: Way, exchange: Exchange) -> Iterator[Step]:
        for container in way.through:
            yield from middleware_steps(self.program, container, exchange)


def _function_call(func: Value, given: Value, function: Function) -> Rest:
    return lambda a: call_value(a, func, (given,), {}, handler_node(function))


def _method_call(info: Class, names: tuple[str, ...], args: tuple[Value, ...], function: Function) -> Rest:
    """Call methods of a class endpoint one after another; a message that comes in is what the caller sent."""
    data = t.unknown(frozenset({t.Tag("request", "body")}))

    def call(a: Activation) -> Value:
        node, value = handler_node(function), t.NONE
        instance: Value = (Atom(t.Inst(info)),)
        for name in names:
            if a.state is not None:
                given = (*args, data) if name == "on_receive" else args
                value = call_value(a, attribute(a, instance, name, node), given, {}, node)
        return value

    return call


def _dispatch_call(info: Class, verb: str, given: Value, function: Function, path: str) -> Rest:
    """Run the class's own ``dispatch``; where it cannot be seen to call the method, that is called after it."""

    def call(a: Activation) -> Value:
        node = handler_node(function)
        method = attribute(a, (Atom(t.Inst(info)),), verb, node)
        held = {".scope": Exchange(verb.upper(), path).scope(), ".answer": (Atom(t.Partial(method, (given,), ())),)}
        instance: Value = (Atom(t.Inst(info, (), tuple(held.items()))),)
        mark = len(a.events)
        value = call_value(a, attribute(a, instance, DISPATCH, node), (), {}, node)
        if a.state is None or any(is_entered(x, function) for x in a.events[mark:]):
            return value
        return call_value(a, attribute(a, instance, verb, node), (given,), {}, node)

    return call
