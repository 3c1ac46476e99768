"""Calls to other systems whose failure reaches somebody raw, summed up function by function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threadly_lint.program.entry.lifecycle import called_by_others, runs_at_start, tried_again
from threadly_lint.program.failures.boundaries import Boundaries, Escape
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted, walk
from threadly_lint.values import CONFIDENCES, Confidence, Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call, Operation

REACHING_OUT = frozenset({"external-call", "index-read"})
PROGRAMS = frozenset({"curl", "wget", "ssh", "scp", "rsync", "sftp", "ftp"})
NOT_MISSED = frozenset({"metrics"})


@dataclass(eq=False)
class ExposedCall:
    """The first call of a function to one library whose errors nothing handles on the way that ``operation`` takes.

    ``others`` are further such calls of the same function to the same library: one handler would do for all.
    """

    call: Call
    operation: Operation
    occurrence: Occurrence
    escape: Escape
    confidence: Confidence
    others: list[Call] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.call.path

    @property
    def span(self) -> Span:
        return self.call.span

    @property
    def symbol(self) -> str:
        return self.call.symbol

    @property
    def api(self) -> str:
        return self.call.event.api

    @property
    def trail(self) -> tuple[Step, ...]:
        return self.occurrence.trail


def exposed_calls(program: Program, calls: Iterable[Call]) -> Iterator[ExposedCall]:
    """One for each function and library, in source order."""
    boundaries = Boundaries(program)
    found: dict[tuple[str, str, str], ExposedCall] = {}
    for call in sorted(calls, key=lambda c: (c.path, c.span)):
        way = _worst_way(program, boundaries, call)
        if way is None:
            continue
        first = found.setdefault((call.path, call.symbol, call.event.api.partition(".")[0]), way)
        if first is not way:
            first.others.append(call)
    yield from found.values()


def _reaches_out(event: Event) -> bool:
    """Whether the effect talks to another system, be it through a program such as ``curl``."""
    if event.effect == "process":
        return any((t.shape_text(value) or "").split(" ")[0] in PROGRAMS for value in event.args[:1])
    return event.effect in REACHING_OUT and not (event.fact is not None and event.fact.service in NOT_MISSED)


def _worst_way(program: Program, boundaries: Boundaries, call: Call) -> ExposedCall | None:
    """The way to the call on which an error does most harm: an endpoint's first, a certain one before a maybe."""
    ways = []
    for operation, occurrence in call.ways:
        if not _reaches_out(occurrence.event) or _is_cared_for(program, operation, occurrence.event):
            continue
        escape = boundaries.escape(occurrence, operation.entry_point)
        if escape is not None:
            ways.append(ExposedCall(call, operation, occurrence, escape, _confidence(program, operation, escape)))
    return min(ways, key=lambda way: CONFIDENCES.index(way.confidence), default=None)


def _confidence(program: Program, operation: Operation, escape: Escape) -> Confidence:
    """High for endpoints; tasks and code that nothing calls may be cared for by what cannot be seen."""
    entry = operation.entry_point
    if escape.certainty == "unknown" or (entry is not None and entry.kind == "command"):
        return "low"
    if entry is None and (escape.raised_again or called_by_others(program, operation.function)):
        return "low"
    return "high" if entry is not None and entry.is_endpoint else "medium"


def _is_cared_for(program: Program, operation: Operation, event: Event) -> bool:
    """Start-up code may fail loudly, a task with a policy tries again, an unseen caller may have a handler."""
    entry = operation.entry_point
    if _is_super(event.node) or _fails_silently(program, event):
        return True
    if entry is not None:
        return entry.kind == "task" and tried_again(program, operation.function)
    return (
        runs_at_start(program, operation.function)
        or tried_again(program, operation.function)
        or _may_be_handled_by_callers(program, operation.function)
    )


def _fails_silently(program: Program, event: Event) -> bool:
    """Whether the call is told to keep its errors for itself."""
    for name, value in event.keywords:
        fact = program.knowledge.keyword(event.api, name)
        if fact is not None and fact.effect == "fallback" and set(t.constants(value)) == {True}:
            return True
    return False


def _is_super(node: n.Node) -> bool:
    """Whether a method extends a library's own: who uses the class knows its errors."""
    func = node.func if isinstance(node, n.Call) else None
    return isinstance(func, n.Attribute) and isinstance(func.value, n.Call) and dotted(func.value.func) == "super"


def _may_be_handled_by_callers(program: Program, function: Function) -> bool:
    """Whether something of that name is called inside a ``try`` (or at module level), not linked to it for sure."""
    names = {function.name, *_templates(program, function)}
    return any(
        caller is None or call.span in _tried_spans(program, caller)
        for name in names
        for call, _, caller in program.calls_named(name)
    )


def _templates(program: Program, function: Function) -> Iterator[str]:
    """The methods of base classes that call an override as one step of theirs: ``get`` calls ``self.load``."""
    if function.owner is None:
        return
    for call, _, caller in program.calls_named(function.name):
        owner = caller.owner if caller is not None else None
        on_self = isinstance(call.func, n.Attribute) and dotted(call.func.value) == "self"
        if caller is None or owner is None or owner is function.owner:
            continue
        if on_self and owner in program.hierarchy.mro(function.owner):
            yield caller.name


def _tried_spans(program: Program, function: Function) -> frozenset[n.Span]:
    """The places of all calls that stand in the body of a ``try`` with handlers."""
    key = ("tried", function)
    if key not in program.memo:
        bodies = [s for x in walk(function.node) if isinstance(x, n.Try) and x.handlers for s in x.body]
        program.memo[key] = frozenset(x.span for s in bodies for x in walk(s) if isinstance(x, n.Call))
    found: frozenset[n.Span] = program.memo[key]
    return found
