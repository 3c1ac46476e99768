"""What the program knows about its endpoints, as plain values: what is credited to each, and what each reaches."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from threadly_lint.program import Program
from threadly_lint.program.access.rate_limits import rate_limits
from threadly_lint.program.entry.entry_points import Run
from threadly_lint.program.entry.standalone import entered
from threadly_lint.program.failures.boundaries import boundaries
from threadly_lint.program.failures.monitoring import monitoring
from threadly_lint.program.input.request_flow import request_flows
from threadly_lint.program.input.schema_checks import schema_checks
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Inlined, Occurrence, Outcome
from threadly_lint.program.interpreter.types import Guard
from threadly_lint.program.subjects import Endpoint
from threadly_lint.program.symbols.names import Function
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


TYPED = frozenset({t.Tag("request", "typed"), t.Tag("request", "text")})
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


Input = Literal["none seen", "validated", "unvalidated"]
Errors = Literal["no external call", "handled", "maybe handled", "not handled"]


class Way(Struct, frozen=True):
    """One mount: how the endpoint is reached, and what is credited before its handler starts.

    ``limited`` tells whether the number of requests is limited, ``errors`` whether those of external calls are handled.
    ``passed`` is the project's code that runs before the handler and lets everybody through.
    """

    path: str
    development_only: bool
    guards: tuple[Credit, ...]
    limited: Certainty
    errors: Errors
    passed: tuple[Credit, ...]


class EndpointFacts(Struct, frozen=True):
    """All about one endpoint. ``handler`` is a qualified name, ``file`` and lines say where it is.

    ``guards`` hold on every mount; ``public`` says why it is open on purpose, empty when nothing does. ``unvalidated``
    says which parts of the request reach what without a schema; ``monitored`` is about the process that serves it.
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
    input: Input
    unvalidated: tuple[str, ...]
    monitored: bool
    mounts: tuple[Way, ...]
    reaches: tuple[Reach, ...]


def endpoints_of(program: Program, files: Container[str]) -> list[EndpointFacts]:
    """Every endpoint in these files, by path and method."""
    facts = [_facts(program, endpoint) for endpoint in program.each(Endpoint) if endpoint.path in files]
    return sorted(facts, key=lambda one: (one.path, one.methods, one.file, one.line))


def _facts(program: Program, endpoint: Endpoint) -> EndpointFacts:
    unvalidated = _unvalidated(program, endpoint)
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
        input="unvalidated" if unvalidated else _input(program, endpoint),
        unvalidated=unvalidated,
        monitored=bool(monitoring(program).starts) and monitoring(program).covers_endpoint(endpoint),
        mounts=tuple(_way(program, endpoint, run) for run in endpoint.runs),
        reaches=_reaches(endpoint.runs),
    )


def _way(program: Program, endpoint: Endpoint, run: Run) -> Way:
    limited = rate_limits(program).of_run(endpoint, run)
    errors = _errors(program, endpoint, run)
    passed = tuple(dict.fromkeys(_passed(run.outcome, run.function)))
    return Way(run.mount.path, run.mount.conditional, _credits(run.auth), limited, errors, passed)


def _passed(outcome: Outcome, handler: Function) -> Iterator[Credit]:
    """Functions of the project that run before the handler, or around it, and prove nothing about the caller."""
    for event in outcome.events:
        if not isinstance(event, Inlined):
            continue
        function = event.outcome.function
        if function is handler:
            return
        if not event.outcome.auth and not function.module.is_sketch:
            yield Credit(function.qualname, function.path, function.span.line, "none")
        if handler in entered(event.outcome):
            yield from _passed(event.outcome, handler)
            return


def _unvalidated(program: Program, endpoint: Endpoint) -> tuple[str, ...]:
    flows = [flow for flow in request_flows(program, endpoint) if not flow.incidental]
    return tuple(dict.fromkeys(f"{flow.source_names} to {flow.kind}" for flow in flows))


def _input(program: Program, endpoint: Endpoint) -> Input:
    """Whether a schema, or the framework by the handler's types, has checked what reaches anything."""
    checked = any(True for run in endpoint.runs for _ in schema_checks(program, run.occurrences))
    return "validated" if checked or any(_is_typed(one) for run in endpoint.runs for one in run.inside) else "none seen"


def _is_typed(occurrence: Occurrence) -> bool:
    event = occurrence.event
    values = (*event.args, *(value for _, value in event.keywords), event.value)
    return any(TYPED & t.tags_of(value) for value in values)


def _errors(program: Program, endpoint: Endpoint, run: Run) -> Errors:
    """What becomes of the errors of external calls; the worst of them counts."""
    calls = [one for one in run.inside if one.effect == "external-call"]
    escapes = [escape for one in calls if (escape := boundaries(program).escape(one, endpoint)) is not None]
    if not escapes:
        return "handled" if calls else "no external call"
    return "not handled" if any(escape.certainty == "certain" for escape in escapes) else "maybe handled"


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
