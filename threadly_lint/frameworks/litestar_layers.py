"""What Litestar's layers (application, router, controller, handler) do before a handler runs, and what it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.asgi import Exchange, class_steps, library_step
from threadly_lint.frameworks.requests import path_value, request
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node, proving
from threadly_lint.program.entry.registrations import hook_step, items_of, made_with, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.annotations import annotated, declares_anything
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value, construct
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.request_data import is_text
from threadly_lint.program.interpreter.types import Atom, Guard, Tag, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

REQUEST, SOCKET, PROVIDE = "litestar.Request", "litestar.WebSocket", "litestar.di.Provide"
AUTHENTICATION = "litestar.middleware.AbstractAuthenticationMiddleware"
HANDLER = "litestar.handlers.BaseRouteHandler"
DEFINED = "litestar.middleware.DefineMiddleware"
EXEMPT = "exclude_from_auth"
MAX_DEPTH = 8


class Layer(NamedTuple):
    """One layer: ``get`` gives an option by name; ``options`` are those that a handler's decorator was given."""

    get: Callable[[str], Value]
    options: tuple[tuple[str, Value], ...] = ()


def handler_layer(options: dict[str, Value]) -> Layer:
    """The innermost layer, with the options of a handler's decorator."""
    return Layer(lambda name: options.get(name, ()), tuple(options.items()))


def layer_steps(program: Program, layers: tuple[Layer, ...], kind: str, method: str, path: str) -> Iterator[Step]:
    """Security and middleware of all layers, then guards of all, then the hook of the innermost layer that has one."""
    connection = _connection(kind, method, path)
    open_by_option = any(True in t.constants(x) for x in (layers[-1].get(EXEMPT), _options(layers).get(EXEMPT, ())))
    exchange = Exchange(method, path, kind)
    for layer in layers:
        for item in (*items_of(layer.get("on_app_init")), *items_of(layer.get("middleware"))):
            for atom in item:
                yield from _around(program, atom, exchange, connection, is_open=open_by_option)
    handler = t.obj(HANDLER, opt=(Atom(t.Map(tuple(_options(layers).items()), False)),))
    for layer in layers:
        for guard in items_of(layer.get("guards")):
            yield _calling(guard, (connection, handler))
    hooks = [hook for layer in layers if (hook := t.keep(layer.get("before_request"), lambda x: not t.is_none(x)))]
    if hooks:
        yield hook_step(hooks[-1], (connection,), n.Name(n.NOWHERE, "before_request"))


def _connection(kind: str, method: str, path: str) -> Value:
    name = SOCKET if kind == "websocket" else REQUEST
    return request(name, method, "", url=t.obj("litestar.datastructures.URL", path=path_value(path)))


def _options(layers: tuple[Layer, ...]) -> dict[str, Value]:
    """``opt`` of all layers, and what else a handler's decorator was given."""
    found: dict[str, Value] = {}
    for layer in layers:
        for atom in layer.get("opt"):
            if isinstance(atom.shape, t.Map):
                found.update({k: v for k, v in atom.shape.entries if isinstance(k, str)})
        found.update(layer.options)
    return found


def _calling(func: Value, args: tuple[Value, ...]) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        call_value(a, func, args, {}, handler_node(a.function))
        return rest(a) if a.state is not None else ()

    return step


# Middleware ----------------------------------------------------------------------------------------------------------------


def _around(program: Program, atom: Atom, exchange: Exchange, connection: Value, *, is_open: bool) -> Iterator[Step]:
    """Middleware of the project is run, a library's security configuration proves what it demands."""
    shape, options = atom.shape, dict[str, Value]()
    if isinstance(shape, t.Obj) and shape.name == DEFINED and shape.made is not None:
        options, target = dict(shape.made.keywords), made_with(atom, "middleware", 0)
        atom = target[0] if target else atom
        shape = atom.shape
    excluded = _is_excluded(options.get("exclude", ()), exchange.path)
    if isinstance(shape, t.LibMethod) and isinstance(shape.receiver.shape, t.Obj):
        name = shape.receiver.shape.name
        excluded = excluded or _is_excluded(made_with(shape.receiver, "exclude"), exchange.path)
        if program.knowledge.fact(name, "guard") is not None and not (excluded or is_open):
            yield proving(Guard(f"`{name}`"))
        elif program.knowledge.fact(name, "rate-limit") is not None and not excluded:
            yield library_step(program, name)
    elif isinstance(shape, t.ClassRef) and program.hierarchy.inherits(shape.info, AUTHENTICATION):
        if not (excluded or is_open):
            yield _authentication(shape, options, connection)
    elif isinstance(shape, t.ClassRef | t.Lib) and not excluded:
        yield from class_steps(program, (atom,), options, exchange)
    elif isinstance(shape, t.Func) and not excluded:
        yield _factory((atom,), exchange)


def _is_excluded(patterns: Value, path: str) -> bool:
    return any(re.search(re.escape(x) if "(" in x else x, path) for x in texts_of(patterns) if _is_pattern(x))


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _authentication(shape: t.ClassRef, options: dict[str, Value], connection: Value) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        instance = construct(a, shape.info, (t.ANYTHING,), options, node)
        call_value(a, attribute(a, instance, "authenticate_request", node), (connection,), {}, node)
        return rest(a) if a.state is not None else ()

    return step


def _factory(func: Value, exchange: Exchange) -> Step:
    """``def middleware(app)`` gives the ASGI application that is called in its place."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        outer = call_value(a, func, ((Atom(t.Rest(rest)),),), {}, node)
        return call_value(a, outer, (exchange.scope(), t.ANYTHING, t.ANYTHING), {}, node)

    return step


# The handler ---------------------------------------------------------------------------------------------------------------


def handler_call(
    program: Program, handler: Value, function: Function, layers: tuple[Layer, ...], path: dict[str, Value]
) -> Rest:
    """Call the handler with its dependencies (those of inner layers hide outer ones) and what the request holds."""

    def call(a: Activation) -> Value:
        provided = _dependencies(layers)
        keywords = _arguments(a, function, provided, path, 0)
        return call_value(a, handler, (), keywords, handler_node(function)) if a.state is not None else ()

    return call


def _dependencies(layers: tuple[Layer, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for layer in layers:
        for atom in layer.get("dependencies"):
            if isinstance(atom.shape, t.Map):
                found.update({k: _provided(v) for k, v in atom.shape.entries if isinstance(k, str)})
    return found


def _provided(value: Value) -> Value:
    """The function inside ``Provide(...)``, or one given as it is."""
    return t.join(*(made_with(x, "dependency", 0) if _is_provide(x) else (x,) for x in value))


def _is_provide(atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and atom.shape.name == PROVIDE


def _arguments(
    a: Activation, function: Function, provided: dict[str, Value], path: dict[str, Value], depth: int
) -> dict[str, Value]:
    scope = definition_scope(a.program, function)
    skip = 1 if function.owner is not None and a.program.kind(function) != "static" else 0
    found: dict[str, Value] = {}
    for param in function.params[skip:]:
        if param.kind in ("args", "kwargs") or a.state is None:
            continue
        if param.name in provided and depth < MAX_DEPTH:
            found[param.name] = _inject(a, provided, param.name, path, depth)
        elif param.name in path:
            found[param.name] = path[param.name]
        else:
            found[param.name] = _from_request(scope, param)
    return found


def _inject(a: Activation, provided: dict[str, Value], name: str, path: dict[str, Value], depth: int) -> Value:
    node = handler_node(a.function)
    results = []
    for atom in provided[name]:
        shape = atom.shape
        target = a.program.hierarchy.constructor(shape.info) if isinstance(shape, t.ClassRef) else None
        function = shape.info if isinstance(shape, t.Func) else target
        others = {k: v for k, v in provided.items() if k != name}
        keywords = _arguments(a, function, others, path, depth + 1) if function is not None else {}
        if a.state is not None:
            results.append(call_value(a, (atom,), (), keywords, node))
    return t.join(*results)


def _from_request(scope: Activation, param: n.Parameter) -> Value:
    """What Litestar fills in by type or name; ``data`` without a shape is raw."""
    declared = annotated(scope, param.annotation) if param.annotation is not None else ()
    if declared and all(isinstance(x.shape, t.Obj) and x.shape.name.startswith("litestar.") for x in declared):
        return declared
    if param.name in ("request", "socket"):
        return t.obj(REQUEST if param.name == "request" else SOCKET)
    is_free = param.annotation is None or any(isinstance(x.shape, t.Map) for x in declared)
    if param.name == "data" and (is_free or declares_anything(scope, param.annotation)):  # type: ignore[arg-type]
        return t.tagged(declared or t.ANYTHING, frozenset({Tag("request", "body")}))
    source = "text" if is_text(declared) else "typed"
    return t.tagged(declared or t.obj("str"), frozenset({Tag("request", source)}))
