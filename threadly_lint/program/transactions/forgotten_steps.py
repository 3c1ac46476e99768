"""Writers of a model that leave out the step that most of its writers take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Inlined
from threadly_lint.program.transactions.records import audits, records
from threadly_lint.program.transactions.timeline import Moment, in_one_handler, parting
from threadly_lint.program.transactions.writers import Lack, Way, takes, writers

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

Does = Callable[[Way], Moment | None]
LEAST = 2
NEARLY_ALWAYS = 0.8
NO_EVENTS = ("process", "analytics", "socket")


def forgotten_steps(program: Program, effect: str) -> Iterator[Lack]:
    """Writes that are not followed by ``effect``, although most writers of the model are."""
    steps = _Steps(program, effect)
    for ways in writers(program).ways.values():
        yield from _lacking(program, ways, steps.of, lambda way: any(steps.taken(way)))


def forgotten_records(program: Program) -> Iterator[tuple[str, Lack]]:
    """Writes without the audit row that most writers of the model add, with the model of those rows."""
    untold = records(program) | audits(program)
    for record in sorted(audits(program)):
        adds = partial(_recorded, models=frozenset({record}))
        for model in sorted(writers(program).ways.keys() - untold):
            for lack in _lacking(program, writers(program).ways[model], adds, partial(_recorded, models=untold)):
                yield record, lack


def _lacking(program: Program, ways: list[Way], does: Does, excuses: Callable[[Way], object]) -> Iterator[Lack]:
    """Who lacks a step that most take, and takes no step like it either."""
    settings = program.settings
    for lack in writers(program).lacks([way for way in ways if not way.is_bulk], does):
        total = len(lack.doers) + len(lack.lacking)
        is_usual = len(lack.doers) >= settings.majority_share * total
        if is_usual and len(lack.doers) >= LEAST and total >= settings.majority_count and not excuses(lack.way):
            yield lack


def _recorded(way: Way, models: frozenset[str]) -> Moment | None:
    """The row of one of these models that is added with a write."""
    rows = (step for step in way.steps("write", "upsert") if step.event.model in models)
    added = (step for step in rows if Way(way.timeline, step).creates)
    return next((step for step in added if in_one_handler(way.timeline, way.write, step)), None)


class _Steps:
    """Steps of one kind, and which of them are about a model: whoever takes them writes the model, nearly always.

    A step is known by its marks: the helpers through which it is taken and the texts that it is given, such as the name
    of an index.
    """

    def __init__(self, program: Program, effect: str) -> None:
        self.effect = effect
        together: dict[str, dict[str, set[str]]] = {}
        places: dict[str, set[str]] = {}
        for model, ways in writers(program).ways.items():
            for way in ways:
                for step in self.taken(way):
                    for mark in _marks(way, step):
                        together.setdefault(mark, {}).setdefault(takes(way, step), set()).add(model)
                        places.setdefault(mark, set()).update((takes(way, step), way.write.points[-1].symbol))
        self._models = {mark: _usual(list(taken.values())) for mark, taken in together.items() if len(places[mark]) > 1}

    def of(self, way: Way) -> Moment | None:
        """The step that goes with a write."""
        return next((step for step in self.taken(way) if way.model in self._about(way, step)), None)

    def _about(self, way: Way, step: Moment) -> frozenset[str]:
        """The models that all marks have in common, of those that tell anything."""
        telling = [models for mark in _marks(way, step) if (models := self._models.get(mark))]
        return telling[0].intersection(*telling) if telling else frozenset()

    def taken(self, way: Way) -> Iterator[Moment]:
        """All steps of this kind that go with a write, whatever they are about."""
        for step in way.steps(self.effect):
            fact = step.event.fact
            is_told = fact is None or fact.service not in NO_EVENTS
            if is_told and in_one_handler(way.timeline, way.write, step):
                yield step


def _usual(together: list[set[str]]) -> frozenset[str]:
    """The models that are written nearly always."""
    counts = Counter(model for models in together for model in models)
    return frozenset(model for model, count in counts.items() if count >= NEARLY_ALWAYS * len(together))


def _marks(way: Way, step: Moment) -> Iterator[str]:
    """Nothing in particular, then helpers and texts."""
    yield ""
    for point in step.points[parting(way.write, step) : -1]:
        if isinstance(point.item, Inlined):
            yield point.item.outcome.function.symbol
    for value in (*step.event.args, *(v for _, v in step.event.keywords)):
        if text := t.shape_text(value):
            yield text
