"""Database accesses of an endpoint that nobody authenticates, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.access.counters import counts_visits
from threadly_lint.program.access.counts import shows_no_row
from threadly_lint.program.access.provisions import provides_row
from threadly_lint.program.access.saves import is_saved
from threadly_lint.program.access.siblings import only_shows
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.switches import is_excused
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.values import Confidence

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint, Run

MAX_DEPTH = 4
WRITES = ("write", "commit", "construct", "assign")


class Access(NamedTuple):
    """One effect on the database through one mount."""

    run: Run
    occurrence: Occurrence
    confidence: Confidence

    @property
    def writes(self) -> bool:
        return self.occurrence.effect in WRITES

    @property
    def rank(self) -> tuple[bool, bool]:
        """Sorts the worst first: writes before reads, certain before maybe."""
        return not self.writes, self.confidence == "low"


def unguarded_accesses(endpoint: EntryPoint, *, least: Confidence = "medium") -> list[Access]:
    """Accesses without proof of an authenticated caller, worst first; those of lower confidence than ``least`` left out.

    Mounts that exist in development only do not count.
    """
    runs = [run for run in endpoint.runs if not run.mount.conditional]
    found = [a for run in runs for o in run.inside if (a := _access(endpoint, run, o)) is not None]
    return sorted((a for a in found if least == "low" or a.confidence != "low"), key=lambda a: a.rank)


def _access(endpoint: EntryPoint, run: Run, occurrence: Occurrence) -> Access | None:
    if occurrence.effect == "read" and (not run.answers_anybody or reads_to_check(endpoint, run)):
        return None
    if occurrence.effect not in (*WRITES, "read") or any(g.strength != "unknown" for g in occurrence.auth):
        return None
    if not is_saved(endpoint.program, run.occurrences, occurrence):
        return None
    return Access(run, occurrence, _confidence(endpoint, run, occurrence))


def reads_to_check(endpoint: EntryPoint, run: Run) -> bool:
    """Whether only known callers change anything, and the others are shown no row: what is read tells who may change it."""
    changes = [o for o in run.inside if o.effect in WRITES]
    if not changes or not all(map(_is_checked, changes)):
        return False
    own = endpoint.function
    answers = (o for o in run.inside if o.effect == "response" or (o.effect == "return" and o.event.function is own))
    return not any(_shows_row(endpoint, o) for o in answers if not _is_checked(o))


def _is_checked(occurrence: Occurrence) -> bool:
    return any(g.strength != "unknown" for g in occurrence.auth)


def _shows_row(endpoint: EntryPoint, answer: Occurrence) -> bool:
    event = answer.event
    given = (*event.args, *(v for _, v in event.keywords), event.value)
    models = endpoint.program.models
    return any(t.has_tag(v, "chosen") or any(models.class_in((x,)) for x in _leaves(v, MAX_DEPTH)) for v in given)


def _leaves(value: Value, depth: int) -> Iterator[Atom]:
    for atom in value if depth else ():
        yield atom
        if isinstance(atom.shape, t.Seq | t.Map):
            yield from (x for part in parts_of(atom.shape) for x in _leaves(part, depth - 1))


def _confidence(endpoint: EntryPoint, run: Run, occurrence: Occurrence) -> Confidence:
    """Low where a decorator that cannot be seen may guard, for counts, and for reads of data that looks made to be public.

    So for rows that the code provides by itself, and for counters of what is shown: the caller has no part in them.
    """
    if is_excused(occurrence.auth, run.entries) or provides_row(occurrence, run.inside) or shows_no_row(occurrence):
        return "low"
    if only_shows(endpoint) and counts_visits(occurrence, run.inside):
        return "low"
    if occurrence.effect in WRITES:
        return "high"
    return "medium" if endpoint.reads_personal_data else "low"
