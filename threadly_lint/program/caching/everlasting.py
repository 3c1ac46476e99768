"""Cached values that never expire, each pinned to the call that forgets the lifetime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.caching.cache_keys import lifetime, may_match, same_entry, shapes
from threadly_lint.program.caching.caches import LOADS, READ_BACK, Caches, caches, is_constant, keeps, leaf
from threadly_lint.program.transactions.timeline import Key, Moment, Point, Timeline, fork, timelines
from threadly_lint.values import Confidence, Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


@dataclass(frozen=True, eq=False)
class Everlasting:
    """A cached value that is set without an end. ``point`` is the innermost call that no way with a lifetime shares."""

    timeline: Timeline
    moment: Moment
    point: Point
    confidence: Confidence

    @property
    def path(self) -> str:
        return self.point.path

    @property
    def span(self) -> Span:
        return self.point.span

    @property
    def symbol(self) -> str:
        return self.point.symbol

    @property
    def trail(self) -> tuple[Step, ...]:
        return self.moment.trail

    @property
    def api(self) -> str:
        return self.moment.event.api

    @property
    def via(self) -> str:
        """What is called here, as it is written; empty where the value is set right here."""
        return self.point.written if self.point is not self.moment.points[-1] else ""


def everlasting(program: Program) -> Iterator[Everlasting]:
    """One for each call that has to name a lifetime."""
    known = caches(program)
    ways: dict[Key, list[tuple[Timeline, Moment, Confidence | None]]] = {}
    for line in timelines(program):
        for moment in line.of("cache-set"):
            if keeps(moment):
                ways.setdefault(moment.key, []).append((line, moment, _verdict(known, line, moment)))
    for there in ways.values():
        fine = {p.key for _, moment, verdict in there if verdict is None for p in moment.points}
        seen: set[Key] = set()
        for line, moment, verdict in there:
            point = next((p for p in reversed(moment.points) if p.key not in fine), None)
            if verdict is not None and point is not None and point.key not in seen:
                seen.add(point.key)
                yield Everlasting(line, moment, point, verdict)


def _verdict(known: Caches, line: Timeline, moment: Moment) -> Confidence | None:
    """How sure it is that a cached value stays for ever; None when it expires, or is no cached value."""
    if lifetime(moment.event, known.program) != "never":
        return None
    if any(same_entry(moment, other) for other in line.after(moment, "cache-ttl")):
        return None
    if known.fills(line, moment):
        return "high"
    if leaf(moment) in READ_BACK or known.renews(line, moment):
        return None
    if known.is_cache(moment):
        return None if is_constant(moment) else "high"
    loaded = any(fork(load, moment) == len(moment.points) - 1 for load in line.before(moment, *LOADS))
    is_cached = loaded and not is_constant(moment) and may_match(shapes(moment.event), known.read)
    return "medium" if is_cached else None
