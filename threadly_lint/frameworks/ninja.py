"""Django Ninja: operations on APIs and routers, mounted by Django's URL configuration, behind ``auth`` at any level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.django import mounted_objects
from threadly_lint.frameworks.django_middleware import steps_around
from threadly_lint.frameworks.django_requests import request_value
from threadly_lint.frameworks.django_urls import Pattern
from threadly_lint.frameworks.django_views import Handler
from threadly_lint.frameworks.fastapi import request_argument
from threadly_lint.frameworks.nesting import Nesting, Way
from threadly_lint.program.entry.django_settings import Settings
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import (
    Registration,
    call_registrations,
    decorator_registrations,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, merge
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.types import Atom, Guard, Tag, Value
from threadly_lint.program.symbols.names import Function

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APIS = ("ninja.NinjaAPI", "ninja_extra.NinjaExtraAPI")
ROUTERS = ("ninja.Router",)
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
CALLER = ("credential", "session", "identity")


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every operation, with a mount for each way from Django's URLs through the API and its routers."""
    if not imports(program, "ninja", "ninja_extra"):
        return
    nesting, declared = _nested_routers(program)
    for registration in decorator_registrations(program, VERBS | {"api_operation"}):
        receiver = registration.receiver
        if (
            receiver is not None
            and registration.function is not None
            and is_library(program, receiver, *APIS, *ROUTERS)
        ):
            yield _operation(program, registration, nesting, declared)


Declared = dict[tuple[object, object], Value]


def _nested_routers(program: Program) -> tuple[Nesting, Declared]:
    """Which router hangs where, and the ``auth`` that came with hanging it there."""
    nesting, declared = Nesting(), {}
    for registration in call_registrations(program, frozenset({"add_router"})):
        parent = registration.receiver
        if parent is None or not is_library(program, parent, *APIS, *ROUTERS):
            continue
        prefix = next(iter(texts_of(registration.argument(0, "prefix"))), "")
        for child in _routers(program, registration.argument(1, "router"), registration):
            nesting.add(parent, child, prefix)
            declared[(identity(parent), identity(child))] = registration.argument(2, "auth")
    return nesting, declared


def _routers(program: Program, value: Value, registration: Registration) -> Iterator[Atom]:
    """The routers that are added: objects, or the dotted path of one."""
    from threadly_lint.program.entry.django_settings import named

    for atom in value:
        text = t.text_of((atom,))
        for found in named(program, registration.module, text) if text else (atom,):
            if is_library(program, found, *ROUTERS):
                yield found


def _operation(program: Program, registration: Registration, nesting: Nesting, declared: Declared) -> EntryPoint:
    function, receiver = registration.function, registration.receiver
    assert function is not None
    assert receiver is not None
    leaf = registration.name.rpartition(".")[2]
    is_verb = leaf in VERBS
    methods = (leaf,) if is_verb else tuple(texts_of(registration.argument(0, "methods")))
    path = next(iter(texts_of(registration.argument(0 if is_verb else 1, "path"))), "")
    view: Value = (Atom(t.Func(function)),)
    handler = Handler(function, view, tuple(m.upper() for m in methods), framework="ninja")
    mounts = []
    for way in nesting.ways(receiver):
        auth = _auth(registration, way, declared)
        for prefix, conditional, settings in _places(program, way):
            full = Pattern(join_paths(prefix, way.path, path), view, conditional=conditional or way.conditional)
            around = [make(full, handler) for make in steps_around(settings)] if settings is not None else []
            steps = (*around, _auth_step(auth, handler)) if auth else tuple(around)
            mounts.append(Mount(full.path, steps, str(identity(way.through[0])), full.conditional))
    group = f"{function.path}:{identity(receiver)}"
    return EntryPoint(
        program, "http", "ninja", function, _call(program, function, handler), handler.methods, tuple(mounts), group
    )


def _places(program: Program, way: Way) -> Iterator[tuple[str, bool, Settings | None]]:
    """Where Django's URLs mount the API at the start of a way."""
    for atom, pattern, settings in mounted_objects(program):
        if identity(atom) == identity(way.through[0]) and is_library(program, atom, *APIS):
            yield pattern.path, pattern.conditional, settings


def _auth(registration: Registration, way: Way, declared: Declared) -> Value:
    """The nearest ``auth`` that was given: at the operation, its router, where that was added, outwards; empty for none."""
    if "auth" in registration.keywords:
        return _unless_none(registration.keywords["auth"])
    for position in range(len(way.through) - 1, -1, -1):
        own = made_with(way.through[position], "auth")
        added = (
            declared.get((identity(way.through[position - 1]), identity(way.through[position])), ()) if position else ()
        )
        if found := added or own:
            return _unless_none(found)
    return ()


def _unless_none(value: Value) -> Value:
    return tuple(x for x in value if not t.is_none(x))


def _auth_step(auth: Value, handler: Handler) -> Step:
    """Any one of the callables must answer with something true."""

    def step(a: Activation, rest: Rest) -> Value:
        before, ends = a.state, []
        for item in items_of(auth) or [auth]:
            a.state = before.copy() if before is not None else None
            _authenticate(a, item, handler)
            ends.append(a.state)
        a.state = merge(*ends)
        a.emit("reject", "auth", handler_node(a.function), status=401)
        return rest(a) if a.state is not None else ()

    return step


def _authenticate(a: Activation, by: Value, handler: Handler) -> None:
    node = handler_node(a.function)
    token: Value = t.unknown(frozenset({Tag("credential", "token"), Tag("request", "headers")}))
    results = []
    for atom in by:
        is_own = not isinstance(atom.shape, t.Inst) or _is_called(a, atom.shape)
        code = (atom,) if is_own else attribute(a, (atom,), "authenticate", node)
        if any(isinstance(x.shape, t.Func | t.Inst) for x in code):
            given = (handler.request,) if is_own else (handler.request, token)
            results.append(_answer(a, call_value(a, code, given, {}, node)))
        else:
            name = atom.shape.name if isinstance(atom.shape, t.Obj | t.Lib) else ""
            strength = "strong" if any(f.effect == "guard" for f in a.knowledge.facts(name)) else "unknown"
            results.append(t.proven(t.TRUE, frozenset({Guard(f"auth `{name}`", strength=strength)})))  # type: ignore[arg-type]
    if a.state is None:
        return
    letting = t.keep(t.join(*results), lambda x: t.truthiness(x) is not False)
    if not letting:
        a.state = None
        return
    a.prove(t.common_proof(letting))


def _is_called(a: Activation, shape: t.Inst) -> bool:
    """Whether a class of the project says itself what calling its instances does, in place of the library's base class."""
    owner, _ = a.program.hierarchy.class_attribute(shape.info, "__call__")
    return owner is not None and not owner.module.is_sketch


def _answer(a: Activation, value: Value) -> Value:
    """What an ``auth`` callable answers; if that depends on the caller at all, being let in is a proof.

    One that answers with an anonymous user lets everybody in.
    """
    letting = t.keep(value, lambda x: t.truthiness(x) is not False)
    if not letting or t.common_proof(letting) or any(_is_anonymous(a, x) for x in letting):
        return value
    depends = any(tag.kind in CALLER for tag in t.tags_of(value))
    return t.proven(value, frozenset({Guard("auth callable", strength="strong" if depends else "unknown")}))


def _is_anonymous(a: Activation, atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and a.knowledge.fact(atom.shape.name, "anonymous-user") is not None


def _call(program: Program, function: Function, handler: Handler) -> Rest:
    """The operation with its request and with parameters that its signature declares."""

    def call(a: Activation) -> Value:
        scope = definition_scope(program, function)
        skip = 1 if function.params else 0
        named = [p for p in function.params[skip:] if p.kind not in ("args", "kwargs")]
        keywords = {p.name: request_argument(scope, p) for p in named}
        request = request_value(handler.methods[0] if len(handler.methods) == 1 else "")
        return call_value(a, program.function_value(function), (request,), keywords, handler_node(function))

    return call
