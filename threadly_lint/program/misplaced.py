"""Effects that lie inside an open transaction, each pinned to the place where it can be moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.timeline import Key, Moment, Point, Timeline, timelines
from threadly_lint.program.transactions import OpenTransaction, Transactions
from threadly_lint.values import Confidence, Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Operation

Chosen = Callable[[Moment], bool]


@dataclass(frozen=True, eq=False)
class Misplaced:
    """An effect that happens while a transaction is open.

    ``point`` is the call to move: where its trail parts from the write's, or a call further in that all of them share.
    """

    point: Point
    moment: Moment
    transaction: OpenTransaction
    operation: Operation

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
        """What is called here, as it is written; empty where the effect itself is right here."""
        return self.point.written if self.point is not self.moment.points[-1] else ""

    @property
    def model(self) -> str:
        """The model of the write that shares the transaction."""
        return self.transaction.write.event.model

    @property
    def confidence(self) -> Confidence:
        return "high" if self.transaction.certain else "low"


def misplaced(program: Program, chosen: Chosen) -> Iterator[Misplaced]:
    """Each chosen effect that happens in a transaction, once for each place that would have to change."""
    transactions = Transactions(program)
    ways: dict[Key, list[tuple[Timeline, Moment, OpenTransaction | None]]] = {}
    for timeline in timelines(program):
        for moment in timeline.moments:
            if chosen(moment):
                ways.setdefault(moment.key, []).append((timeline, moment, transactions.around(timeline, moment)))
    places: set[Key] = set()
    for there in ways.values():
        bad = [Misplaced(m.points[o.level], m, o, line.operation) for line, m, o in there if o is not None]
        if bad:
            found = _pinned(sorted(bad, key=lambda b: b.confidence), [m for _, m, o in there if o is None])
            yield from (one for one in found if one.point.key not in places)
            places.update(b.point.key for b in bad)


def _pinned(bad: list[Misplaced], good: list[Moment]) -> Iterator[Misplaced]:
    """One for each place: an inner call that several bad ways and no good one share stands for all of them."""
    fine = {p.key for m in good for p in m.points}
    while bad:
        shared = Counter(p.key for b in bad for p in dict.fromkeys(_inner_calls(b)) if p.key not in fine)
        tops = {b.point.key for b in bad}
        best, count = max(shared.items(), key=lambda x: x[1], default=(bad[0].point.key, 0))
        if count < 2 or len(tops) == 1:
            best = bad[0].point.key
        covered = [b for b in bad if any(p.key == best for p in b.moment.points[b.transaction.level :])]
        first = covered[0]
        point = next(p for p in first.moment.points[first.transaction.level :] if p.key == best)
        yield Misplaced(point, first.moment, first.transaction, first.operation)
        bad = [b for b in bad if b not in covered]


def _inner_calls(found: Misplaced) -> tuple[Point, ...]:
    return found.moment.points[found.transaction.level : -1]
