"""What an operation does from beginning to end, in order, every repetition included: which effects can follow which.

``Operation.occurrences`` names each helper once; a timeline enters it wherever it is called, so that "before" and
"after" have a meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter.effects import Event, Frame, Inlined, Occurrence, Outcome
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Operation

MAX_MOMENTS = 1500
MAX_ENTRIES = 4
TOLD = frozenset(
    """read write upsert flush commit rollback begin assign construct external-call sleep process publish index-write
    index-read enqueue cache-get cache-set cache-delete cache-ttl cache-remember lock log report""".split()
)

Key = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class Point:
    """One link of a trail: a call into a function of the project, or the effect at its end."""

    item: Event | Inlined

    @property
    def path(self) -> str:
        return self.item.function.path

    @property
    def span(self) -> Span:
        return Span(*self.item.node.span)

    @property
    def symbol(self) -> str:
        return self.item.function.symbol

    @property
    def key(self) -> Key:
        return self.path, self.span

    @property
    def label(self) -> str:
        """The function or library call that is reached here."""
        return self.item.label if isinstance(self.item, Inlined) else self.item.api

    @property
    def written(self) -> str:
        """What is called here as the source spells it."""
        node = self.item.node
        return (dotted(node.func) if isinstance(node, n.Call) else "") or self.label


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One effect on a timeline. ``points`` leads to it from the operation's start; the last one is the effect."""

    event: Event
    points: tuple[Point, ...]
    index: int

    @property
    def effect(self) -> str:
        return self.event.effect

    @property
    def key(self) -> Key:
        return self.points[-1].key

    @property
    def frames(self) -> Iterator[Frame]:
        """The constructs around the effect, innermost first, through all callers."""
        for level in range(len(self.points) - 1, -1, -1):
            yield from self.frames_at(level)

    def frames_at(self, level: int) -> Iterator[Frame]:
        """The constructs around one link of the trail in its own function, innermost first."""
        frame = self.points[level].item.frame
        return frame.chain() if frame is not None else iter(())

    @property
    def occurrence(self) -> Occurrence:
        calls = tuple(p.item for p in self.points[:-1] if isinstance(p.item, Inlined))
        return Occurrence(self.event, self.event.auth, tuple(self.frames), calls)

    @property
    def trail(self) -> tuple[Step, ...]:
        return self.occurrence.trail


@dataclass(eq=False)
class Timeline:
    """The moments of one operation."""

    operation: Operation
    moments: tuple[Moment, ...]
    memo: dict[object, object] = field(default_factory=dict)

    def of(self, *effects: str) -> list[Moment]:
        return [m for m in self.moments if m.effect in effects]

    @cached_property
    def effects(self) -> frozenset[str]:
        return frozenset(m.effect for m in self.moments)

    @cached_property
    def models_changed(self) -> frozenset[str]:
        return frozenset(m.event.model for m in self.of("write", "upsert")) - {""}

    def before(self, moment: Moment, *effects: str) -> Iterator[Moment]:
        """Earlier moments on a path that leads to ``moment``, the nearest first."""
        for earlier in reversed(self.moments[: moment.index]):
            if earlier.effect in effects and can_follow(earlier, moment):
                yield earlier

    def after(self, moment: Moment, *effects: str) -> Iterator[Moment]:
        """Later moments on a path that comes from ``moment``, the nearest first."""
        for later in self.moments[moment.index + 1 :]:
            if later.effect in effects and can_follow(moment, later):
                yield later


def timelines(program: Program) -> tuple[Timeline, ...]:
    """The timelines of all operations, those of exempt files left out."""
    from threadly_lint.program.subjects import Operation

    if "timelines" not in program.memo:
        found = (o for o in program.each(Operation) if not program.project.is_exempt(o.path))
        teller = _Teller()
        program.memo["timelines"] = tuple(t for o in found if (t := teller.tell(o)).moments)
    told: tuple[Timeline, ...] = program.memo["timelines"]
    return told


class _Teller:
    """Makes timelines; functions without an effect worth telling are left out."""

    def __init__(self) -> None:
        self._telling: dict[int, bool] = {}

    def tell(self, operation: Operation) -> Timeline:
        moments: list[Moment] = []
        entries: dict[int, int] = {}
        stack: list[tuple[Iterator[Event | Inlined], tuple[Point, ...]]]
        stack = [(iter(operation.outcome.events), ())]
        while stack and len(moments) < MAX_MOMENTS:
            items, points = stack[-1]
            item = next(items, None)
            if item is None:
                stack.pop()
            elif isinstance(item, Event):
                if item.effect in TOLD:
                    moments.append(Moment(item, (*points, Point(item)), len(moments)))
            elif self._tells(item.outcome) and entries.get(id(item.outcome), 0) < MAX_ENTRIES and len(points) < 40:
                entries[id(item.outcome)] = entries.get(id(item.outcome), 0) + 1
                stack.append((iter(item.outcome.events), (*points, Point(item))))
        return Timeline(operation, tuple(moments))

    def _tells(self, outcome: Outcome) -> bool:
        known = self._telling.get(id(outcome))
        if known is None:
            self._telling[id(outcome)] = False
            known = self._telling[id(outcome)] = any(
                self._tells(e.outcome) if isinstance(e, Inlined) else e.effect in TOLD for e in outcome.events
            )
        return known


# Paths ------------------------------------------------------------------------------------------------------------


def fork(one: Moment, other: Moment) -> int:
    """The level of the trails at which two moments part: up to there, both are in the same run of the same function."""
    level = 0
    for mine, theirs in zip(one.points[:-1], other.points[:-1], strict=False):
        if mine.item is not theirs.item:
            break
        level += 1
    return level


def parting(write: Moment, other: Moment) -> int:
    """The level from which the trail of another moment goes its own way; receivers of the write's signal are past it."""
    level = fork(write, other)
    while level < min(len(write.points), len(other.points) - 1) and write.points[level].key == other.points[level].key:
        level += 1
    return level


def can_follow(earlier: Moment, later: Moment) -> bool:
    """Whether some path runs through ``earlier`` and then ``later``, given that they were told in this order."""
    level = fork(earlier, later)
    ours, theirs = _outermost_first(earlier, level), _outermost_first(later, level)
    shared = _shared(ours, theirs)
    if shared < len(ours) and shared < len(theirs) and _exclude(ours[shared], theirs[shared]):
        return False
    if _runs_in_any_case(ours, theirs[shared:], later.points[level].item):
        return True
    return not any(_ends(frame) for frame in ours[shared:])


def _runs_in_any_case(ours: Sequence[Frame], theirs: Sequence[Frame], item: Event | Inlined) -> bool:
    """Whether something is done however a block around ``ours`` ends: in its ``finally``, at the exit of its ``with``."""
    final = [frame.node for frame in theirs if frame.kind == "finally"]
    contexts = [frame.node.context for frame in ours if isinstance(frame.node, n.WithItem)]
    left = any(item.node is context for context in contexts)
    return left or any(frame.node is node for frame in ours for node in final)


def only_on_failure(earlier: Moment, later: Moment) -> bool:
    """Whether ``later`` follows only where something failed after ``earlier``: it is in a handler of its own."""
    level = fork(earlier, later)
    ours, theirs = _outermost_first(earlier, level), _outermost_first(later, level)
    return any(frame.kind == "handler" for frame in theirs[_shared(ours, theirs) :])


def in_one_handler(line: Timeline, first: Moment, second: Moment) -> bool:
    """Whether both happen in the handler itself: what dependencies and middleware write is an operation of its own."""
    entry = line.operation.entry_point
    if entry is None:
        return True
    level = fork(first, second)
    items = [p.item for p in first.points[:level]]
    return any(isinstance(x, Inlined) and x.outcome.function is entry.function for x in items)


def in_handler(moment: Moment) -> bool:
    return any(frame.kind == "handler" for frame in moment.frames)


def shared_frames(one: Moment, other: Moment, level: int) -> int:
    """How many constructs, counted from outside, both moments have around them at a level."""
    return _shared(_outermost_first(one, level), _outermost_first(other, level))


def own_frames(one: Moment, other: Moment, level: int) -> list[Frame]:
    """The constructs around ``other`` at a level that are not around ``one`` as well."""
    return _outermost_first(other, level)[shared_frames(one, other, level) :]


def _outermost_first(moment: Moment, level: int) -> list[Frame]:
    return list(moment.frames_at(level))[::-1]


def _shared(ours: Sequence[Frame], theirs: Sequence[Frame]) -> int:
    count = 0
    for one, other in zip(ours, theirs, strict=False):
        if one.node is not other.node or one.side != other.side or one.kind != other.kind:
            break
        count += 1
    return count


def _exclude(one: Frame, other: Frame) -> bool:
    """Two sides of one branch."""
    return one.kind == other.kind == "branch" and one.node is other.node and one.side != other.side


def _ends(frame: Frame) -> bool:
    """Whether a branch or handler always leaves the function."""
    node = frame.node
    if frame.kind == "handler" and isinstance(node, n.Handler):
        return always_leaves(node.body)
    if frame.kind != "branch":
        return False
    if isinstance(node, n.If):
        return always_leaves(node.body if frame.side == 1 else node.orelse)
    return isinstance(node, n.Match) and always_leaves(node.cases[frame.side - 1].body)


def always_leaves(body: Sequence[n.Stmt]) -> bool:
    """Whether a block ends with a return or raise on each of its paths."""
    last = body[-1] if body else None
    if isinstance(last, n.Return | n.Raise):
        return True
    if isinstance(last, n.If):
        return always_leaves(last.body) and always_leaves(last.orelse)
    if isinstance(last, n.With):
        return always_leaves(last.body)
    if isinstance(last, n.Try):
        return always_leaves(last.orelse or last.body) and all(always_leaves(h.body) for h in last.handlers)
    return False
