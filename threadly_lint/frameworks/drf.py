"""Django REST framework: the routes that a router makes of view sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from threadly_lint.frameworks.django_urls import Pattern, parameters, plain_route
from threadly_lint.program.entry.registrations import Registration, call_registrations, identity, is_library, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import arguments, call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

ROUTERS = ("rest_framework.routers.BaseRouter",)
ON_LIST = (("get", "list"), ("post", "create"))
ON_ROW = (("get", "retrieve"), ("put", "update"), ("patch", "partial_update"), ("delete", "destroy"))
ACTION = "rest_framework.decorators.action"


def is_router(program: Program, atom: Atom) -> bool:
    return is_library(program, atom, *ROUTERS)


def router_patterns(program: Program, router: Atom, pattern: Pattern) -> Iterator[Pattern]:
    """Patterns for every view set that a router knows, below the pattern that mounts ``router.urls``."""
    for registration in _registered(program).get(identity(router), ()):
        prefix = next(iter(texts_of(registration.argument(0, "prefix"))), None)
        path = f"{pattern.path.rstrip('/')}/{plain_route(prefix or '').strip('/')}".rstrip("/") + "/"
        for atom in registration.argument(1, "viewset"):
            if isinstance(atom.shape, t.ClassRef):
                yield from _viewset_patterns(program, atom, replace(pattern, path=path))


def _registered(program: Program) -> dict[object, list[Registration]]:
    """Registrations of view sets, router by router."""
    key = "routers"
    if key not in program.memo:
        found: dict[object, list[Registration]] = {}
        program.memo[key] = found
        for registration in call_registrations(program, frozenset({"register"})):
            if registration.receiver is not None and is_router(program, registration.receiver):
                found.setdefault(identity(registration.receiver), []).append(registration)
    result: dict[object, list[Registration]] = program.memo[key]
    return result


def _viewset_patterns(program: Program, viewset: Atom, pattern: Pattern) -> Iterator[Pattern]:
    assert isinstance(viewset.shape, t.ClassRef)
    info = viewset.shape.info
    for path, routes in ((pattern.path, ON_LIST), (f"{pattern.path}<pk>/", ON_ROW)):
        actions = {verb: name for verb, name in routes if program.hierarchy.class_attribute(info, name)[0] is not None}
        if actions:
            yield _routed(program, viewset, pattern, path, actions, {})
    for name, given in extra_actions(program, info):
        verbs = [m.lower() for m in texts_of(given.get("methods", ()))] or ["get"]
        tail = plain_route(next(iter(texts_of(given.get("url_path", ()))), name))
        on_row = True in t.constants(given.get("detail", ()))
        path = f"{pattern.path}{'<pk>/' if on_row else ''}{tail}/"
        options = {k: v for k, v in given.items() if k not in ("methods", "url_path", "url_name", "detail")}
        yield _routed(program, viewset, pattern, path, dict.fromkeys(verbs, name), options)


def _routed(
    program: Program, viewset: Atom, pattern: Pattern, path: str, actions: dict[str, str], options: dict[str, Value]
) -> Pattern:
    """One route: ``ViewSet.as_view({"get": "list"}, **options)``."""
    assert isinstance(viewset.shape, t.ClassRef)
    info = viewset.shape.info
    scope = program.bindings.body(info.module)
    scope.revive()
    node = n.Name(info.node.name_span, info.name)
    mapping: Value = (Atom(t.Map(tuple((verb, t.const(name)) for verb, name in actions.items()), False)),)
    view = call_value(scope, attribute(scope, (viewset,), "as_view", node), (mapping,), options, node)
    return replace(
        pattern, path=path, view=view, arguments=(*pattern.arguments, *parameters(path[len(pattern.path) :]))
    )


def extra_actions(program: Program, info: Class) -> Iterator[tuple[str, dict[str, Value]]]:
    """Methods under ``@action`` with what the decorator was given, those of base classes included."""
    seen: set[str] = set()
    for base in program.hierarchy.mro(info):
        if not isinstance(base, Class) or base.module.is_sketch:
            continue
        for method in base.method_nodes():
            if method.name in seen:
                continue
            seen.add(method.name)
            for decorator in method.decorators:
                if (given := _action_options(program, base, decorator)) is not None:
                    yield method.name, given


def _action_options(program: Program, owner: Class, decorator: n.Expr) -> dict[str, Value] | None:
    if not isinstance(decorator, n.Call):
        return None
    scope = Activation(program, owner.module.body, {}, class_scope=owner)
    shapes = [x.shape for x in evaluate(scope, decorator.func)]
    if not any(isinstance(s, t.Func) and s.info.symbol == ACTION for s in shapes):
        return None
    args, keywords = arguments(scope, decorator)
    return {**dict(zip(("methods", "detail", "url_path", "url_name"), args, strict=False)), **keywords}
