"""ASGI middleware, as Starlette, FastAPI and others stack it around an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.frameworks.base import call_registrations, decorator_registrations, identity, items_of, made_with
from threadly_lint.program import types as t
from threadly_lint.program.activation import Activation
from threadly_lint.program.attributes import attribute
from threadly_lint.program.calls import call_value, construct
from threadly_lint.program.entry_points import Rest, Step, handler_node
from threadly_lint.program.types import Atom, Guard, Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

BASE = "starlette.middleware.base.BaseHTTPMiddleware"
REQUEST = "starlette.requests.Request"


def middleware_steps(program: Program, application: Atom) -> tuple[Step, ...]:
    """The application's middleware, outermost first."""
    key = ("middleware", identity(application))
    found = program.memo.get(key)
    if found is None:
        found = program.memo[key] = tuple(_steps(program, application))
    return found


def _steps(program: Program, application: Atom) -> list[Step]:
    steps: list[Step] = []
    for item in items_of(made_with(application, "middleware")):
        for atom in item:
            steps.extend(class_steps(program, made_with(atom, "cls", 0)))
    for registration in call_registrations(program, frozenset({"add_middleware"})):
        if registration.receiver is not None and identity(registration.receiver) == identity(application):
            steps.extend(class_steps(program, registration.argument(0, "middleware_class")))
    for registration in decorator_registrations(program, frozenset({"middleware"})):
        if registration.receiver is None or identity(registration.receiver) != identity(application):
            continue
        if registration.function is not None:
            steps.append(around((Atom(t.Func(registration.function)),)))
    return steps


def class_steps(program: Program, value: Value) -> list[Step]:
    """Steps for middleware classes: a project's is run, a library's is what knowledge says."""
    steps: list[Step] = []
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.ClassRef):
            steps.append(_project_middleware(program, shape))
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


def _project_middleware(program: Program, shape: t.ClassRef) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        instance = construct(a, shape.info, (t.ANYTHING,), {}, handler_node(a.function))
        dispatch = attribute(a, instance, "dispatch", handler_node(a.function))
        if any(isinstance(x.shape, t.Func) for x in dispatch):
            return around(dispatch)(a, rest)
        call = attribute(a, instance, "__call__", handler_node(a.function))
        return _pure(a, call, instance, rest)

    return step


def around(func: Value) -> Step:
    """``async def middleware(request, call_next)``: the rest runs where it calls on."""

    def step(a: Activation, rest: Rest) -> Value:
        onward: Value = (Atom(t.Rest(rest)),)
        return call_value(a, func, (t.obj(REQUEST), onward), {}, handler_node(a.function))

    return step


def _pure(a: Activation, call: Value, instance: Value, rest: Rest) -> Value:
    """``async def __call__(self, scope, receive, send)``: the rest runs where it awaits ``self.app``."""
    onward: Value = (Atom(t.Rest(rest)),)
    bound = tuple(_with_app(x, onward) for x in call)
    scope: Value = (Atom(t.Map((("type", t.const("http")),), True)),)
    return call_value(a, bound, (scope, t.ANYTHING, t.ANYTHING), {}, handler_node(a.function))


def _with_app(atom: Atom, onward: Value) -> Atom:
    shape = atom.shape
    if not isinstance(shape, t.Func):
        return atom
    receiver = tuple(
        x._replace(shape=x.shape._replace(args=(onward,))) if isinstance(x.shape, t.Inst) else x for x in shape.bound
    )
    return atom._replace(shape=shape._replace(bound=receiver))
