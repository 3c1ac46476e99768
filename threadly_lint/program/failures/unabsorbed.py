"""Side effects after a write whose failure turns the finished request into an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.failures.isolation import Isolation
from threadly_lint.program.transactions.misplaced import Chosen
from threadly_lint.program.transactions.pairs import Pair, by_place, innermost, pair
from threadly_lint.program.transactions.timeline import Moment, Timeline, only_on_failure, parting, timelines
from threadly_lint.program.transactions.transactions import CHANGES, Transactions, in_background

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


def unabsorbed(program: Program, chosen: Chosen) -> Iterator[Pair]:
    """Chosen effects that follow a committed write in a request and are not isolated from it."""
    finder = _Finder(program)
    bad, good = [], []
    for timeline in timelines(program):
        entry = timeline.operation.entry_point
        for moment in timeline.moments if entry is not None and entry.is_endpoint else ():
            if chosen(timeline, moment):
                found = finder.fails_a_write(timeline, moment)
                bad.append(found) if found is not None else good.append((moment.key, moment))
    yield from by_place(bad, good, choose=innermost)


class _Finder:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.transactions = Transactions(program)
        self.isolation = Isolation(program)

    def fails_a_write(self, timeline: Timeline, moment: Moment) -> Pair | None:
        write = self._write_before(timeline, moment)
        if write is None or in_background(moment, self.program) or not self.isolation.errors(moment.event):
            return None
        if self.isolation.absorbs(moment, write) or self.transactions.around(timeline, moment) is not None:
            return None
        return pair(timeline, moment, write, parting(write, moment))

    def _write_before(self, timeline: Timeline, moment: Moment) -> Moment | None:
        for write in timeline.before(moment, *CHANGES):
            if not self.transactions.changes_a_row(write) or only_on_failure(write, moment):
                continue
            if not in_background(write, self.program):
                return write
        return None
