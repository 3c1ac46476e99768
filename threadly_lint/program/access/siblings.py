"""Siblings: endpoints of one router, blueprint, controller or module, and how many of them are guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.access.counters import counts_visits
from threadly_lint.program.access.openings import sends_message
from threadly_lint.program.access.provisions import provides_row
from threadly_lint.program.interpreter import types as t

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.interpreter.effects import Occurrence
    from threadly_lint.program.program import Program


CHANGING = frozenset({"write", "upsert", "assign", "construct"})


class Practice(NamedTuple):
    """How the siblings of an endpoint do it: ``guarded`` of ``total``, and the guard that most of them share."""

    guarded: int
    total: int
    guard: str


def siblings(endpoint: EntryPoint) -> tuple[EntryPoint, ...]:
    """The other endpoints of its group; those of its module where it has no group."""
    return tuple(e for e in _groups(endpoint.program)[group_of(endpoint)] if e is not endpoint)


def group_of(endpoint: EntryPoint) -> str:
    return endpoint.group or endpoint.function.module.path


def _groups(program: Program) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] | None = program.memo.get("sibling-groups")
    if found is None:
        found = {}
        for entry in program.entry_points:
            if entry.is_endpoint and entry.mounts:
                found.setdefault(group_of(entry), []).append(entry)
        program.memo["sibling-groups"] = found
    return found


def is_guarded(endpoint: EntryPoint) -> bool:
    """Whether only authenticated callers reach the handler, or what it does first is to turn others away."""
    if any(g.strength != "unknown" for g in endpoint.guards):
        return True
    effects = [
        o for run in endpoint.runs for o in run.inside if o.effect in ("read", "write", "commit", "construct", "assign")
    ]
    return bool(effects) and all(any(g.strength != "unknown" for g in o.auth) for o in effects)


def only_shows(endpoint: EntryPoint) -> bool:
    """Whether the endpoint answers GET and changes no row, but for rows that it provides when there are none, and counters."""
    known: dict[EntryPoint, bool] = endpoint.program.memo.setdefault("only shows", {})
    if endpoint not in known:
        answers_get = not endpoint.methods or "GET" in endpoint.methods
        changes = ((o, run) for run in endpoint.runs for o in run.inside if o.effect in CHANGING)
        known[endpoint] = answers_get and all(
            provides_row(o, run.inside) or counts_visits(o, run.inside) for o, run in changes
        )
    return known[endpoint]


def practice(endpoint: EntryPoint, *, of_reading: bool = False) -> Practice | None:
    """The siblings' common practice of guarding; None when there is no clear majority (count and share are settings).

    ``of_reading`` compares an endpoint that shows data and changes none with siblings that do likewise.
    """
    settings = endpoint.program.settings
    alike = of_reading and only_shows(endpoint)
    others = [e for e in siblings(endpoint) if not alike or only_shows(e)]
    guarded = [e for e in others if is_guarded(e)]
    if len(guarded) < settings.majority_count or len(guarded) < settings.majority_share * len(others):
        return None
    labels = [g.label for e in guarded for g in e.guards]
    return Practice(len(guarded), len(others), max(labels, key=labels.count, default=""))


def is_of_note(endpoint: EntryPoint, occurrence: Occurrence) -> bool:
    """Whether an effect is more than inner work: code that was sent, tasks of others, rows that siblings keep behind a guard.

    Messages of strangers are what a contact form is there for: they want a limit, not a guard.
    """
    event = occurrence.event
    if occurrence.effect == "code":
        return any(t.has_tag(value, "request") for value in (*event.args, *(v for _, v in event.keywords)))
    if occurrence.effect == "background":
        return not event.api.startswith("asyncio.")
    if sends_message(occurrence):
        return False
    if occurrence.effect == "read":
        return event.model in _read_behind_guards(endpoint) if event.model else _is_alone(endpoint)
    return True


def _is_alone(endpoint: EntryPoint) -> bool:
    """Whether all of many siblings are guarded: enough where it cannot be seen what is read."""
    others = siblings(endpoint)
    return len(others) >= endpoint.program.settings.summary_count and all(map(is_guarded, others))


def _read_behind_guards(endpoint: EntryPoint) -> frozenset[str]:
    guarded = (e for e in siblings(endpoint) if is_guarded(e))
    reads = {o.event.model for e in guarded for run in e.runs for o in run.inside if o.effect == "read"}
    return frozenset(reads - {""})
