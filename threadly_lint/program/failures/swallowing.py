"""Handlers in which the error of a call to another system, or of the database, disappears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.boundaries import Boundaries, handler_classes, raises_again
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import children, walk
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call, Operation

OUTSIDE = frozenset({"external-call", "index-read", "index-write", "index-admin", "publish"})
DATABASE = frozenset({"read", "write", "commit", "upsert"})
DATABASE_ERRORS = frozenset(
    """sqlalchemy.exc.SQLAlchemyError sqlalchemy.exc.DBAPIError sqlalchemy.exc.OperationalError django.db.Error
    django.db.DatabaseError django.db.OperationalError psycopg2.Error psycopg.Error
    pymongo.errors.PyMongoError""".split()
)
SAYS_NOTHING = frozenset({"log", "rollback", "close", "sleep", "clock"})
QUIET_CALLS = frozenset({"dict", "list", "set", "tuple", "str", "int", "float", "bool", "len", "range", "print"})
LOCKS = frozenset({"select_for_update", "with_for_update"})
WITH_ERROR = frozenset({"exc_info", "exception"})
TRACEBACKS = "traceback."


@dataclass(frozen=True, eq=False)
class Swallowed:
    """A handler that takes the errors of ``event`` and lets nobody know."""

    event: Event
    function: Function
    span: Span
    trail: tuple[Step, ...]

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol

    @property
    def is_of_database(self) -> bool:
        return self.event.effect in DATABASE


def swallowed_errors(program: Program, calls: Iterable[Call]) -> Iterator[Swallowed]:
    """Each silent handler once, with the first call whose errors it takes."""
    boundaries = Boundaries(program)
    judged: set[tuple[str, Span]] = set()
    for call in calls:
        if call.effect not in OUTSIDE and call.effect not in DATABASE:
            continue
        for operation, occurrence in call.ways:
            for function, node, is_silent in _takers(boundaries, occurrence, operation):
                place = (function.path, Span(*node.span))
                if place not in judged and is_silent:
                    yield Swallowed(call.event, function, place[1], occurrence.trail)
                judged.add(place)


def _takers(
    boundaries: Boundaries, occurrence: Occurrence, operation: Operation
) -> Iterator[tuple[Function, n.Node, bool]]:
    """The handlers of the first construct that takes the errors, each with whether it keeps silent."""
    for frame in occurrence.frames:
        if frame.kind == "callback":
            return
        found = list(_takers_in(boundaries, frame, occurrence.event, operation))
        if found:
            yield from found
            return


def _takers_in(
    boundaries: Boundaries, frame: Frame, event: Event, operation: Operation
) -> Iterator[tuple[Function, n.Node, bool]]:
    failures = boundaries.program.failures
    if frame.kind == "try" and isinstance(frame.node, n.Try):
        for handler, classes in zip(frame.node.handlers, handler_classes(frame.value), strict=False):
            names = failures.names(classes) if handler.exception is not None else set(EVERYTHING)
            if _takes(boundaries, event, names):
                silent = _keeps_silent(handler, frame, operation) and not _asks_for_a_lock(event, frame.node)
                yield frame.function, handler, silent
                return
    for atom in frame.value if frame.kind == "with" else ():
        if isinstance(atom.shape, t.Obj) and atom.shape.name == "contextlib.suppress" and atom.shape.made is not None:
            names = set().union(*(failures.names(v) for v in atom.shape.made.args))
            if _takes(boundaries, event, names):
                yield frame.function, frame.node, True


def _asks_for_a_lock(event: Event, attempt: n.Try) -> bool:
    """Whether a row is to be locked without waiting: that somebody else has it is an expected answer."""
    calls = (x for s in attempt.body for x in walk(s) if isinstance(x, n.Call)) if event.effect in DATABASE else ()
    return any(
        isinstance(call.func, n.Attribute)
        and call.func.attr in LOCKS
        and any(k.name == "nowait" for k in call.keywords)
        for call in calls
    )


def _takes(boundaries: Boundaries, event: Event, names: set[str]) -> bool:
    """Whether a handler for ``names`` takes what comes over the wire (and not only an expected answer)."""
    if names & EVERYTHING:
        return True
    if event.effect in DATABASE:
        return bool(names & DATABASE_ERRORS)
    covers = boundaries.program.failures.covers
    return any(covers(names, (error,)) for error in boundaries.raised_by(event))


# What a handler does --------------------------------------------------------------------------------------------------


def _keeps_silent(handler: n.Handler, frame: Frame, operation: Operation) -> bool:
    nodes = list(own_nodes(handler.body))
    if raises_again(handler) or any(isinstance(x, n.Raise) for x in nodes):
        return False
    if any(isinstance(x, n.Name) and x.id == handler.name for x in nodes) or _tries_again(handler, frame):
        return False
    return all(_says_nothing(x, operation) for x in nodes)


def own_nodes(body: Iterable[n.Node]) -> Iterator[n.Node]:
    """The nodes of a body without those of functions defined in it."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, n.Function | n.Class | n.Lambda):
            pending.extend(children(node))


def _says_nothing(node: n.Node, operation: Operation) -> bool:
    if isinstance(node, n.Call):
        return _is_quiet(node, operation)
    if isinstance(node, n.Return):
        return node.value is None or _is_fallback(node.value)
    if isinstance(node, n.Assign):
        return node.value is None or _is_fallback(node.value)
    return not isinstance(node, n.AugAssign | n.Yield | n.Delete)


def _is_quiet(call: n.Call, operation: Operation) -> bool:
    """Whether a call tells nobody of the error: a log line without it, or tidying up."""
    if any(k.name in WITH_ERROR for k in call.keywords):
        return False
    effects = operation.effects_of(call)
    if effects:
        return effects <= SAYS_NOTHING and not _takes_traceback(call, operation)
    return isinstance(call.func, n.Name) and call.func.id in QUIET_CALLS


def _takes_traceback(call: n.Call, operation: Operation) -> bool:
    return any(o.event.node is call and o.event.api.startswith(TRACEBACKS) for o in operation.occurrences)


def _is_fallback(value: n.Expr) -> bool:
    """A value that tells no failure: nothing, empty, what was there before. A flag or a text may be an answer."""
    if isinstance(value, n.Constant):
        return value.kind in ("None", "int", "float") or not value.value
    if isinstance(value, n.Sequence):
        return not value.items
    if isinstance(value, n.Dict):
        return not value.keys
    return isinstance(value, n.Name | n.Attribute | n.Call)


def _tries_again(handler: n.Handler, frame: Frame) -> bool:
    """Whether the handler only waits for the next round of a loop, and the function raises when rounds are used up."""
    outer = frame.parent
    while outer is not None and outer.kind != "loop":
        outer = outer.parent
    body = frame.function.node.body
    return outer is not None and isinstance(body, tuple) and any(isinstance(x, n.Raise) for s in body for x in walk(s))
