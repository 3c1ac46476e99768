"""Rows that code provides by itself when there are none yet, such as the one row of a site's settings."""

from __future__ import annotations

from collections.abc import Sequence

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence

MAKING = frozenset({"construct", "assign", "write"})


def provides_row(occurrence: Occurrence, among: Sequence[Occurrence]) -> bool:
    """Whether a change makes a row of nothing that the caller sent, in a function that first asks for rows of that model."""
    event = occurrence.event
    given = (event.receiver, event.value, *event.args, *(v for _, v in event.keywords))
    if event.effect not in MAKING or not event.model or any(t.has_tag(v, "request", "chosen") for v in given):
        return False
    around = {event.function, *(call.function for call in occurrence.calls)}
    alike = [o for o in among if o.event.model == event.model and o.event.function in around]
    return {"read", "construct"} <= {o.effect for o in alike}
