"""ASGI middleware, as Starlette, FastAPI and others stack it around an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.requests import object_with, path_value
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node, run_steps
from threadly_lint.program.entry.registrations import (
    call_registrations,
    decorator_registrations,
    identity,
    items_of,
    made_with,
    scope_in,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value, construct
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Guard, Tag, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted, walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

BASE = "starlette.middleware.base.BaseHTTPMiddleware"
AUTHENTICATION = "starlette.middleware.authentication.AuthenticationMiddleware"
REQUEST = "starlette.requests.Request"


class Exchange(NamedTuple):
    """What middleware sees of a request: kind, method and path as far as the route tells; empty texts are not known."""

    method: str = ""
    path: str = ""
    kind: str = "http"

    def request(self) -> Value:
        known: dict[str, Value] = {"method": t.const(self.method)} if self.method else {}
        if self.path:
            known["url"] = t.obj("starlette.datastructures.URL", path=path_value(self.path))
        return object_with(REQUEST, known)

    def scope(self) -> Value:
        entries: dict[object, Value] = {"type": t.const(self.kind)}
        if self.method:
            entries["method"] = t.const(self.method)
        if self.path:
            entries["path"] = path_value(self.path)
        return (Atom(t.Map(tuple(entries.items())), frozenset({Tag("request", "headers")})),)


class Middleware(NamedTuple):
    """One layer as declared: a class with its options, or a function ``(request, call_next)``."""

    what: Value
    options: dict[str, Value]
    is_function: bool = False


def middleware_steps(program: Program, application: Atom, exchange: Exchange) -> tuple[Step, ...]:
    """The application's middleware, outermost first, as a request of this kind meets it."""
    key = ("middleware", identity(application))
    found = program.memo.get(key)
    if found is None:
        found = program.memo[key] = list(_declared(program, application))
        _rehearse(program, found)
    return steps_of(program, found, exchange)


def steps_of(program: Program, layers: list[Middleware], exchange: Exchange) -> tuple[Step, ...]:
    steps: list[Step] = []
    for layer in layers:
        if not layer.is_function:
            steps.extend(class_steps(program, layer.what, layer.options, exchange))
        elif exchange.kind == "http":
            steps.append(around(layer.what, exchange.request()))
    return tuple(steps)


def _rehearse(program: Program, layers: list[Middleware]) -> None:
    """Run all layers once with any request, so that what they put on requests is known before handlers ask."""
    module = next(iter(program.modules.values()))
    run_steps(Activation(program, module.body, {}), list(steps_of(program, layers, Exchange())), lambda _: t.ANYTHING)


def _declared(program: Program, application: Atom) -> Iterator[Middleware]:
    """Added later means further out; those given to the constructor stand inside, in their order."""
    added: list[Middleware] = []
    for registration in call_registrations(program, frozenset({"add_middleware"})):
        if registration.receiver is not None and identity(registration.receiver) == identity(application):
            options = {k: v for k, v in registration.keywords.items() if k not in ("middleware_class", "cls")}
            added.append(Middleware(registration.argument(0, "middleware_class", "cls"), options))
    for registration in decorator_registrations(program, frozenset({"middleware"})):
        if registration.receiver is None or identity(registration.receiver) != identity(application):
            continue
        if registration.function is not None:
            added.append(Middleware((Atom(t.Func(registration.function)),), {}, is_function=True))
    yield from reversed(added)
    yield from listed(made_with(application, "middleware"))


def listed(declared: Value) -> Iterator[Middleware]:
    """``middleware=[Middleware(cls, option=...), ...]``."""
    for item in items_of(declared):
        for atom in item:
            made = atom.shape.made if isinstance(atom.shape, t.Obj) else None
            options = {k: v for k, v in made.keywords if k != "cls"} if made is not None else {}
            yield Middleware(made_with(atom, "cls", 0), options)


def class_steps(program: Program, value: Value, options: dict[str, Value], exchange: Exchange) -> list[Step]:
    """Steps for middleware classes: a project's is run, a library's is what knowledge says."""
    steps: list[Step] = []
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.ClassRef):
            steps.append(_project_middleware(shape, options, exchange))
        elif isinstance(shape, t.Lib) and shape.name == AUTHENTICATION:
            steps.append(_authentication(options.get("backend", ()), exchange))
        elif isinstance(shape, t.Lib):
            steps.append(library_step(program, shape.name))
    return steps


def library_step(program: Program, name: str) -> Step:
    """A library's middleware: its effects, and a proof when it guards."""
    facts = program.knowledge.facts(name)

    def step(a: Activation, rest: Rest) -> Value:
        for fact in facts:
            a.emit(fact.effect, name, handler_node(a.function), fact=fact)
            if fact.effect == "guard":
                a.prove(frozenset({Guard(f"middleware `{name}`")}))
        with a.inside("with", handler_node(a.function), value=t.lib(name)):
            return rest(a)

    return step


def _authentication(backend: Value, exchange: Exchange) -> Step:
    """The project's backend is asked who calls; one that never lets anonymous callers pass is a guard."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        if any(isinstance(x.shape, t.Inst) for x in backend):
            call_value(a, attribute(a, backend, "authenticate", node), (exchange.request(),), {}, node)
        return rest(a) if a.state is not None else ()

    return step


def _project_middleware(shape: t.ClassRef, options: dict[str, Value], exchange: Exchange) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        instance = construct(a, shape.info, (t.ANYTHING,), options, node)
        dispatch = attribute(a, instance, "dispatch", node)
        if not any(isinstance(x.shape, t.Func) for x in dispatch):
            dispatch = given_to_base(a.program, shape.info, "dispatch", 1)
        if any(isinstance(x.shape, t.Func) for x in dispatch):
            return around(dispatch, exchange.request())(a, rest) if exchange.kind == "http" else rest(a)
        own = attribute(a, instance, "__call__", node)
        return _pure(a, own, exchange.scope(), rest) if any(isinstance(x.shape, t.Func) for x in own) else rest(a)

    return step


def given_to_base(program: Program, info: Class, keyword: str, position: int = -1) -> Value:
    """What a class of the project hands to its base: ``super().__init__(..., keyword=value)``."""
    init = program.hierarchy.constructor(info)
    if init is None:
        return ()
    scope = scope_in(program, init.module, init)
    calls = (c for c in walk(init.node) if isinstance(c, n.Call) and dotted(c.func) is None and _is_base_constructor(c))
    given = [value for call in calls for value in _argument(call, keyword, position)]
    return t.join(*(evaluate(scope, value) for value in given))


def _argument(call: n.Call, keyword: str, position: int) -> Iterator[n.Expr]:
    yield from (k.value for k in call.keywords if k.name == keyword)
    if 0 <= position < len(call.args):
        yield call.args[position]


def _is_base_constructor(call: n.Call) -> bool:
    """``super().__init__(...)``."""
    func = call.func
    return isinstance(func, n.Attribute) and func.attr == "__init__" and isinstance(func.value, n.Call)


def around(func: Value, request: Value) -> Step:
    """``async def middleware(request, call_next)``: the rest runs where it calls on."""

    def step(a: Activation, rest: Rest) -> Value:
        onward: Value = (Atom(t.Rest(rest)),)
        return call_value(a, func, (request, onward), {}, handler_node(a.function))

    return step


def _pure(a: Activation, call: Value, scope: Value, rest: Rest) -> Value:
    """``async def __call__(self, scope, receive, send)``: the rest runs where it awaits ``self.app``."""
    onward: Value = (Atom(t.Rest(rest)),)
    bound = tuple(_with_app(x, onward) for x in call)
    return call_value(a, bound, (scope, t.ANYTHING, t.ANYTHING), {}, handler_node(a.function))


def _with_app(atom: Atom, onward: Value) -> Atom:
    shape = atom.shape
    if not isinstance(shape, t.Func):
        return atom
    receiver = tuple(
        x._replace(shape=x.shape._replace(args=(onward,))) if isinstance(x.shape, t.Inst) else x for x in shape.bound
    )
    return atom._replace(shape=shape._replace(bound=receiver))
