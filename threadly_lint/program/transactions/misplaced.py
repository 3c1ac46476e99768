"""Effects that lie inside an open transaction, each pinned to the place where it can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.entry.development import only_in_development
from threadly_lint.program.transactions.pairs import Pair, by_place, pair, summed_up
from threadly_lint.program.transactions.timeline import Moment, Timeline, timelines
from threadly_lint.program.transactions.transactions import Transactions

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

Chosen = Callable[[Timeline, Moment], bool]


def misplaced(program: Program, chosen: Chosen) -> Iterator[Pair]:
    """Each chosen effect that happens in a transaction, once for each place that would have to change."""
    transactions = Transactions(program)
    bad, good = [], []
    for timeline in timelines(program):
        for moment in timeline.moments:
            if not chosen(timeline, moment) or any(map(only_in_development, moment.frames)):
                continue
            found = transactions.around(timeline, moment)
            if found is None:
                good.append((moment.key, moment))
            else:
                bad.append(pair(timeline, moment, found.write, found.level, certain=found.certain))
    yield from summed_up(by_place(bad, good), program.settings.summary_count)
