"""Writers of a model that leave out the step that most of its writers take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.timeline import Moment
from threadly_lint.program.writers import Lack, Way, writers

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LEAST = 2
NO_EVENTS = ("process", "analytics", "socket")


def forgotten_steps(program: Program, effect: str) -> Iterator[Lack]:
    """Writes that are not followed by ``effect``, although most writers of the model are."""
    known, settings = writers(program), program.settings
    for model in sorted(known.ways):
        if not known.goes_with(model, effect):
            continue
        ways = [way for way in known.ways[model] if not way.is_bulk]
        for lack in known.lacks(ways, lambda way: _step(way, effect)):
            total = len(lack.doers) + len(lack.lacking)
            if len(lack.doers) >= LEAST and total >= settings.majority_count and lack.share >= settings.majority_share:
                yield lack


def _step(way: Way, effect: str) -> Moment | None:
    for step in way.steps(effect):
        fact = step.event.fact
        if fact is None or fact.service not in NO_EVENTS:
            return step
    return None
