"""Litestar: handlers and controllers in applications and routers, with the guards, hooks and middleware of every layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.litestar_layers import Layer, handler_call, handler_layer, layer_steps
from threadly_lint.frameworks.litestar_plugins import plugged
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, handler_node
from threadly_lint.program.entry.paths import join_paths, path_parameters
from threadly_lint.program.entry.registrations import (
    handler_behind,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    scope_in,
    subclasses,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import arguments
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATION, ROUTER, CONTROLLER = "litestar.Litestar", "litestar.Router", "litestar.Controller"
SECURITY = ("litestar.security.jwt.JWTAuth", "litestar.security.session_auth.SessionAuth")
ON_INIT = "on_app_init"
NOWHERE = n.Name(n.NOWHERE, ON_INIT)
VERBS = frozenset("get post put patch delete head".split())
WEBSOCKETS = frozenset("websocket websocket_listener websocket_stream".split())
ROUTES = VERBS | WEBSOCKETS | {"route"}


class Marked(NamedTuple):
    """A function that a route decorator has made a handler: kind and methods, paths, and the handler as a layer."""

    function: Function
    kind: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    layer: Layer


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every handler, with one mount for each way from an application to it."""
    if imports(program, "litestar"):
        yield from merged(Site(program).endpoints())


class Site:
    """All applications and routers of a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.reached: set[object] = set()
        self.plugged = plugged(program)
        self.secured = (*self._secured_by_plugins(), *((self.plugged,) if self.plugged else ()))
        self.registered: dict[object, list[Value]] = {}
        for r in performed(program, frozenset({"register"})):
            if r.receiver is not None and is_library(program, r.receiver, APPLICATION, ROUTER):
                self.registered.setdefault(identity(r.receiver), []).append(r.argument(0, "value"))

    def _secured_by_plugins(self) -> tuple[Layer, ...]:
        """Security that a plugin puts on the application (``auth.on_app_init(app_config)``), as a layer outside all others."""
        if not self.program.calls_named(ON_INIT):
            return ()
        made = [x for atom in self._module_objects() for x in attribute(self._scope(), (atom,), ON_INIT, NOWHERE)]
        return (Layer(lambda name: (Atom(t.Seq("list", tuple((x,) for x in made))),) if name == ON_INIT else ()),)

    def _scope(self) -> Activation:
        return Activation(self.program, next(iter(self.program.modules.values())).body, {})

    def _module_objects(self) -> Iterator[Atom]:
        """Security configurations that modules of the project hold."""
        for module in self.program.modules.values():
            if self.program.project.is_exempt(module.path):
                continue
            for statement in module.skeleton.body:
                if isinstance(statement, n.Assign) and isinstance(statement.value, n.Call):
                    found = evaluate(self.program.bindings.body(module), statement.value)
                    yield from (x for x in found if is_library(self.program, x, *SECURITY))

    def endpoints(self) -> Iterator[EntryPoint]:
        """From applications down; then routers and controllers that no application is seen to take in."""
        applications = list(self._made("Litestar", APPLICATION))
        for application in applications:
            yield from self._container(application, self.secured, "application")
        above = (*self.secured, *((self._layer(applications[0]),) if len(applications) == 1 else ()))
        for router in self._made("Router", ROUTER):
            if identity(router) not in self.reached:
                yield from self._container(router, above, "router")
        for info in subclasses(self.program, CONTROLLER):
            if info not in self.reached and not self.program.project.is_exempt(info.module.path):
                yield from self._controller(info, above, "controller")

    def _made(self, name: str, kind: str) -> Iterator[Atom]:
        for call, module, function in self.program.calls_named(name):
            if not self.program.project.is_exempt(module.path):
                found = evaluate(scope_in(self.program, module, function), call)
                yield from (x for x in found if is_library(self.program, x, kind))

    def _layer(self, atom: Atom) -> Layer:
        position = 0 if is_library(self.program, atom, ROUTER) else None
        return Layer(lambda name: made_with(atom, name, position if name == "path" else None))

    def _container(self, atom: Atom, above: tuple[Layer, ...], owner: str) -> Iterator[EntryPoint]:
        if len(above) > 6:
            return
        self.reached.add(identity(atom))
        layers = (*above, self._layer(atom))
        position = 1 if is_library(self.program, atom, ROUTER) else 0
        plugged = self.plugged.get("route_handlers") if self.plugged and owner == "application" and not position else ()
        given = made_with(atom, "route_handlers", position)
        for children in (given, plugged, *self.registered.get(identity(atom), ())):
            for item in items_of(children):
                for child in item:
                    yield from self._child(child, layers, owner)

    def _child(self, child: Atom, layers: tuple[Layer, ...], owner: str) -> Iterator[EntryPoint]:
        shape = child.shape
        if isinstance(shape, t.ClassRef) and self.program.hierarchy.inherits(shape.info, CONTROLLER):
            yield from self._controller(shape.info, layers, owner)
        elif is_library(self.program, child, ROUTER):
            yield from self._container(child, layers, owner)
        elif isinstance(shape, t.ModuleRef | t.Seq):
            return
        elif (function := handler_behind((child,))) is not None:
            for marked in self._marks(function):
                yield self._endpoint(marked, (child,), layers, owner, function.module.path)

    def _controller(self, info: Class, layers: tuple[Layer, ...], owner: str) -> Iterator[EntryPoint]:
        self.reached.add(info)
        inner = (*layers, Layer(lambda name: self.program.hierarchy.class_attribute(info, name)[1]))
        instance: Value = (Atom(t.Inst(info)),)
        for name in dict.fromkeys(
            x for base in self.program.hierarchy.mro(info) if isinstance(base, Class) for x in base.scope
        ):
            _, value = self.program.hierarchy.class_attribute(info, name)
            function = handler_behind(value)
            for marked in self._marks(function) if function is not None and function.owner is not None else ():
                scope = Activation(self.program, info.module.body, {})
                method = attribute(scope, instance, name, handler_node(marked.function))
                yield self._endpoint(marked, method, inner, owner, info.symbol)

    def _marks(self, function: Function) -> Iterator[Marked]:
        """What route decorators of Litestar say."""
        for decorator in function.decorators:
            target = decorator.func if isinstance(decorator, n.Call) else decorator
            scope = scope_in(self.program, function.module, function.parent)
            names = [x.shape.name for x in evaluate(scope, target) if isinstance(x.shape, t.Lib)]
            name = next((x.rpartition(".")[2] for x in names if x.startswith("litestar.")), "")
            if name in ROUTES:
                args, options = arguments(scope, decorator) if isinstance(decorator, n.Call) else ((), {})
                paths = tuple(texts_of(options.get("path") or (args[0] if args else ()))) or ("",)
                kind = "websocket" if name in WEBSOCKETS else "http"
                methods = (name.upper(),) if name in VERBS else _methods(kind, options)
                yield Marked(function, kind, methods, paths, handler_layer(options))

    def _endpoint(
        self, marked: Marked, handler: Value, layers: tuple[Layer, ...], owner: str, group: str
    ) -> EntryPoint:
        inside = (*layers, marked.layer)
        prefix = join_paths(*(next(iter(texts_of(layer.get("path"))), "") for layer in layers))
        mounts = []
        for path in marked.paths:
            place = join_paths(prefix, path)
            given = path_parameters(place, marked.function, 0)
            call = handler_call(self.program, handler, marked.function, inside, given)
            method = marked.methods[0] if len(marked.methods) == 1 else ""
            mounts.append(
                Mount(place, tuple(layer_steps(self.program, inside, marked.kind, method, place)), owner, call=call)
            )
        first = mounts[0].call
        assert first is not None
        return EntryPoint(
            self.program, marked.kind, "litestar", marked.function, first, marked.methods, tuple(mounts), group  # type: ignore[arg-type]
        )  # fmt: skip


def _methods(kind: str, options: dict[str, Value]) -> tuple[str, ...]:
    given = tuple(x.upper() for x in texts_of(options.get("http_method", ())))
    return ("WEBSOCKET",) if kind == "websocket" else given or ("GET",)
