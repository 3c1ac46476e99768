"""Writes that leave a cached read behind as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.caching.cache_keys import may_match, shapes
from threadly_lint.program.caching.caches import Lookup, caches, keeps
from threadly_lint.program.transactions.timeline import Moment
from threadly_lint.program.transactions.writers import Lack, Way, writers
from threadly_lint.values import Confidence

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LEAST, MANY = 2, 4
MODELS_OF_DIGEST = 3
TOUCHING = ("cache-delete", "cache-set", "cache-ttl")


@dataclass(frozen=True, eq=False)
class Stale:
    """A write of a model after which an entry that was made from its rows stays as it was."""

    lookup: Lookup
    lack: Lack
    confidence: Confidence
    others: int = 0

    @property
    def entry(self) -> str:
        return min(self.lookup.shapes)


def stale_entries(program: Program) -> Iterator[Stale]:
    """One for each function that writes and would have to invalidate; where few or none do, one for the entry."""
    known = writers(program)
    for lookup in _long_lived(program):
        for model in sorted(lookup.models):
            ways = [w for w in known.ways.get(model, ()) if not (w.creates and _is_about_one_row(lookup, model))]
            lacks = list(known.lacks(ways, lambda way, entry=lookup: invalidation(way, entry)))  # type: ignore[misc]
            if lacks and _is_practice(program, lacks[0]):
                yield from _summed_up(program, lookup, lacks)
            elif lacks:
                yield Stale(
                    lookup, lacks[0], _doubt(program, lookup, lacks[0]), len(lacks) - 1 if lacks[0].doers else 0
                )


def _summed_up(program: Program, lookup: Lookup, lacks: list[Lack]) -> Iterator[Stale]:
    """All of them, but one for all where there are many."""
    if len(lacks) < program.settings.summary_count:
        yield from (Stale(lookup, lack, "high") for lack in lacks)
    else:
        yield Stale(lookup, lacks[0], "medium", len(lacks) - 1)


def _doubt(program: Program, lookup: Lookup, lack: Lack) -> Confidence:
    """How sure it is where invalidating is not usual: figures and digests of many rows are left to their lifetime.

    Where a few take the trouble, the others seem to have forgotten it.
    """
    few = len(lack.doers) < LEAST or len(lack.doers) * MANY < len(lack.doers) + len(lack.lacking)
    if lack.doers and (few or len(lookup.models) >= MODELS_OF_DIGEST):
        return "low"
    if lack.doers:
        return "medium"
    if caches(program).lives(lookup) == "never":
        return "medium"
    is_figure = all(_only_counts(m) for m in lookup.loads if m.event.model in lookup.models)
    is_digest = len(lookup.models) >= MODELS_OF_DIGEST or len(lack.lacking) >= program.settings.summary_count
    return "low" if is_figure or is_digest else "medium"


def _only_counts(moment: Moment) -> bool:
    return moment.event.api.rpartition(".")[2] in ("aggregate", "aaggregate", "count", "acount", "exists", "aexists")


def _is_practice(program: Program, lack: Lack) -> bool:
    """Whether invalidating is what writers usually do: most of many, or any of a few."""
    total = len(lack.doers) + len(lack.lacking)
    if total < program.settings.summary_count:
        return bool(lack.doers)
    return len(lack.doers) >= program.settings.majority_share * total


def _long_lived(program: Program) -> list[Lookup]:
    """One look-up for each entry that outlives the bound."""
    found: dict[tuple[str, ...], Lookup] = {}
    known = caches(program)
    for lookup in known.lookups:
        life = known.lives(lookup)
        is_short = isinstance(life, int | float) and life < program.settings.ttl_bound
        if lookup.store is not None and lookup.models and lookup.shapes and not is_short:
            found.setdefault(tuple(sorted(lookup.shapes)), lookup)
    return list(found.values())


def _is_about_one_row(lookup: Lookup, model: str) -> bool:
    """Whether the entry holds one row, chosen by a part of the key: a new row cannot be in it."""
    reads = [m for m in lookup.loads if m.event.model == model]
    return any("{}" in text for text in lookup.shapes) and not any(_selects_many(m) for m in reads)


def _selects_many(moment: Moment) -> bool:
    return moment.event.api.rpartition(".")[2] in (
        "all",
        "scalars",
        "fetchall",
        "aggregate",
        "count",
        "filter",
        "iterator",
    )


def invalidation(way: Way, lookup: Lookup) -> Moment | None:
    """What a write does about an entry: deletes it, replaces it or changes its version."""
    for step in way.steps(*TOUCHING):
        if step is lookup.store:
            continue
        texts = shapes(step.event)
        if not texts and (step.effect == "cache-delete" or not keeps(step)):
            return step
        if may_match(texts, lookup.shapes):
            return step
    return None
