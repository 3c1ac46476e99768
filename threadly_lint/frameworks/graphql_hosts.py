"""Where GraphQL schemas are served: views and applications of other frameworks, and functions that execute a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.asgi import Exchange, middleware_steps
from threadly_lint.frameworks.fastapi import dependency_steps
from threadly_lint.frameworks.performed import performed
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import imports, is_library, made_with, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.types import Atom, Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

VIEWS = (
    "graphene_django.views.GraphQLView.as_view",
    "flask_graphql.GraphQLView.as_view",
    "graphql_server.flask.GraphQLView.as_view",
    "strawberry.flask.views.GraphQLView.as_view",
    "strawberry.django.views.GraphQLView.as_view",
    "strawberry.fastapi.GraphQLRouter",
    "strawberry.asgi.GraphQL",
    "strawberry.aiohttp.views.GraphQLView",
    "ariadne.asgi.GraphQL",
    "starlette_graphene3.GraphQLApp",
    "ariadne_django.views.GraphQLView.as_view",
)
EXECUTING = frozenset({"graphql_sync", "graphql", "execute", "execute_async", "execute_sync"})
MAX_DEPTH = 8


class Host(NamedTuple):
    """One place where a schema is served: its path, what runs before a resolver there, and the view object itself."""

    path: str
    steps: tuple[Step, ...]
    view: Atom | None = None
    conditional: bool = False


def hosts(program: Program) -> list[Host]:
    """Every place where some schema is served."""
    found = program.memo.get("graphql hosts")
    if found is None:
        found = program.memo["graphql hosts"] = [*_flask(program), *_django(program), *_asgi(program)]
    return found


def is_view(atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and atom.shape.name in VIEWS


def views_in(value: Value, depth: int = MAX_DEPTH) -> Iterator[Atom]:
    """GraphQL views in a value, those behind decorators too."""
    for atom in value:
        if is_view(atom):
            yield atom
        elif depth and isinstance(atom.shape, t.Wrapped | t.Func | t.Partial):
            for part in parts_of(atom.shape):
                yield from views_in(part, depth - 1)


def through(view: Value) -> Step:
    """Run what decorators put around a view; where the view itself would run, the resolver does."""

    def step(a: Activation, rest: Rest) -> Value:
        return call_value(
            a, _replaced(view, (Atom(t.Rest(rest)),), MAX_DEPTH), (t.ANYTHING,), {}, handler_node(a.function)
        )

    return step


def _replaced(value: Value, onward: Value, depth: int) -> Value:
    found: list[Value] = []
    for atom in value:
        shape = atom.shape
        if is_view(atom):
            found.append(onward)
        elif depth and isinstance(shape, t.Wrapped):
            found.append((atom._replace(shape=shape._replace(inner=_replaced(shape.inner, onward, depth - 1))),))
        elif depth and isinstance(shape, t.Func):
            captured = tuple((k, _replaced(v, onward, depth - 1)) for k, v in shape.captured)
            found.append((atom._replace(shape=shape._replace(captured=captured)),))
        else:
            found.append((atom,))
    return t.join(*found)


def _flask(program: Program) -> Iterator[Host]:
    from threadly_lint.frameworks.flask import Site

    if not imports(program, "flask", "quart"):
        return
    site = Site(program)
    for registration in performed(program, frozenset({"add_url_rule"})):
        view = registration.argument(2, "view_func")
        if registration.receiver is None or not site.owns_routes(registration.receiver):
            continue
        path = next(iter(texts_of(registration.argument(0, "rule"))), "")
        for found in views_in(view):
            for mount in site.mounts(site.node(registration.receiver), path):
                yield Host(mount.path, (*mount.steps, through(view)), found, registration.conditional)


def _django(program: Program) -> Iterator[Host]:
    from threadly_lint.frameworks.django import all_patterns

    if not imports(program, "django"):
        return
    for pattern, _ in all_patterns(program):
        for found in views_in(pattern.view):
            yield Host(pattern.path, (through(pattern.view),), found, pattern.conditional)


def _asgi(program: Program) -> Iterator[Host]:
    """``include_router``, ``mount``, ``add_route`` and route tables of Starlette and FastAPI applications."""
    if not imports(program, "fastapi", "starlette"):
        return
    for r in performed(program, frozenset({"include_router", "mount", "add_route"})):
        if r.receiver is None or not is_library(
            program, r.receiver, "starlette.applications.Starlette", "fastapi.APIRouter"
        ):
            continue
        included = r.name.endswith("include_router")
        for view in views_in(r.argument(0 if included else 1, "router", "app", "route")):
            prefix = next(iter(texts_of(r.argument(-1, "prefix") if included else r.argument(0, "path"))), "")
            path = join_paths(prefix, next(iter(texts_of(made_with(view, "path", None))), ""))
            dependencies = (*dependency_steps(r.argument(-1, "dependencies"), r.node), *_own_dependencies(view))
            yield Host(
                path, (*middleware_steps(program, r.receiver, Exchange("", path)), *dependencies), view, r.conditional
            )
    for r in performed(program, frozenset({"Starlette", "Route", "Mount"})):
        for application in r.value:
            yield from _tabled(program, application)


def _own_dependencies(view: Atom) -> Iterator[Step]:
    return dependency_steps(made_with(view, "dependencies"), None)


def _tabled(program: Program, application: Atom) -> Iterator[Host]:
    from threadly_lint.program.entry.registrations import items_of

    if not is_library(program, application, "starlette.applications.Starlette"):
        return
    for item in items_of(made_with(application, "routes", 1)):
        for route in item:
            path = next(iter(texts_of(made_with(route, "path", 0))), "")
            for view in views_in((*made_with(route, "endpoint", 1), *made_with(route, "app", 1))):
                yield Host(path, middleware_steps(program, application, Exchange("", path)), view)
