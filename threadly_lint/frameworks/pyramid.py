"""Pyramid: routes and views that a configurator is told of, by calls and by decorators, and the permissions that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.performed import merged, noted, starts_of
from threadly_lint.frameworks.pyramid_security import Security, permission_step
from threadly_lint.frameworks.pyramid_views import request_value, tween_step, view_call
from threadly_lint.program.entry.entry_points import EntryPoint, Mount
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import (
    Registration,
    class_decorations,
    decorations,
    handler_behind,
    imports,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import arguments
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

CONFIGURATOR = "pyramid.config.Configurator"
VIEW_CONFIG, VIEW_DEFAULTS = "pyramid.view.view_config", "pyramid.view.view_defaults"
ANY_METHOD = ("GET", "POST")
TOLD = frozenset(
    "add_request_method add_route add_tween add_view include set_default_permission set_root_factory".split()
)
POLICIES = frozenset({"set_security_policy", "set_authorization_policy", "set_authentication_policy"})


@dataclass(eq=False)
class Route:
    """A named pattern; ``factory`` makes the context whose ACL decides."""

    path: str
    factory: Value = ()
    conditional: bool = False


class View(NamedTuple):
    """A callable that answers, with the predicates and permission that it was registered with."""

    target: Value
    options: dict[str, Value]
    module: Module


@dataclass(eq=False)
class Told:
    """All that configurators of a project are told."""

    routes: dict[str, list[Route]] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    tweens: list[Value] = field(default_factory=list)
    methods: dict[str, Value] = field(default_factory=dict)
    security: Security = field(default_factory=Security)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every view, with one mount for each route of its name."""
    if imports(program, "pyramid"):
        told = Reader(program).told
        yield from merged(entry for view in told.views for entry in _endpoints(program, told, view))


class Reader:
    """Runs the code that configures, follows what it includes, and reads the decorators that a scan finds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.told = Told()
        self._included: set[Function] = set()
        calls = [(m, f) for _, m, f in program.calls_named("Configurator") if not program.project.is_exempt(m.path)]
        for start in starts_of(program, [f or m.body for m, f in calls]):
            self._read(noted(program, program.generic_outcome(start), TOLD | POLICIES | {"Configurator"}), "")
        for function in program.functions:
            if function.name == "includeme" and function.parent is None and function not in self._included:
                self._include((Atom(t.Func(function)),), "")
        self._scan()

    def _read(self, registrations: Iterator[Registration], prefix: str) -> None:
        for r in registrations:
            leaf = r.name.rpartition(".")[2]
            if leaf == "add_route":
                pattern = join_paths(prefix, t.shape_text(r.argument(1, "pattern")) or "")
                route = Route(pattern, r.argument(2, "factory"), r.conditional)
                self.told.routes.setdefault(t.text_of(r.argument(0, "name")) or "", []).append(route)
            elif leaf == "add_view":
                self.told.views.append(View(self._named(r.argument(0, "view"), r.module), r.keywords, r.module))
            elif leaf == "include":
                inner = t.shape_text(r.argument(1, "route_prefix")) or ""
                self._include(self._named(r.argument(0, "callable"), r.module), join_paths(prefix, inner))
            elif leaf == "add_tween":
                self.told.tweens.append(self._named(r.argument(0, "tween_factory"), r.module))
            elif leaf == "add_request_method":
                name = t.text_of(r.argument(1, "name")) or next(
                    (f.name for f in _functions(r.argument(0, "callable"))), ""
                )
                self.told.methods[name] = r.argument(0, "callable")
            else:
                self.told.security.hear(leaf, r)

    def _include(self, target: Value, prefix: str) -> None:
        """``config.include(function)`` or of a module with ``includeme``."""
        for atom in target:
            found: Value = (atom,)
            if isinstance(atom.shape, t.ModuleRef):
                found = self.program.bindings.module_attribute(atom.shape.module, "includeme")
            for shape in (x.shape for x in found if isinstance(x.shape, t.Func)):
                self._included.add(shape.info)
                outcome = self.program.run(shape, (t.obj(CONFIGURATOR),), {}, patient=True)
                self._read(noted(self.program, outcome, TOLD | POLICIES), prefix)

    def _named(self, value: Value, module: Module) -> Value:
        """Things that are named by text (``"shop.views.home"``, ``".views"``), as seen from a module."""
        text = t.text_of(value)
        if text is None:
            return value
        dots = len(text) - len(text.lstrip("."))
        dotted = self.program.project.resolve_relative(module.file, dots, text[dots:]) if dots else text
        owner, _, name = (dotted or "").replace(":", ".").rpartition(".")
        for atom in self.program.bindings.import_name(module, dotted or ""):
            if isinstance(atom.shape, t.ModuleRef):
                return (atom,)
        owners = [
            x.shape.module for x in self.program.bindings.import_name(module, owner) if isinstance(x.shape, t.ModuleRef)
        ]
        return self.program.bindings.module_attribute(owners[0], name) if owners else ()

    def _scan(self) -> None:
        for function, decorator, scope in decorations(self.program):
            for options in _decorated(scope, decorator, VIEW_CONFIG):
                if function.owner is None:
                    self.told.views.append(View(self.program.function_value(function), options, function.module))
                    continue
                merged_options = {**_defaults(self.program, function.owner), **options, "attr": t.const(function.name)}
                self.told.views.append(View((Atom(t.ClassRef(function.owner)),), merged_options, function.module))
        for info, decorator, scope in class_decorations(self.program):
            for options in _decorated(scope, decorator, VIEW_CONFIG):
                given = {**_defaults(self.program, info), **options}
                self.told.views.append(View((Atom(t.ClassRef(info)),), given, info.module))


def _functions(value: Value) -> Iterator[Function]:
    yield from (x.shape.info for x in value if isinstance(x.shape, t.Func))


def _decorated(scope: Activation, decorator: n.Expr, name: str) -> Iterator[dict[str, Value]]:
    target = evaluate(scope, decorator.func) if isinstance(decorator, n.Call) else ()
    if isinstance(decorator, n.Call) and any(isinstance(x.shape, t.Lib) and x.shape.name == name for x in target):
        yield arguments(scope, decorator)[1]


def _defaults(program: Program, info: Class) -> dict[str, Value]:
    """``@view_defaults`` of the class and its bases."""
    found: dict[str, Value] = {}
    for base in reversed([c for c in program.hierarchy.mro(info) if isinstance(c, Class)]):
        for decorator in base.node.decorators:
            for options in _decorated(program.hierarchy.scope_of(base), decorator, VIEW_DEFAULTS):
                found.update(options)
    return found


# Endpoints -----------------------------------------------------------------------------------------------------------------


def _endpoints(program: Program, told: Told, view: View) -> Iterator[EntryPoint]:
    attr = t.text_of(view.options.get("attr", ())) or ""
    for atom in view.target:
        function = _answering(program, atom, attr or "__call__")
        if function is None:
            continue
        methods = tuple(x.upper() for x in texts_of(view.options.get("request_method", ()))) or ANY_METHOD
        routes = told.routes.get(t.text_of(view.options.get("route_name", ())) or "") or [_traversed(view)]
        mounts = tuple(_mount(program, told, view, atom, function, attr, methods, route) for route in routes)
        call = mounts[0].call
        if call is not None:
            group = view.module.path
            yield EntryPoint(program, "http", "pyramid", function, call, methods, mounts, group)


def _answering(program: Program, atom: Atom, name: str) -> Function | None:
    info = atom.shape.info if isinstance(atom.shape, t.ClassRef | t.Inst) else None
    if info is None:
        return handler_behind((atom,))
    return handler_behind(program.hierarchy.class_attribute(info, name)[1])


def _traversed(view: View) -> Route:
    """A view that is found by the name of a resource."""
    return Route(t.text_of(view.options.get("route_name", ())) or f"/{t.text_of(view.options.get('name', ())) or ''}")


def _mount(
    program: Program, told: Told, view: View, atom: Atom, function: Function, attr: str, methods: tuple[str, ...], route: Route
) -> Mount:  # fmt: skip
    request = request_value(program, told.methods, methods[0] if len(methods) == 1 else "", route.path)
    tweens = tuple(tween_step(tween, request) for tween in told.tweens)
    steps = (*tweens, permission_step(told.security, view.options.get("permission", ()), route.factory, request))
    call = view_call(program, atom, attr, function, request)
    return Mount(route.path, steps, "pyramid", route.conditional, call)
