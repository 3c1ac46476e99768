"""Flask and Quart: routes on applications and blueprints, ``add_url_rule``, class views, hooks, nested blueprints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.flask_views import view_endpoints
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import served, served_by_method
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Step, before, handler_node
from threadly_lint.program.entry.paths import join_paths, path_parameters
from threadly_lint.program.entry.registrations import (
    Registration,
    call_registrations,
    calling,
    decorator_registrations,
    hook_step,
    identity,
    is_library,
    made_with,
    registered_function,
    texts_of,
    underlying,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATIONS = ("flask.Flask", "quart.Quart", "apiflask.APIFlask", "flask_openapi3.OpenAPI")
APIS = ("flask_smorest.Api",)
BLUEPRINTS = (
    "flask.Blueprint",
    "quart.Blueprint",
    "apiflask.APIBlueprint",
    "flask_smorest.Blueprint",
    "flask_openapi3.APIBlueprint",
)
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
ROUTES = VERBS | {"route", "websocket"}
HOOKS = frozenset({"before_request", "before_app_request", "url_value_preprocessor", "app_url_value_preprocessor"})
EVERYWHERE = ("before_app_request", "app_url_value_preprocessor")
INIT = frozenset({"init_app"})


@dataclass(eq=False)
class Node:
    """An application or blueprint: where it is registered, and the hooks before its requests."""

    atom: Atom
    parents: list[tuple[Node, Registration]] = field(default_factory=list)
    hooks: list[Step] = field(default_factory=list)


class Way(NamedTuple):
    """A rule as seen from one of the blueprints around it; ``is_whole`` while every prefix is known.

    ``conditional`` ones exist in development only.
    """

    path: str
    endpoint: str
    steps: tuple[Step, ...] = ()
    is_whole: bool = True
    conditional: bool = False

    def under(self, prefix: Value) -> Way:
        texts = texts_of(prefix)
        is_known = bool(texts) or all(t.is_none(x) for x in prefix)
        return self._replace(path=join_paths(texts[0] if texts else "", self.path), is_whole=self.is_whole and is_known)

    def below(self, blueprint: Value) -> Way:
        """The rule of a blueprint of this name; endpoints are named after it."""
        names = texts_of(blueprint)
        return self._replace(endpoint=f"{names[0]}.{self.endpoint}" if names and self.endpoint else "")


class Site:
    """All applications and blueprints of a project."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes: dict[object, Node] = {}
        self.everywhere: list[Step] = []
        self._read_registrations()
        self._read_apis()
        self._read_hooks()

    def node(self, atom: Atom) -> Node:
        return self.nodes.setdefault(identity(atom), Node(atom))

    def is_application(self, atom: Atom) -> bool:
        return is_library(self.program, atom, *APPLICATIONS)

    def owns_routes(self, atom: Atom | None) -> bool:
        return atom is not None and is_library(self.program, atom, *APPLICATIONS, *BLUEPRINTS)

    def _read_registrations(self) -> None:
        for registration in call_registrations(self.program, frozenset({"register_blueprint"})):
            parent = registration.receiver
            if parent is None:
                continue
            for child in registration.argument(0, "blueprint"):
                if is_library(self.program, child, *BLUEPRINTS):
                    self.node(child).parents.append((self.node(parent), registration))

    def _read_apis(self) -> None:
        """Extensions that register blueprints on the application that they are given, maybe later."""
        for registration in (*call_registrations(self.program, frozenset({"Api"})), *performed(self.program, INIT)):
            made = registration.receiver or next(iter(evaluate(registration.scope, registration.node)), None)
            if made is None or not is_library(self.program, made, *APIS):
                continue
            for application in registration.argument(0, "app"):
                if self.is_application(application):
                    self.node(made).parents.append((self.node(application), registration))

    def _read_hooks(self) -> None:
        for registration in decorator_registrations(self.program, HOOKS):
            if registration.function is not None and self.owns_routes(registration.receiver):
                value = registered_function(registration)
                self._add_hook(registration, value, handler_node(registration.function))
        for registration in call_registrations(self.program, HOOKS):
            if self.owns_routes(registration.receiver) and registration.args:
                self._add_hook(registration, registration.args[0], registration.node)

    def _add_hook(self, registration: Registration, func: Value, node: n.Expr) -> None:
        assert registration.receiver is not None
        reads_address = registration.name.endswith("url_value_preprocessor")
        step = _preprocessor(func, node) if reads_address else hook_step(func, (), node)
        if registration.name.endswith(EVERYWHERE):
            self.everywhere.append(step)
        else:
            self.node(registration.receiver).hooks.append(step)

    def mounts(self, node: Node, path: str, endpoint: str = "", conditional: bool = False) -> Iterator[Mount]:
        """Ways from an application to a rule of ``node``: hooks of outer ones run first. An unnamed endpoint is not known."""
        yield from self._ways(node, Way(path, endpoint, conditional=conditional), 0)

    def _ways(self, node: Node, way: Way, depth: int) -> Iterator[Mount]:
        way = way._replace(steps=(*node.hooks, *way.steps))
        if self.is_application(node.atom) or depth > 6:
            yield self._mount("application", way)
            return
        way = way.below(made_with(node.atom, "name", 0))
        if not node.parents:
            yield self.somewhere(way.under(made_with(node.atom, "url_prefix")).path, way.steps, way.endpoint)
        for parent, registration in node.parents:
            prefix = registration.argument(-1, "url_prefix") or made_with(node.atom, "url_prefix")
            outside = way.under(prefix)._replace(conditional=way.conditional or registration.conditional)
            yield from self._ways(parent, outside, depth + 1)

    def _mount(self, owner: str, way: Way) -> Mount:
        path = join_paths(way.path)
        steps = (*self.everywhere, *way.steps)
        known = served(path if way.is_whole else "", way.endpoint)
        return Mount(path, steps, owner, way.conditional, served=known)

    def somewhere(self, path: str, steps: tuple[Step, ...] = (), endpoint: str = "") -> Mount:
        """The mount of something that no application is seen to take in: the only application there is runs its hooks."""
        applications = [x for x in self.nodes.values() if self.is_application(x.atom)]
        hooks = applications[0].hooks if len(applications) == 1 else ()
        return self._mount("blueprint", Way(path, endpoint, (*hooks, *steps), is_whole=False))


def _preprocessor(func: Value, node: n.Expr) -> Step:
    """A hook that is given the endpoint and the parameters of the URL; what it returns does not matter."""

    def run(a: Activation) -> None:
        serving = a.program.serving
        given = tuple(serving.attribute("flask.Request", name) or t.ANYTHING for name in ("endpoint", "view_args"))
        call_value(a, func, given, {}, node)

    return before("url_value_preprocessor", run)


def site_of(program: Program) -> Site:
    """The applications and blueprints of a project, read once."""
    found: Site | None = program.memo.get("flask site")
    if found is None:
        found = program.memo["flask site"] = Site(program)
    return found


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every route, with one mount for each application that it is reachable through."""
    site = site_of(program)
    for registration in decorator_registrations(program, ROUTES):
        if site.owns_routes(registration.receiver) and registration.function is not None:
            function = registration.function
            yield _function_view(site, registration, registered_function(registration), function)
    added = call_registrations(program, frozenset({"add_url_rule", "add_websocket"}))
    yield from merged(e for r in added if site.owns_routes(r.receiver) for e in _added(site, r))
    for info in program.classes:
        yield from _decorated_class(site, info)


def _function_view(site: Site, registration: Registration, view: Value, function: Function) -> EntryPoint:
    assert registration.receiver is not None
    path = t.shape_text(registration.argument(0, "rule")) or ""
    leaf = registration.name.rpartition(".")[2]
    methods = (leaf.upper(),) if leaf in VERBS else tuple(texts_of(registration.argument(-1, "methods"))) or ("GET",)
    endpoint = next(iter(texts_of(registration.argument(1, "endpoint"))), function.name)
    mounts = site.mounts(site.node(registration.receiver), path, endpoint, registration.conditional)
    methods = tuple(m.upper() for m in methods)
    return EntryPoint(
        site.program,
        "websocket" if "websocket" in leaf else "http",
        "flask",
        function,
        calling(view, (), path_parameters(path, function, 0), function),
        methods,
        tuple(served_by_method(mount, methods) for mount in mounts),
        group=f"{function.module.path}:{identity(registration.receiver)}",
        router=registration.receiver,
        registered_by=registration.node,
    )


def _added(site: Site, registration: Registration) -> Iterator[EntryPoint]:
    for atom in registration.argument(2, "view_func"):
        info = view_class(atom)
        function = underlying((atom,))
        if info is not None:
            yield from class_view(site, registration, info)
        elif function is not None:
            yield _function_view(site, registration, (atom,), function)


def view_class(atom: Atom) -> Class | None:
    """The class behind ``View.as_view("name")``, whatever decorators were put around it."""
    shape = atom.shape
    if isinstance(shape, t.Wrapped):
        return next((c for x in shape.inner if (c := view_class(x)) is not None), None)
    if isinstance(shape, t.Inst):
        return shape.info
    if isinstance(shape, t.Func):
        return next((c for _, v in shape.captured for x in v if (c := view_class(x)) is not None), None)
    return None


def _decorated_class(site: Site, info: Class) -> Iterator[EntryPoint]:
    """``@blp.route("/pets")`` on a class, as Flask-Smorest writes it."""
    from threadly_lint.program.interpreter.calls import arguments

    for decorator in info.node.decorators:
        if not isinstance(decorator, n.Call) or not isinstance(decorator.func, n.Attribute):
            continue
        scope = site.program.hierarchy.scope_of(info)
        for receiver in evaluate(scope, decorator.func.value):
            if decorator.func.attr == "route" and site.owns_routes(receiver):
                args, keywords = arguments(scope, decorator)
                name = "flask.Blueprint.route"
                registration = Registration(name, receiver, args, keywords, decorator, scope, info.module)
                yield from class_view(site, registration, info)


def class_view(site: Site, registration: Registration, info: Class) -> Iterator[EntryPoint]:
    """One entry point for each HTTP method that a class view defines."""
    assert registration.receiver is not None
    path = t.shape_text(registration.argument(0, "rule")) or ""
    methods = tuple(m.upper() for m in texts_of(registration.argument(-1, "methods")))
    endpoint = next(iter(texts_of(registration.argument(1, "endpoint"))), "")
    mounts = tuple(site.mounts(site.node(registration.receiver), path, endpoint, registration.conditional))
    yield from view_endpoints(
        site.program, info, "flask", path, lambda _: mounts, methods, router=registration.receiver
    )
