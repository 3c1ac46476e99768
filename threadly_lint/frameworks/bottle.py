"""Bottle: routes on applications and on the default one, mounts, hooks, plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.nesting import Nesting
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths, path_parameters
from threadly_lint.program.entry.registrations import (
    Registration,
    decorator_registrations,
    handler_behind,
    identity,
    imports,
    items_of,
    made_with,
    registered_value,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

APPLICATION = "bottle.Bottle"
DEFAULT = Atom(t.Obj(APPLICATION))
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
ROUTES = VERBS | {"route"}


class Route(NamedTuple):
    """One route; ``plugins`` are those that only it applies, ``skipped`` those that it does without."""

    owner: Atom
    path: str
    handler: Value
    methods: tuple[str, ...]
    plugins: Value = ()
    skipped: Value = ()
    conditional: bool = False
    registered_by: n.Expr | None = None


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every callback, with one mount for each way from an outermost application to it."""
    if imports(program, "bottle"):
        site = Site(program)
        yield from merged(e for route in site.routes() for atom in route.handler for e in site.endpoints(route, atom))


class Site:
    """All applications of a project; functions of the module (``bottle.route``) act on the default one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nesting = Nesting()
        for r in performed(program, frozenset({"mount", "merge"})):
            owner = _owner(r)
            position = 0 if r.name.endswith("merge") else 1
            for child in r.argument(position, "app", "routes"):
                if owner is not None and isinstance(child.shape, t.Obj) and child.shape.name == APPLICATION:
                    prefix = "" if position == 0 else next(iter(texts_of(r.argument(0, "prefix"))), "")
                    self.nesting.add(owner, child, prefix, r.conditional)
        self.hooks = list(self._hooks())
        self.plugins = [
            (identity(owner), r.argument(0, "plugin"))
            for r in performed(program, frozenset({"install"}))
            if (owner := _owner(r)) is not None
        ]

    def _hooks(self) -> Iterator[tuple[object, Step]]:
        """What runs before each request of an application; what it returns is ignored: it has to raise to reject."""
        for r in decorator_registrations(self.program, frozenset({"hook"})):
            owner = _owner(r)
            if owner is not None and r.function is not None and "before_request" in texts_of(r.argument(0, "name")):
                yield identity(owner), _hook((Atom(t.Func(r.function)),), handler_node(r.function))
        for r in performed(self.program, frozenset({"add_hook"})):
            owner = _owner(r)
            if owner is not None and "before_request" in texts_of(r.argument(0, "name")):
                yield identity(owner), _hook(r.argument(1, "func"), r.node)

    # Routes

    def routes(self) -> Iterator[Route]:
        for r in decorator_registrations(self.program, ROUTES):
            owner = _owner(r)
            if owner is not None and r.function is not None:
                yield self._route(owner, r, registered_value(self.program, r))
        for r in performed(self.program, frozenset({"route"})):
            owner, callback = _owner(r), r.argument(2, "callback")
            if owner is not None and callback:
                yield self._route(owner, r, callback)

    def _route(self, owner: Atom, r: Registration, handler: Value) -> Route:
        leaf = r.name.rpartition(".")[2]
        position = 1 if leaf == "route" else 2
        methods = (
            (leaf.upper(),) if leaf in VERBS else tuple(m.upper() for m in texts_of(r.argument(position, "method")))
        )
        path = next(iter(texts_of(r.argument(0, "path"))), "")
        return Route(
            owner,
            path,
            handler,
            methods or ("GET",),
            r.argument(-1, "apply"),
            r.argument(-1, "skip"),
            r.conditional,
            r.node if r.function is not None else None,
        )

    # Endpoints

    def endpoints(self, route: Route, atom: Atom) -> Iterator[EntryPoint]:
        function = handler_behind((atom,))
        if function is None:
            return
        skip = 1 if function.owner is not None and self.program.kind(function) != "static" else 0
        call = _calling((atom,), path_parameters(route.path, function, skip), function)
        mounts = tuple(self._mounts(route, call))
        yield EntryPoint(
            self.program, "http", "bottle", function, call, route.methods, mounts, function.module.path,
            router=route.owner, registered_by=route.registered_by,
        )  # fmt: skip

    def _mounts(self, route: Route, call: Rest) -> Iterator[Mount]:
        for way in self.nesting.ways(route.owner):
            hooks = [step for owner in way.through for key, step in self.hooks if key == identity(owner)]
            applied = [p for owner in way.through[-1:] for key, p in self.plugins if key == identity(owner)]
            plugins = [p for p in (*applied, *items_of(route.plugins)) if not _is_skipped(p, route.skipped)]
            steps = (*hooks, *(_plugin(p) for p in plugins))
            path = join_paths(way.path, route.path)
            yield Mount(path, steps, str(identity(way.through[0])), way.conditional or route.conditional, call)


def _owner(registration: Registration) -> Atom | None:
    """The application that a registration acts on."""
    receiver = registration.receiver
    if receiver is None or not isinstance(receiver.shape, t.Obj):
        inherited = receiver is not None and isinstance(receiver.shape, t.Inst)
        return receiver if inherited else DEFAULT if registration.name.startswith("bottle.") else None
    return receiver if receiver.shape.name == APPLICATION else None


def _calling(func: Value, keywords: dict[str, Value], function: Function) -> Rest:
    """The callback with the parts of its address and what plugins give it besides."""
    return lambda a: call_value(a, func, (), keywords | a.passed, handler_node(function))


def _hook(func: Value, node: n.Expr) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        call_value(a, func, (), {}, node)
        return rest(a) if a.state is not None else ()

    return step


def _plugin(plugin: Value) -> Step:
    """``plugin(callback)`` or ``plugin.apply(callback, route)`` gives what is called in the callback's place."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        onward: Value = (Atom(t.Rest(rest)),)
        objects = tuple(
            x for x in plugin if isinstance(x.shape, t.Inst) and a.program.hierarchy.has_attribute(x.shape, "apply")
        )
        if objects:
            wrapped = call_value(a, attribute(a, objects, "apply", node), (onward, t.ANYTHING), {}, node)
        elif any(isinstance(x.shape, t.Func | t.Inst | t.Partial) for x in plugin):
            wrapped = call_value(a, plugin, (onward,), {}, node)
        else:
            a.passed = a.passed | _provided(a, plugin)
            return rest(a)
        return call_value(a, wrapped or onward, (), dict(a.passed), node)

    return step


def _provided(a: Activation, plugin: Value) -> dict[str, Value]:
    """What a library's plugin gives callbacks: its attribute, under its name or the one that ``keyword`` says."""
    given: dict[str, Value] = {}
    for atom in plugin:
        known = a.knowledge.class_of(atom.shape.name) if isinstance(atom.shape, t.Obj) else None
        for name, kind in known.attrs.items() if known is not None else ():
            keyword = next(iter(texts_of(made_with(atom, "keyword"))), name)
            given[keyword] = a.program.libraries.typed(kind, (atom,))
    return given


def _is_skipped(plugin: Value, skipped: Value) -> bool:
    if any(x is True for x in t.constants(skipped)):
        return True
    names = set(texts_of(skipped))
    given = [atom.shape for item in items_of(skipped) for atom in item]
    return any(
        atom.shape in given
        or (isinstance(atom.shape, t.Inst) and (t.ClassRef(atom.shape.info) in given or atom.shape.info.name in names))
        for atom in plugin
    )
