"""An effect and the write that it goes with, and the place in the source where the two come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from threadly_lint.program.subjects import Operation
from threadly_lint.program.transactions.timeline import Key, Moment, Point, Timeline
from threadly_lint.values import Confidence, Span, Step


@dataclass(frozen=True, eq=False)
class Pair:
    """An effect and a write of the same operation.

    ``point`` is the call through which the effect happens, seen from where its trail parts from that of the write, at
    ``level``. ``others`` counts further places to which the same call leads; ``halves`` are the models of two commits.
    """

    timeline: Timeline
    moment: Moment
    write: Moment
    level: int
    point: Point
    certain: bool = True
    others: int = 0
    halves: tuple[str, str] = ("", "")

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
    def operation(self) -> Operation:
        return self.timeline.operation

    @property
    def endpoint(self) -> str:
        return self.operation.endpoint

    @property
    def api(self) -> str:
        return self.moment.event.api

    @property
    def via(self) -> str:
        """What is called here, as it is written; empty where the effect itself is right here."""
        return self.point.written if self.point is not self.moment.points[-1] else ""

    @property
    def more(self) -> str:
        """How many other places there are, for the end of a message."""
        return f", here and in {self.others} more places" if self.others else ""

    @property
    def model(self) -> str:
        """The model of the write."""
        return self.write.event.model

    @property
    def confidence(self) -> Confidence:
        return "high" if self.certain else "low"

    @property
    def inner(self) -> tuple[Point, ...]:
        """The calls from where the trails part down to the effect, itself left out."""
        return self.moment.points[self.level : -1]


def pair(timeline: Timeline, moment: Moment, write: Moment, level: int, *, certain: bool = True) -> Pair:
    """A pair, seen from where the two trails part."""
    return Pair(timeline, moment, write, level, moment.points[level], certain)


def pinned(bad: Iterable[Pair], good: Iterable[Moment]) -> Iterator[Pair]:
    """One for each place that would have to change.

    That is where the trails part; an inner call that several bad ways and no good one share stands for all of them.
    """
    fine = {p.key for m in good for p in m.points}
    left = sorted(bad, key=lambda b: b.confidence)
    while left:
        key = _most_shared(left, fine)
        covered = [b for b in left if any(p.key == key for p in b.moment.points[b.level :])]
        first = covered[0]
        yield replace(first, point=next(p for p in first.moment.points[first.level :] if p.key == key))
        left = [b for b in left if b not in covered]


def _most_shared(pairs: list[Pair], fine: set[Key]) -> Key:
    top = pairs[0].point.key
    if all(b.point.key == top for b in pairs):
        return top
    counts = Counter(p.key for b in pairs for p in dict.fromkeys(b.inner) if p.key not in fine)
    key, count = max(counts.items(), key=lambda x: x[1], default=(top, 0))
    return key if count > 1 else top


def summed_up(pairs: Iterable[Pair], most: int) -> Iterator[Pair]:
    """All pairs, but one for all where a single call leads to ``most`` places or more."""
    groups: dict[Key, list[Pair]] = {}
    for one in pairs:
        groups.setdefault(one.moment.key, []).append(one)
    for there in groups.values():
        if len(there) < most:
            yield from there
        else:
            yield replace(there[0], others=len(there) - 1)


def innermost(bad: Iterable[Pair], good: Iterable[Moment]) -> Iterator[Pair]:
    """One for each innermost call that no good way shares."""
    fine = {p.key for m in good for p in m.points}
    for one in bad:
        point = next((p for p in reversed(one.moment.points[one.level :]) if p.key not in fine), one.point)
        yield replace(one, point=point)


def where_they_part(bad: Iterable[Pair], _: Iterable[Moment]) -> Iterator[Pair]:
    """One for each call at which the trails part."""
    yield from bad


def by_place(
    pairs: Iterable[Pair],
    moments: Iterable[tuple[Key, Moment]],
    choose: Callable[[Iterable[Pair], Iterable[Moment]], Iterator[Pair]] = pinned,
) -> Iterator[Pair]:
    """Pin pairs effect by effect, one for each place; ``moments`` are good ways to the same effects."""
    good: dict[Key, list[Moment]] = {}
    for key, moment in moments:
        good.setdefault(key, []).append(moment)
    bad: dict[Key, list[Pair]] = {}
    for one in pairs:
        bad.setdefault(one.moment.key, []).append(one)
    seen: set[Key] = set()
    for key, there in bad.items():
        for found in choose(there, good.get(key, ())):
            if found.point.key not in seen:
                seen.add(found.point.key)
                yield found
