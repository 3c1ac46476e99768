"""Flask-RESTful and Flask-RESTX: resources of APIs and namespaces, and the applications and blueprints that take them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.flask import site_of
from threadly_lint.frameworks.flask_views import VERBS, decorators_in, view_call
from threadly_lint.frameworks.nesting import Nesting
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import served_by_method
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import (
    Registration,
    class_registrations,
    handler_behind,
    imports,
    is_library,
    items_of,
    made_with,
    scope_in,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.calls import SPILL
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APIS = ("flask_restful.Api", "flask_restx.Api")
NAMESPACE = "flask_restx.Namespace"


class Routed(NamedTuple):
    """A resource under one path of an API or namespace."""

    owner: Atom
    resource: Class
    path: str
    conditional: bool = False


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every HTTP method of every resource."""
    if imports(program, "flask_restful", "flask_restx", "flask_restplus"):
        site = Site(program)
        yield from merged(entry for routed in site.resources() for entry in site.endpoints(routed))


class Site:
    """All APIs and namespaces of a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.flask = site_of(program)
        self.nesting = Nesting()
        self._read_namespaces()
        for r in performed(program, frozenset({"init_app"})):
            if r.receiver is not None and is_library(program, r.receiver, *APIS):
                self._attach(r.receiver, r.argument(0, "app"), r.conditional)

    def _owns(self, atom: Atom | None) -> bool:
        return atom is not None and is_library(self.program, atom, NAMESPACE, *APIS)

    def _attach(self, api: Atom, homes: Value, conditional: bool = False) -> None:
        for home in homes:
            if self.flask.owns_routes(home):
                self.nesting.add(home, api, _text(made_with(api, "prefix")), conditional)

    def _read_namespaces(self) -> None:
        """``api.add_namespace(ns, path)`` and ``api.namespace(name)``, which makes one and adds it."""
        for r in performed(self.program, frozenset({"add_namespace"})):
            for namespace in r.argument(0, "ns"):
                if r.receiver is not None and is_library(self.program, namespace, NAMESPACE):
                    self._add_namespace(r.receiver, namespace, r.argument(1, "path"), r.conditional)
        for call, module, function in self.program.calls_named("namespace"):
            if isinstance(call.func, n.Attribute) and not self.program.project.is_exempt(module.path):
                scope = scope_in(self.program, module, function)
                made = [x for x in evaluate(scope, call) if is_library(self.program, x, NAMESPACE)]
                for api in evaluate(scope, call.func.value) if made else ():
                    self._add_namespace(api, made[0], ())

    def _add_namespace(self, api: Atom, namespace: Atom, path: Value, conditional: bool = False) -> None:
        given = texts_of(path) or texts_of(made_with(namespace, "path", 2))
        self._attach(api, made_with(api, "app", 0))
        own = given[0] if given else f"/{_text(made_with(namespace, 'name', 0))}"
        self.nesting.add(api, namespace, own, conditional)

    # Resources

    def resources(self) -> Iterator[Routed]:
        for r in performed(self.program, frozenset({"add_resource"})):
            for atom in r.argument(0, "resource"):
                if isinstance(atom.shape, t.ClassRef):
                    yield from self._under(r, atom.shape.info, [*r.args[1:], *items_of(r.keywords.get(SPILL, ()))])
        for info, r in class_registrations(self.program, frozenset({"route", "resource"})):
            yield from self._under(r, info, [*r.args, *items_of(r.keywords.get(SPILL, ()))])

    def _under(self, r: Registration, info: Class, urls: list[Value]) -> Iterator[Routed]:
        if r.receiver is not None and self._owns(r.receiver):
            if is_library(self.program, r.receiver, *APIS):
                self._attach(r.receiver, made_with(r.receiver, "app", 0))
            for path in dict.fromkeys(_text(url) for url in urls) or ("",):
                yield Routed(r.receiver, info, path, r.conditional)

    # Endpoints

    def endpoints(self, routed: Routed) -> Iterator[EntryPoint]:
        info = routed.resource
        for verb in VERBS:
            owner, value = self.program.hierarchy.class_attribute(info, verb)
            function = handler_behind(value)
            if owner is None or function is None:
                continue

            calling = partial(view_call, self.program, info, verb, routed.path, function)
            mounts = tuple(served_by_method(m, (verb.upper(),)) for m in self._mounts(routed, calling))
            yield EntryPoint(
                self.program, "http", "flask", function, calling(), (verb.upper(),), mounts, info.symbol,
                router=routed.owner,
            )  # fmt: skip

    def _mounts(self, routed: Routed, calling: Callable[[list[Value]], Rest]) -> Iterator[Mount]:
        """Ways through namespaces and APIs, whose decorators stand around the resource, into applications."""
        for way in self.nesting.ways(routed.owner):
            inside = [x for x in reversed(way.through) if self._owns(x)]
            around = [d for x in inside for d in decorators_in(made_with(x, "decorators"))]
            path = join_paths(way.path, routed.path)
            for mount in self._outside(way.through[0], path):
                yield replace(mount, call=calling(around), conditional=way.conditional or routed.conditional)

    def _outside(self, outermost: Atom, path: str) -> Iterable[Mount]:
        if self._owns(outermost):
            return [self.flask.somewhere(path)]
        return self.flask.mounts(self.flask.node(outermost), path)


def _text(value: Value) -> str:
    return t.shape_text(value) or ""
