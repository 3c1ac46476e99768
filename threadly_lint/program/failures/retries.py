"""Retries of calls to other systems that never give up, or that come without a pause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.boundaries import Boundaries, handler_classes
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Frame, Occurrence, occurrences
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import children, walk
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call, Operation

OUTSIDE = frozenset({"external-call", "index-read", "index-write", "publish"})
NEVER = "stop_never"


@dataclass(frozen=True, eq=False)
class LooseRetry:
    """A retry of ``api`` without an end (``endless``) or without a pause between the attempts."""

    function: Function
    span: Span
    api: str
    is_endless: bool

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def loose_retries(program: Program, calls: Iterable[Call]) -> Iterator[LooseRetry]:
    """Decorators and loops, each once."""
    for function in program.functions:
        yield from _of_decorators(program, function)
    seen: set[tuple[str, n.Span]] = set()
    boundaries = Boundaries(program)
    for call in calls:
        if call.effect in OUTSIDE:
            for operation, occurrence in call.ways:
                yield from _of_loops(boundaries, operation, occurrence, seen)


# Decorators ------------------------------------------------------------------------------------------------------------


def _of_decorators(program: Program, function: Function) -> Iterator[LooseRetry]:
    for decorator in function.decorators:
        name = _retrying_library(program, decorator, function)
        api = _first_call_outside(program, function) if name else ""
        keywords = decorator.keywords if isinstance(decorator, n.Call) else ()
        if not api or any(keyword.name is None for keyword in keywords):
            continue
        given = {k.name for k in keywords if not _is_never(k.value)}
        bounds, waits = (program.knowledge.keywords(name, effect) for effect in ("retry-bound", "retry-wait"))
        if not given & bounds or (waits and not given & waits):
            yield LooseRetry(function, Span(*decorator.span), api, not given & bounds)


def _retrying_library(program: Program, decorator: n.Expr, function: Function) -> str:
    """The library's name of a decorator that can be given a bound; empty for any other."""
    from threadly_lint.program.entry.registrations import scope_in
    from threadly_lint.program.interpreter.expressions import evaluate

    target = decorator.func if isinstance(decorator, n.Call) else decorator
    for atom in evaluate(scope_in(program, function.module, function.parent), target):
        if isinstance(atom.shape, t.Lib) and program.knowledge.keywords(atom.shape.name, "retry-bound"):
            return atom.shape.name
    return ""


def _is_never(value: n.Expr) -> bool:
    name = value.attr if isinstance(value, n.Attribute) else value.id if isinstance(value, n.Name) else ""
    return name == NEVER or (isinstance(value, n.Constant) and value.kind == "None")


def _first_call_outside(program: Program, function: Function) -> str:
    found = occurrences(program.generic_outcome(function))
    return next((o.event.api for o in found if o.effect in OUTSIDE), "")


# Loops -----------------------------------------------------------------------------------------------------------------


def _of_loops(
    boundaries: Boundaries, operation: Operation, occurrence: Occurrence, seen: set[tuple[str, n.Span]]
) -> Iterator[LooseRetry]:
    for attempt, loop in _attempts(boundaries, occurrence):
        place = (loop.function.path, loop.node.span)
        if place in seen:
            continue
        seen.add(place)
        endless = isinstance(loop.node, n.While) and _is_endless(loop.node, attempt)
        if endless or (_counts(loop.node) and not _pauses(operation, loop.node)):
            yield LooseRetry(loop.function, Span(*_head(loop.node)), occurrence.event.api, endless)


def _attempts(boundaries: Boundaries, occurrence: Occurrence) -> Iterator[tuple[n.Try, Frame]]:
    """Each ``try`` around the call that stands in a loop of its function, leaves it on success and goes on after a failure."""
    for frame in occurrence.frames:
        if frame.kind != "try" or not isinstance(frame.node, n.Try):
            continue
        loop = next((f for f in frame.chain() if f.kind == "loop" and f.function is frame.function), None)
        if loop is None or not isinstance(loop.node, n.While | n.For):
            continue
        if not _takes_failures(boundaries, frame, occurrence) or _asks_anew(loop, occurrence):
            continue
        rest = (*frame.node.body, *frame.node.orelse, *_after(loop.node.body, frame.node))
        if _leaves(rest) and not all(_always_leaves(handler.body) for handler in frame.node.handlers):
            yield frame.node, loop


def _takes_failures(boundaries: Boundaries, frame: Frame, occurrence: Occurrence) -> bool:
    """Whether a handler takes errors of the other system; one for an expected answer decides what to ask next."""
    failures, known = boundaries.program.failures, boundaries.program.knowledge
    names = set().union(*(failures.names(classes) for classes in handler_classes(frame.value)))
    handlers = frame.node.handlers if isinstance(frame.node, n.Try) else ()
    if names & EVERYTHING or any(handler.exception is None for handler in handlers):
        return True
    raised = boundaries.raised_by(occurrence.event)
    return not raised or any(known.is_subclass(x, y) or known.is_subclass(y, x) for x in names for y in raised)


def _asks_anew(loop: Frame, occurrence: Occurrence) -> bool:
    """Whether each round asks for something else: what the call is given is set within the loop."""
    own = next((c.node for c in reversed(occurrence.calls) if c.function is loop.function), occurrence.event.node)
    if occurrence.event.function is loop.function:
        own = occurrence.event.node
    if not isinstance(own, n.Call) or not isinstance(loop.node, n.While | n.For):
        return False
    given = {x.id for v in (*own.args, *(k.value for k in own.keywords)) for x in walk(v) if isinstance(x, n.Name)}
    assigned = (x for s in loop.node.body for x in walk(s) if isinstance(x, n.Assign))
    return any(isinstance(target, n.Name) and target.id in given for x in assigned for target in walk(*x.targets))


def _after(body: tuple[n.Stmt, ...], attempt: n.Try) -> tuple[n.Stmt, ...]:
    """What follows the attempt in the loop."""
    place = next((i for i, statement in enumerate(body) if statement is attempt), len(body))
    return body[place + 1 :]


def _is_endless(loop: n.While, attempt: n.Try) -> bool:
    """``while True`` whose failures never lead out of it."""
    forever = isinstance(loop.test, n.Constant) and loop.test.value not in ("", "0", "False", "None")
    return forever and not any(_leaves(handler.body) for handler in attempt.handlers)


def _counts(loop: n.Node) -> bool:
    """``for attempt in range(3)``, where the number does not choose what to work on."""
    if not isinstance(loop, n.For) or not isinstance(loop.iterable, n.Call):
        return False
    func = loop.iterable.func
    return isinstance(func, n.Name) and func.id == "range" and not _chooses(loop)


def _chooses(loop: n.For) -> bool:
    """Whether the loop's variable is an index or a bound of a slice."""
    chosen = loop.target.id if isinstance(loop.target, n.Name) else ""
    subscripts = (x.index for s in loop.body for x in walk(s) if isinstance(x, n.Subscript))
    return any(isinstance(x, n.Name) and x.id == chosen for index in subscripts for x in walk(index))


def _pauses(operation: Operation, loop: n.Node) -> bool:
    return any(o.effect == "sleep" and any(f.node is loop for f in o.frames) for o in operation.occurrences)


def _always_leaves(body: tuple[n.Stmt, ...]) -> bool:
    last = body[-1] if body else None
    return isinstance(last, n.Raise | n.Return) or (isinstance(last, n.Jump) and last.kind == "break")


def _leaves(body: Iterable[n.Node]) -> bool:
    """Whether some path through these statements ends the loop around them."""
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, n.Raise | n.Return) or (isinstance(node, n.Jump) and node.kind == "break"):
            return True
        if not isinstance(node, n.Function | n.Class | n.Lambda | n.While | n.For):
            pending.extend(children(node))
        elif isinstance(node, n.While | n.For):
            pending.extend(x for x in walk(*node.body) if isinstance(x, n.Return | n.Raise))
    return False


def _head(loop: n.Node) -> n.Span:
    """The first line of a loop."""
    part = loop.test if isinstance(loop, n.While) else loop.iterable if isinstance(loop, n.For) else loop
    line, column, *_ = loop.span
    return (line, column, part.span[2], part.span[3])
