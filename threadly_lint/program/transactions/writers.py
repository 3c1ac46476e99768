"""Who writes a model, and who forgets the step that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.transactions.timeline import (
    Moment,
    Point,
    Timeline,
    can_follow,
    only_on_failure,
    parting,
    timelines,
)
from threadly_lint.program.transactions.transactions import CHANGES, Transactions

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

CREATING = frozenset(
    """create acreate bulk_create abulk_create insert insert_one insert_many insert_all add add_all get_or_create
    aget_or_create create_many""".split()
)
IN_BULK = frozenset(
    "bulk_create abulk_create bulk_update abulk_update add_all insert_many create_many bulk_save_objects".split()
)


@dataclass(frozen=True, eq=False)
class Way:
    """One way in which a model is written."""

    timeline: Timeline
    write: Moment

    @property
    def model(self) -> str:
        return self.write.event.model

    @property
    def creates(self) -> bool:
        """Whether a new row is made."""
        leaf = self.write.event.api.rpartition(".")[2]
        if leaf not in ("add", "add_all", "save", "asave"):
            return leaf in CREATING
        made = (m for m in self.timeline.before(self.write, "construct") if m.event.model == self.model)
        return any(leaf.startswith("add") or m.event.function is self.write.event.function for m in made)

    @property
    def is_bulk(self) -> bool:
        return self.write.event.api.rpartition(".")[2] in IN_BULK

    def steps(self, *effects: str) -> Iterator[Moment]:
        """What belongs to the write: done after it on the path that succeeds, or on the way to it."""
        for moment in self.timeline.of(*effects):
            if moment.index > self.write.index:
                if can_follow(self.write, moment) and not only_on_failure(self.write, moment):
                    yield moment
            elif can_follow(moment, self.write) and not only_on_failure(moment, self.write):
                yield moment


@dataclass(frozen=True, eq=False)
class Lack:
    """A write without the step that goes with it; ``point`` is the innermost call that no way with the step shares."""

    way: Way
    point: Point
    doers: tuple[str, ...]
    lacking: tuple[str, ...]


class Writers:
    """All writes of models of the project."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def ways(self) -> dict[str, list[Way]]:
        """Every way to every write, by model."""
        transactions = Transactions(self.program)
        found: dict[str, list[Way]] = {}
        for line in timelines(self.program):
            for moment in line.of(*CHANGES):
                model = moment.event.model
                if model and transactions.changes_a_row(moment) and self.program.models.named(model) is not None:
                    found.setdefault(model, []).append(Way(line, moment))
        return found

    def lacks(self, ways: Iterable[Way], does: Callable[[Way], Moment | None]) -> Iterator[Lack]:
        """The writes that lack a step, one for each function that would have to take it.

        Those who take it are the functions that write and take the step, or, behind one wrapper, those that write.
        """
        steps = [(way, does(way)) for way in ways]
        good = [(way, step) for way, step in steps if step is not None]
        fine = {p.key for way, _ in good for p in way.write.points}
        joining = {takes(way, step) for way, step in good}
        writing = {way.write.points[-1].symbol for way, _ in good}
        doers = max(joining, writing, key=len)
        bad: dict[str, tuple[Way, Point]] = {}
        for way, step in steps:
            point = next((p for p in reversed(way.write.points) if p.key not in fine), None)
            if step is None and point is not None:
                bad.setdefault(point.symbol, (way, point))
        lacking = tuple(sorted(bad.keys() - joining - writing))
        for symbol in lacking:
            yield Lack(*bad[symbol], tuple(sorted(doers)), lacking)


def takes(way: Way, step: Moment) -> str:
    """The function in which a write and its step come together."""
    level = parting(way.write, step)
    points = way.write.points
    return points[min(level, len(points) - 1)].symbol


def writers(program: Program) -> Writers:
    """The one summary of a program's writes."""
    found: Writers = program.memo.setdefault("writers", Writers(program))
    return found
