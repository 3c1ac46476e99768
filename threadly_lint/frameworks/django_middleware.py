"""Django middleware: what the settings put around every view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from threadly_lint.frameworks.asgi import library_step
from threadly_lint.frameworks.django_requests import Routes, request_value
from threadly_lint.program.entry.django_settings import Settings, is_atomic
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node
from threadly_lint.program.entry.registrations import once
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value, construct
from threadly_lint.program.interpreter.class_decorators import method_decorators
from threadly_lint.program.interpreter.effects import Event, Inlined
from threadly_lint.program.interpreter.intrinsics import is_marked
from threadly_lint.program.interpreter.types import Atom, Value

if TYPE_CHECKING:
    from threadly_lint.frameworks.django_urls import Pattern
    from threadly_lint.frameworks.django_views import Handler
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function, Module

ATOMIC = "django.db.transaction.atomic"
NON_ATOMIC = "non_atomic_requests"
TELLING = frozenset({"reject", "rate-limit", "begin", "report", "trace", "metric", "guard"})
TURNING_AWAY = frozenset({401, 403, 429})

Around = Callable[["Pattern", "Handler"], Step]


def steps_around(settings: Settings) -> list[Around]:
    """For each middleware that matters to a view, in order, what makes its step for a pattern and a handler."""
    key = ("django middleware", settings)
    if key not in settings.program.memo:
        settings.program.memo[key] = _steps_around(settings)
    found: list[Around] = settings.program.memo[key]
    return found


def _steps_around(settings: Settings) -> list[Around]:
    found: list[Around] = []
    routes = Routes(_modules(settings))
    for text in settings.texts("MIDDLEWARE") or settings.texts("MIDDLEWARE_CLASSES"):
        for atom in settings.named(text):
            if isinstance(atom.shape, t.ClassRef | t.Func):
                around = _project_middleware(atom, routes)
                if atom.shape.info.module.is_sketch or _matters(settings.program, atom):
                    found.append(around)
            elif isinstance(atom.shape, t.Lib) and _is_telling(settings.program, atom.shape.name):
                found.append(_library_middleware(settings.program, atom.shape.name))
    if is_atomic(settings):
        found.append(_atomic)
    return found


def _modules(settings: Settings) -> set[Module]:
    """Where texts that tell paths apart may stand: the modules of the middleware and its bases, and the settings."""
    texts = settings.texts("MIDDLEWARE") or settings.texts("MIDDLEWARE_CLASSES")
    shapes = [x.shape for text in texts for x in settings.named(text)]
    functions = {s.info.module for s in shapes if isinstance(s, t.Func)}
    lines = [settings.program.hierarchy.mro(s.info) for s in shapes if isinstance(s, t.ClassRef)]
    return {*settings.modules, *functions, *(c.module for line in lines for c in line if not isinstance(c, str))}


def _is_telling(program: Program, name: str) -> bool:
    return any(fact.effect in TELLING for fact in program.knowledge.facts(name))


def _library_middleware(program: Program, name: str) -> Around:
    return lambda pattern, handler: library_step(program, name)


def _project_middleware(atom: Atom, routes: Routes) -> Around:
    def around(pattern: Pattern, handler: Handler) -> Step:
        method = handler.methods[0] if len(handler.methods) == 1 else ""
        return _step(atom, request_value(method, routes.sample(pattern)), handler.view)

    return around


def _step(atom: Atom, request: Value, view: Value) -> Step:
    def step(a: Activation, onward: Rest) -> Value:
        node = handler_node(a.function)
        rest = once(onward)
        if isinstance(atom.shape, t.Func):
            response: Value = (Atom(t.Rest(rest)),)
            return call_value(a, call_value(a, (atom,), (response,), {}, node), (request,), {}, node)
        assert isinstance(atom.shape, t.ClassRef)
        instance: Value = ()

        def through(inner: Activation) -> Value:
            """``process_view`` stands between the middleware and the view."""
            hook = attribute(inner, instance, "process_view", node)
            if not any(isinstance(x.shape, t.Func) for x in hook):
                return rest(inner)
            answer = call_value(inner, hook, (request, view, t.ANYTHING, t.ANYTHING), {}, node)
            silent = t.keep(answer, t.is_none)
            if inner.state is None or (answer and not silent):
                return answer
            inner.prove(t.common_proof(silent))
            return rest(inner)

        instance = construct(a, atom.shape.info, ((Atom(t.Rest(through)),),), {}, node)
        call = attribute(a, instance, "__call__", node)
        if not any(isinstance(x.shape, t.Func) for x in call):
            return through(a)
        return call_value(a, call, (request,), {}, node)

    return step


def _matters(program: Program, atom: Atom) -> bool:
    """Whether a middleware of the project proves, turns away, limits or surrounds anything: tried out once."""
    function = _own_code(program, atom)
    if function is None:
        return False
    a = Activation(program, function, {})
    onward: list[bool] = []

    def rest(inner: Activation) -> Value:
        frames = inner.frame.chain() if inner.frame is not None else ()
        onward.append(bool(inner.state and inner.state.auth) or any(f.kind in ("try", "with") for f in frames))
        return t.obj("django.http.HttpResponse")

    _step(atom, request_value(), t.ANYTHING)(a, rest)
    return any(onward) or not onward or _tells(a.events, set())


def _own_code(program: Program, atom: Atom) -> Function | None:
    if isinstance(atom.shape, t.Func):
        return atom.shape.info
    assert isinstance(atom.shape, t.ClassRef)
    info = atom.shape.info
    names = ("__call__", "process_request", "process_view", "__init__")
    values = [program.hierarchy.class_attribute(info, name)[1] for name in names]
    return next((x.shape.info for v in values for x in v if isinstance(x.shape, t.Func)), None)


def _tells(events: list[Event | Inlined], seen: set[int]) -> bool:
    for event in events:
        if isinstance(event, Event):
            if event.effect in TELLING or event.effect == "redirect" or event.status in TURNING_AWAY:
                return True
        elif id(event.outcome) not in seen:
            seen.add(id(event.outcome))
            if _tells(event.outcome.events, seen):
                return True
    return False


def _atomic(pattern: Pattern, handler: Handler) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        if _opts_out(a.program, handler):
            return rest(a)
        a.emit("begin", ATOMIC, node, fact=a.knowledge.fact(ATOMIC))
        with a.inside("with", node, value=t.lib(ATOMIC)):
            return rest(a)

    def untouched(a: Activation, rest: Rest) -> Value:
        return rest(a)

    return untouched if is_marked(handler.view, NON_ATOMIC) else step


def _opts_out(program: Program, handler: Handler) -> bool:
    """Whether ``@method_decorator(non_atomic_requests, name="dispatch")`` stands on the view's class."""
    around = method_decorators(program, handler.info).get("dispatch", []) if handler.info is not None else []
    shapes = [x.shape for value in around for x in value]
    names = [s.name for s in shapes if isinstance(s, t.Lib)] + [s.info.symbol for s in shapes if isinstance(s, t.Func)]
    return any(name.rpartition(".")[2] == NON_ATOMIC for name in names)
