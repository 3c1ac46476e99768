"""Bodies that an endpoint takes without a schema, a form or a declared type."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from threadly_lint.program.input.request_flow import BODIES, SINKS, is_read_by_library
from threadly_lint.program.input.schema_checks import schema_checks
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.interpreter.request_data import raw_tags
from threadly_lint.program.interpreter.types import Tags
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint, Run
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function


def untyped_body(program: Program, endpoint: EntryPoint) -> Occurrence | None:
    """Where an endpoint that writes to the database takes a body that no schema sees; None when it does not."""
    if not set(endpoint.methods) <= {"", "POST", "PUT", "PATCH"} or not _is_first(program, endpoint):
        return None
    for run in endpoint.runs:
        if not any(SINKS.get(o.effect) == "database write" for o in run.inside):
            continue
        taken = [o for o in run.occurrences if o.effect == "source" and _body_sources(o.event)]
        if any(is_read_by_library(o.event) for o in taken):
            return None
        checks = list(schema_checks(program, run.occurrences))
        handed_on = frozenset().union(*(_given_raw(o.event) for o in run.occurrences if o.effect == "handed-on"))
        for occurrence in taken:
            sources = _body_sources(occurrence.event)
            if any(check.covers(sources) for check in checks) or _is_read_for_all(program, occurrence, run):
                continue
            return occurrence if not sources & handed_on else None
    return None


def _is_first(program: Program, endpoint: EntryPoint) -> bool:
    """Whether no other endpoint with the same handler comes before this one."""
    firsts: dict[Function, EntryPoint] = program.memo.setdefault("first endpoints", {})
    return firsts.setdefault(endpoint.function, endpoint) is endpoint


def _given_raw(event: Event) -> Tags:
    return frozenset().union(*(raw_tags(v) for v in (*event.args, *(v for _, v in event.keywords))))


def _body_sources(event: Event) -> Tags:
    return frozenset(x for x in raw_tags(event.value) if x.detail in BODIES)


def _is_read_for_all(program: Program, occurrence: Occurrence, run: Run) -> bool:
    """Whether middleware or a hook looks at the body on the way of many handlers (and not for this one's sake)."""
    inside = any(c.outcome.function is run.function for c in occurrence.calls)
    return not inside and _outer_readings(program)[occurrence.path, occurrence.span] >= program.settings.majority_count


def _outer_readings(program: Program) -> Counter[tuple[str, Span]]:
    """For each place outside of handlers where a body is read: of how many handlers."""
    key = "outer readings"
    if key not in program.memo:
        found = {
            (o.path, o.span, run.function)
            for entry in program.entry_points
            for run in (entry.runs if entry.is_endpoint else ())
            for o in run.occurrences
            if o.effect == "source" and not any(c.outcome.function is run.function for c in o.calls)
        }
        program.memo[key] = Counter((path, span) for path, span, _ in found)
    result: Counter[tuple[str, Span]] = program.memo[key]
    return result
