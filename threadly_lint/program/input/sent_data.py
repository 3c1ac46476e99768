"""What a call sends to another system of the data that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event
from threadly_lint.program.interpreter.request_data import raw_tags
from threadly_lint.program.interpreter.types import Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

INCIDENTAL = frozenset({"url", "headers", "cookies"})
FORWARDED = frozenset({"auth", "cookies", "headers"})
GRANT = "grant_type"
IDENTITY_CHECKS = ("token-check", "token", "user-check", "sign-in", "current-user")


def sent(program: Program, event: Event) -> Iterator[Value]:
    """Address and body; headers and cookies are passed on, credentials go to whoever checks them."""
    if _checks_identity(program, event) or _exchanges_code(event) or _passes_body_on(event):
        return
    yield from event.args
    for name, value in event.keywords:
        if name not in FORWARDED or any(x.detail not in INCIDENTAL for x in raw_tags(value)):
            yield value


def _checks_identity(program: Program, event: Event) -> bool:
    is_provider = event.fact is not None and event.fact.service == "identity"
    return is_provider or program.knowledge.fact(event.api, *IDENTITY_CHECKS) is not None


def _exchanges_code(event: Event) -> bool:
    """Whether an OAuth server is given a code for a token: it says itself whether the code is right."""
    given = (x.shape for v in (*event.args, *(v for _, v in event.keywords)) for x in v)
    return any(key == GRANT for shape in given if isinstance(shape, t.Map) for key, _ in shape.entries)


def _passes_body_on(event: Event) -> bool:
    """Whether a proxy sends the body just as it came in."""
    return any(
        isinstance(atom.shape, t.Obj) and atom.shape.name == "bytes" and any(x.detail == "body" for x in atom.tags)
        for value in (*event.args, *(v for _, v in event.keywords))
        for atom in value
    )
