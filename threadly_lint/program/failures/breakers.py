"""Circuit breakers: which calls to other systems go through one, and which calls to the same system go past it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call, Operation

BREAKER = "circuit-breaker"
OUTSIDE = frozenset({"external-call", "index-read", "index-write"})


@dataclass(frozen=True, eq=False)
class BypassedBreaker:
    """A call that reaches a system past the breaker that guards ``guarded``, another call to it."""

    call: Call
    operation: Operation
    occurrence: Occurrence
    guarded: Event


def bypassed_breakers(program: Program, calls: Iterable[Call]) -> Iterator[BypassedBreaker]:
    """One for each call that goes past a breaker on some way."""
    outside = [call for call in calls if call.effect in OUTSIDE]
    ways = [(call, operation, occurrence) for call in outside for operation, occurrence in call.ways]
    guarded: dict[object, Event] = {}
    for _, _, occurrence in ways:
        if _is_guarded(program, occurrence):
            guarded.setdefault(_system(program, occurrence.event), occurrence.event)
    guarded.pop(None, None)
    seen: set[int] = set()
    for call, operation, occurrence in ways if guarded else ():
        other = guarded.get(_system(program, occurrence.event))
        if other is not None and id(call) not in seen and not _is_guarded(program, occurrence):
            seen.add(id(call))
            yield BypassedBreaker(call, operation, occurrence, other)


def _is_guarded(program: Program, occurrence: Occurrence) -> bool:
    return any(_is_breaker(program, frame) for frame in occurrence.frames)


def _is_breaker(program: Program, frame: Frame) -> bool:
    if frame.kind not in ("with", "callback"):
        return False
    names = [x.shape.name for x in frame.value if isinstance(x.shape, t.Lib | t.Obj)]
    owners = [name.rpartition(".")[0] for name in names]
    return any(program.knowledge.fact(name, BREAKER) for name in (*names, *owners) if name)


def _system(program: Program, event: Event) -> object:
    """What tells one system from another: the client that is called, the host of the address, the vendor's library."""
    for atom in event.receiver:
        if isinstance(atom.shape, t.Obj) and atom.shape.made is not None:
            site = atom.shape.made
            return site.module.path, site.call.span
    if event.fact is not None and event.fact.service == "http":
        return _host(event)
    return event.api.partition(".")[0]


def _host(event: Event) -> str | None:
    for value in (*event.args[:2], *(v for k, v in event.keywords if k == "url")):
        host = urlsplit((t.shape_text(value) or "").replace("{}", "")).netloc
        if host:
            return host
    return None
