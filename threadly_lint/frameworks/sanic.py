"""Sanic: routes on applications and blueprints, groups, class views, middleware."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.nesting import Nesting
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import request
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths, path_parameters
from threadly_lint.program.entry.registrations import (
    Registration,
    decorator_registrations,
    handler_behind,
    hook_step,
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
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATION, BLUEPRINT, GROUP = "sanic.Sanic", "sanic.Blueprint", "sanic.Blueprint.group"
REQUEST, VIEW = "sanic.request.Request", "sanic.views.HTTPMethodView"
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
ROUTES = VERBS | {"route", "websocket"}
LISTENERS = frozenset({"listener", "before_server_start", "after_server_start", "main_process_start"})
ANSWERING = ("response", "on_response")


class Route(NamedTuple):
    """One route of an application or blueprint."""

    owner: Atom
    path: str
    handler: Value
    methods: tuple[str, ...]
    kind: str = "http"
    conditional: bool = False
    registered_by: n.Expr | None = None


class Hook(NamedTuple):
    """A request middleware of an application or blueprint."""

    owner: object
    func: Value
    node: n.Expr


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every handler, with one mount for each way from an application to its blueprint."""
    if imports(program, "sanic"):
        site = Site(program)
        yield from merged(e for route in site.routes() for atom in route.handler for e in site.endpoints(route, atom))


class Site:
    """All applications and blueprints of a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nesting = Nesting()
        for registration in performed(program, frozenset({"blueprint"})):
            self._register(registration)
        self._run_listeners()
        self.hooks = list(self._hooks())
        self._rehearse()

    def _owns_routes(self, atom: Atom | None) -> bool:
        return atom is not None and is_library(self.program, atom, APPLICATION, BLUEPRINT)

    def _register(self, registration: Registration) -> None:
        application = registration.receiver
        if application is None or not is_library(self.program, application, APPLICATION):
            return
        prefix = next(iter(texts_of(registration.argument(-1, "url_prefix"))), "")
        self._nest(application, registration.argument(0, "blueprint"), prefix, conditional=registration.conditional)

    def _nest(self, parent: Atom, children: Value, prefix: str, *, conditional: bool = False) -> None:
        for item in items_of(children):
            for child in item:
                if isinstance(child.shape, t.Obj) and child.shape.name == GROUP and child.shape.made is not None:
                    inner = join_paths(prefix, next(iter(texts_of(made_with(child, "url_prefix"))), ""))
                    for member in child.shape.made.args:
                        self._nest(parent, member, inner, conditional=conditional)
                elif is_library(self.program, child, BLUEPRINT):
                    self.nesting.add(parent, child, prefix, conditional)

    def _run_listeners(self) -> None:
        """Start-up code fills the application's context (``app.ctx.db = ...``): run it with an application."""
        application: Value = t.obj(APPLICATION)
        found: list[tuple[Registration, Value]] = []
        for r in decorator_registrations(self.program, LISTENERS):
            found.extend([(r, (Atom(t.Func(r.function)),))] if r.function is not None else [])
        found.extend((r, r.argument(0, "listener")) for r in performed(self.program, frozenset({"register_listener"})))
        for registration, listener in found:
            if self._owns_routes(registration.receiver):
                registration.scope.revive()
                call_value(registration.scope, listener, (application, t.ANYTHING), {}, registration.node)

    # Middleware

    def _hooks(self) -> Iterator[Hook]:
        for r in decorator_registrations(self.program, frozenset({"middleware", "on_request"})):
            if r.function is not None and self._owns_routes(r.receiver) and not _answers(r, 0):
                yield self._hook(r, (Atom(t.Func(r.function)),), handler_node(r.function))
        for r in performed(self.program, frozenset({"register_middleware"})):
            if self._owns_routes(r.receiver) and not _answers(r, 1):
                yield self._hook(r, r.argument(0, "middleware"), r.node)

    def _hook(self, registration: Registration, func: Value, node: n.Expr) -> Hook:
        assert registration.receiver is not None
        return Hook(identity(registration.receiver), func, node)

    def _rehearse(self) -> None:
        """Run each middleware once, so that what it puts on requests is known before handlers ask."""
        for hook in self.hooks:
            module = next(iter(self.program.modules.values()))
            hook_step(hook.func, (t.obj(REQUEST),), hook.node)(
                Activation(self.program, module.body, {}), lambda _: t.NONE
            )

    # Routes

    def routes(self) -> Iterator[Route]:
        for r in decorator_registrations(self.program, ROUTES):
            if r.receiver is not None and self._owns_routes(r.receiver) and r.function is not None:
                leaf = r.name.rpartition(".")[2]
                kind = "websocket" if leaf == "websocket" else "http"
                handler = registered_value(self.program, r)
                yield Route(r.receiver, _path(r, 0), handler, _methods(r, leaf, 1), kind, registered_by=r.node)
        for r in performed(self.program, frozenset({"add_route", "add_websocket_route"})):
            if r.receiver is not None and self._owns_routes(r.receiver):
                kind = "websocket" if r.name.endswith("add_websocket_route") else "http"
                yield Route(r.receiver, _path(r, 1), r.argument(0, "handler"), _methods(r, "", 2), kind, r.conditional)
        yield from self._attached()

    def _attached(self) -> Iterator[Route]:
        """``View.attach(app, uri=...)`` and ``class View(HTTPMethodView, attach=app, uri=...)``."""
        for r in performed(self.program, frozenset({"attach"})):
            view = (r.receiver,) if r.receiver is not None else ()
            for owner in r.argument(0, "to"):
                if self._owns_routes(owner):
                    yield Route(owner, _path(r, 1), view, (), conditional=r.conditional)
        for info in self.program.classes:
            keywords = {k.name: k.value for k in info.node.keywords if k.name}
            if "attach" in keywords and self.program.hierarchy.inherits(info, VIEW):
                scope = self.program.hierarchy.scope_of(info)
                path = next(iter(texts_of(evaluate(scope, keywords["uri"]))), "") if "uri" in keywords else ""
                for owner in evaluate(scope, keywords["attach"]):
                    if self._owns_routes(owner):
                        yield Route(owner, path, (Atom(t.ClassRef(info)),), ())

    # Endpoints

    def endpoints(self, route: Route, atom: Atom) -> Iterator[EntryPoint]:
        """A function, or each method of a class view."""
        info = _view_class(atom)
        if info is not None:
            yield from self._view(route, info)
            return
        function = handler_behind((atom,))
        if function is not None:
            methods = route.methods or (("GET",) if route.kind == "http" else ("WEBSOCKET",))
            given = request(REQUEST, methods[0] if len(methods) == 1 and route.kind == "http" else "", "")
            args = (given, t.obj("sanic.Websocket")) if route.kind == "websocket" else (given,)
            keywords = path_parameters(route.path, function, len(args))
            yield self._endpoint(route, function, methods, _function_call((atom,), args, keywords, function))

    def _view(self, route: Route, info: Class) -> Iterator[EntryPoint]:
        for verb in sorted(VERBS):
            owner, value = self.program.hierarchy.class_attribute(info, verb)
            function = handler_behind(value)
            if owner is not None and function is not None:
                given = request(REQUEST, verb.upper(), "")
                call = _method_call(info, verb, given, path_parameters(route.path, function, 2), function)
                yield self._endpoint(route, function, (verb.upper(),), call, info.symbol)

    def _endpoint(
        self, route: Route, function: Function, methods: tuple[str, ...], call: Rest, group: str = ""
    ) -> EntryPoint:
        kind = "websocket" if route.kind == "websocket" else "http"
        mounts = tuple(self._mounts(route, methods, call))
        group = group or f"{function.module.path}:{function.owner.name if function.owner else ''}"
        return EntryPoint(
            self.program, kind, "sanic", function, call, methods, mounts, group, router=route.owner,  # type: ignore[arg-type]
            registered_by=route.registered_by,
        )  # fmt: skip

    def _mounts(self, route: Route, methods: tuple[str, ...], call: Rest) -> Iterator[Mount]:
        for way in self.nesting.ways(route.owner):
            own = [next(iter(texts_of(made_with(x, "url_prefix", 1))), "") for x in way.through[-1:]]
            prefix = own[0] if is_library(self.program, route.owner, BLUEPRINT) else ""
            path = join_paths(way.path, prefix, route.path)
            given = request(REQUEST, methods[0] if len(methods) == 1 else "", path)
            conditional = way.conditional or route.conditional
            yield Mount(path, tuple(self._steps(way.through, given)), str(identity(way.through[0])), conditional, call)

    def _steps(self, through: tuple[Atom, ...], given: Value) -> Iterator[Step]:
        for owner in through:
            for hook in self.hooks:
                if hook.owner == identity(owner):
                    yield hook_step(hook.func, (given,), hook.node)


def _answers(registration: Registration, position: int) -> bool:
    """Whether a middleware is for responses."""
    return any(x in ANSWERING for x in texts_of(registration.argument(position, "attach_to", "middleware_or_request")))


def _path(registration: Registration, position: int) -> str:
    return next(iter(texts_of(registration.argument(position, "uri"))), "")


def _methods(registration: Registration, leaf: str, position: int) -> tuple[str, ...]:
    if leaf in VERBS:
        return (leaf.upper(),)
    return tuple(m.upper() for m in texts_of(registration.argument(position, "methods")))


def _view_class(atom: Atom) -> Class | None:
    """The class behind ``View.as_view()`` or the class itself."""
    shape = atom.shape
    if isinstance(shape, t.ClassRef):
        return shape.info
    if isinstance(shape, t.Inst):
        return shape.info
    return None


def _function_call(func: Value, args: tuple[Value, ...], keywords: dict[str, Value], function: Function) -> Rest:
    return lambda a: call_value(a, func, args, keywords, handler_node(function))


def _method_call(info: Class, verb: str, given: Value, keywords: dict[str, Value], function: Function) -> Rest:
    """Call a view's method behind its class's ``decorators``."""

    def call(a: Activation) -> Value:
        node = handler_node(function)
        method = attribute(a, (Atom(t.Inst(info)),), verb, node)
        for item in items_of(a.program.hierarchy.class_attribute(info, "decorators")[1]):
            method = call_value(a, item, (method,), {}, node) or method
        return call_value(a, method, (given,), keywords, node)

    return call
