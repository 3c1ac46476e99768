"""What the program knows about its endpoints, as plain values: what is credited to each, and what each reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from threadly_lint.program import Program
from threadly_lint.program.effects import Occurrence
from threadly_lint.program.entry_points import Run
from threadly_lint.program.subjects import Endpoint
from threadly_lint.program.types import Guard
from threadly_lint.values import Step

WORDS = {
    "read": "reads",
    "read-or-write": "reads or writes",
    "write": "writes",
    "upsert": "writes",
    "construct": "creates",
    "assign": "changes",
    "external-call": "calls",
    "cache-get": "reads from the cache",
    "cache-remember": "remembers in the cache",
    "cache-set": "writes to the cache",
    "cache-delete": "deletes from the cache",
    "index-read": "searches",
    "index-write": "indexes",
    "publish": "publishes",
    "enqueue": "dispatches",
    "background": "dispatches",
    "file-read": "reads a file",
    "file-write": "writes a file",
    "process": "starts a process",
    "code": "runs code",
}
"""The effects worth listing, and how to say them."""


Certainty = Literal["no", "maybe", "yes"]
CERTAINTIES: tuple[Certainty, ...] = ("no", "maybe", "yes")


class Credit(Struct, frozen=True, order=True):
    """Something that lets only some callers pass; ``path`` and ``line`` are empty for a setting."""

    label: str
    path: str
    line: int
    strength: str


class Reach(Struct, frozen=True):
    """An effect of an endpoint: what it does to what, on which way, and who is let through to it.

    Of several ways the least guarded one counts. ``guarded`` is ``maybe`` when all that stands in the way is unknown.
    """

    does: str
    what: str
    guarded: Certainty
    guards: tuple[Credit, ...]
    trail: tuple[Step, ...]


class Way(Struct, frozen=True):
    """One mount: how the endpoint is reached, and what is credited before its handler starts."""

    path: str
    development_only: bool
    guards: tuple[Credit, ...]


class EndpointFacts(Struct, frozen=True):
    """All about one endpoint. ``handler`` is a qualified name, ``file`` and lines say where it is.

    ``guards`` hold on every mount; ``public`` says why it is open on purpose, empty when nothing does.
    """

    methods: tuple[str, ...]
    path: str
    kind: str
    framework: str
    handler: str
    file: str
    line: int
    end_line: int
    public: str
    guards: tuple[Credit, ...]
    mounts: tuple[Way, ...]
    reaches: tuple[Reach, ...]


def endpoints_of(program: Program) -> list[EndpointFacts]:
    """Every endpoint, by path and method."""
    facts = [_facts(endpoint) for endpoint in program.each(Endpoint)]
    return sorted(facts, key=lambda one: (one.path, one.methods, one.file, one.line))


def _facts(endpoint: Endpoint) -> EndpointFacts:
    return EndpointFacts(
        methods=endpoint.methods,
        path=endpoint.route,
        kind=endpoint.kind,
        framework=endpoint.framework,
        handler=endpoint.symbol,
        file=endpoint.path,
        line=endpoint.span.line,
        end_line=endpoint.function.node.span[2],
        public=endpoint.public,
        guards=_credits(endpoint.guards),
        mounts=tuple(Way(run.mount.path, run.mount.conditional, _credits(run.auth)) for run in endpoint.runs),
        reaches=_reaches(endpoint.runs),
    )


def _reaches(runs: Iterable[Run]) -> tuple[Reach, ...]:
    """What the handler does, each thing once: the least guarded way to it."""
    found: dict[tuple[str, str], Reach] = {}
    for occurrence in (one for run in runs for one in run.inside if one.effect in WORDS):
        reach = _reach(occurrence)
        known = found.get((reach.does, reach.what))
        if known is None or CERTAINTIES.index(reach.guarded) < CERTAINTIES.index(known.guarded):
            found[reach.does, reach.what] = reach
    return tuple(found.values())


def _reach(occurrence: Occurrence) -> Reach:
    event = occurrence.event
    guards = _credits(occurrence.auth)
    certain = any(guard.strength != "unknown" for guard in guards)
    guarded: Certainty = "yes" if certain else "maybe" if guards else "no"
    return Reach(WORDS[event.effect], event.model or event.api, guarded, guards, occurrence.trail)


def _credits(guards: Iterable[Guard]) -> tuple[Credit, ...]:
    return tuple(sorted(Credit(guard.label, guard.path, guard.line, guard.strength) for guard in guards))
