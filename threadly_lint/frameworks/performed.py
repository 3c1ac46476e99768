"""Registrations as they happen: the code that composes the application is run, and what it registers is noted.

So functions that receive the application, methods, loops and helper functions register like direct calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.entry.development import only_in_development
from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.program.entry.registrations import Registration, class_decorations, decorations
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.effects import Occurrence, Outcome, Visited, occurrences
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Value
from threadly_lint.program.interpreter.wrappers import behind
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

MAX_CLIMB = 8


def performed(program: Program, names: frozenset[str], on: frozenset[str] = frozenset()) -> list[Registration]:
    """Calls of library methods and functions called one of ``names``, with what they are given when they happen.

    ``on`` limits them to calls on attributes of these names (``app.middlewares.append``).
    """
    key = ("performed", names, on)
    found = program.memo.get(key)
    if found is None:
        found = program.memo[key] = list(_perform(program, names, on))
    return found


def _perform(program: Program, names: frozenset[str], on: frozenset[str]) -> Iterator[Registration]:
    calls = [x for name in sorted(names) for x in program.calls_named(name) if _counts(program, x[0], x[1], on)]
    reached: set[int] = set()
    seen: set[object] = set()
    yield from _from_roots(program, starts_of(program, [f or m.body for _, m, f in calls]), names, seen, reached)
    for outcome in _decorating(program, {f for _, _, f in calls if f is not None}):
        yield from noted(program, outcome, names, seen, reached)
    missed = dict.fromkeys(f or m.body for call, m, f in calls if id(call) not in reached)
    yield from _from_roots(program, missed, names, seen, reached)


def _decorating(program: Program, registering: set[Function]) -> Iterator[Outcome]:
    """What happens where functions and classes are decorated with the project's own decorators that register: ``@get("/path")``."""
    makers = {outermost(f) for f in registering if f.parent is not None or f.name == "__call__"}
    if not makers:
        return
    makers |= {f for f in program.functions if f.parent is None and _returns_call_of(f, makers)}
    for decorated, decorator, scope in _decorations(program):
        target = decorator.func if isinstance(decorator, n.Call) else decorator
        if any(_called(program, x) in makers for x in evaluate(scope, target)):
            a = Activation(program, decorated.module.body, {})
            a.patient = True
            with program.runner.patiently():
                _decorate(a, decorated, decorator)
            yield outcome_of(a, is_generator_object=False)


def _decorations(program: Program) -> Iterator[tuple[Function | Class, n.Expr, Activation]]:
    for function, decorator, scope in decorations(program):
        if function.owner is None and function.parent is None and not program.project.is_exempt(function.path):
            yield function, decorator, scope
    for info, decorator, scope in class_decorations(program):
        if not program.project.is_exempt(info.module.path):
            yield info, decorator, scope


def _called(program: Program, atom: t.Atom) -> Function | None:
    """The function that runs when a decorator is called: its own, or ``__call__`` of an object."""
    shape = atom.shape
    if isinstance(shape, t.Func):
        return shape.info
    value = program.hierarchy.class_attribute(shape.info, "__call__")[1] if isinstance(shape, t.Inst) else ()
    return next((x.shape.info for x in value if isinstance(x.shape, t.Func)), None)


def _decorate(a: Activation, decorated: Function | Class, decorator: n.Expr) -> None:
    """Apply one decorator, those below it first."""
    if isinstance(decorated, Class):
        call_value(a, evaluate(a, decorator), ((t.Atom(t.ClassRef(decorated)),),), {}, decorator)
        return
    value: Value = (t.Atom(t.Func(decorated)),)
    for each in reversed(decorated.decorators[decorated.decorators.index(decorator) :]):
        value = behind(a, evaluate(a, each), value, each)


def outermost(function: Function) -> Function:
    while function.parent is not None:
        function = function.parent
    return function


def _returns_call_of(function: Function, makers: set[Function]) -> bool:
    """``def get(path): return route(path, method="GET")``."""
    names = {m.name for m in makers if m.module is function.module}
    if not names or not isinstance(function.node, n.Function):
        return False
    returned = (x.value for x in function.node.body if isinstance(x, n.Return))
    return any(isinstance(x, n.Call) and isinstance(x.func, n.Name) and x.func.id in names for x in returned)


def _counts(program: Program, call: n.Call, module: Module, on: frozenset[str]) -> bool:
    return not program.project.is_exempt(module.path) and (not on or _attribute_called_on(call) in on)


def _from_roots(
    program: Program, roots: Iterable[Function], names: frozenset[str], seen: set[object], reached: set[int]
) -> Iterator[Registration]:
    """What happens when these functions run; calls are noted in ``reached``, each different one counts once (``seen``)."""
    visited: Visited = set()
    for root in roots:
        with program.runner.in_steps(True):
            outcome = program.generic_outcome(root)
        yield from noted(program, outcome, names, seen, reached, visited)


def noted(
    program: Program,
    outcome: Outcome,
    names: frozenset[str],
    seen: set[object] | None = None,
    reached: set[int] | None = None,
    visited: Visited | None = None,
) -> Iterator[Registration]:
    """The calls called one of ``names`` below an outcome, but for callees that were ``visited`` before."""
    seen, reached = set() if seen is None else seen, set() if reached is None else reached
    for occurrence in occurrences(outcome, visited=visited):
        event = occurrence.event
        if event.api.rpartition(".")[2] not in names:
            continue
        reached.add(id(event.node))
        known = (id(event.node), event.receiver, event.args, event.keywords)
        if known not in seen:
            seen.add(known)
            yield from _registrations(program, occurrence)


def _registrations(program: Program, occurrence: Occurrence) -> Iterator[Registration]:
    event = occurrence.event
    module = event.function.module
    conditional = any(map(only_in_development, occurrence.frames))
    assert isinstance(event.node, n.Expr)
    for receiver in event.receiver or (None,):
        yield Registration(
            event.api, receiver, event.args, dict(event.keywords), event.node, program.bindings.body(module), module,
            conditional=conditional, value=event.value,
        )  # fmt: skip


def starts_of(program: Program, functions: Iterable[Function]) -> list[Function]:
    """Where the code that gets to these functions starts: module bodies, and functions that nothing calls."""
    starts: dict[Function, None] = {}
    seen: set[Function] = set()
    for function in functions:
        _climb(program, function, starts, seen, 0)
    return list(starts)


def _attribute_called_on(call: n.Call) -> str:
    func = call.func
    return func.value.attr if isinstance(func, n.Attribute) and isinstance(func.value, n.Attribute) else ""


def _climb(program: Program, function: Function, roots: dict[Function, None], seen: set[Function], depth: int) -> None:
    if function in seen:
        return
    seen.add(function)
    callers = [] if function is function.module.body or depth > MAX_CLIMB else list(_callers(program, function))
    if not callers:
        roots[function] = None
    for caller in callers:
        _climb(program, caller, roots, seen, depth + 1)


def _callers(program: Program, function: Function) -> Iterator[Function]:
    """Functions and module bodies outside tests that call something of this name (of its class, for a constructor)."""
    if function.parent is not None:
        yield function.parent
    name = function.owner.name if function.owner is not None and function.name == "__init__" else function.name
    for _, module, caller in program.calls_named(name):
        if not program.project.is_exempt(module.path):
            yield caller or module.body


def merged(found: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Entry points of one handler become one with several mounts; what is registered twice alike counts once."""
    known: dict[object, EntryPoint] = {}
    for entry in found:
        first = known.setdefault((entry.function, entry.group), entry)
        if first is entry:
            continue
        places = {(m.path, m.owner, m.conditional) for m in first.mounts}
        if not set(entry.methods) <= set(first.methods):
            first.methods = (*first.methods, *(m for m in entry.methods if m not in first.methods))
            places = set()
        first.mounts = (*first.mounts, *(m for m in entry.mounts if (m.path, m.owner, m.conditional) not in places))
    return list(known.values())
