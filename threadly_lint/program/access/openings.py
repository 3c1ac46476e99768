"""What strangers can do through an endpoint, and could do very often, such as guessing passwords."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from threadly_lint.program.access.credentials import (
    compares_password,
    hashes_password,
    renews_credentials,
    selects_by,
    tests_credentials,
    verifies_password,
)
from threadly_lint.program.access.guests import adds_row
from threadly_lint.program.access.publicness import GUESSABLE, by_address, effects_of, evident_purpose
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.types import Guard
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Confidence

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program

MESSAGES = frozenset({"mail", "sms", "push"})
UNGUESSABLE = "uuid.UUID"
INSERTING = re.compile(r"^\W*(insert|replace|merge|upsert)\b", re.IGNORECASE)
CREATING = frozenset({"construct", "upsert"})
READING_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
CHECKS = frozenset({"token", "user-check"})


class Opening(NamedTuple):
    """One thing that strangers can do. ``does`` is a verb phrase, ``confidence`` how sure the engine is."""

    kind: Literal["sign-in", "sign-up", "credentials", "code", "message", "upload", "write"]
    does: str
    confidence: Confidence


PRESENCE = "presence of "
OF_VISIT = (PRESENCE, "secret ")
HARMLESS = frozenset({"health", "webhook", "sign-out", "link"})
ENTRANCES = {
    "sign-in": Opening("sign-in", "signs callers in", "high"),
    "sign-up": Opening("sign-up", "registers accounts", "high"),
}


def opening(endpoint: EntryPoint) -> Opening | None:
    """The first thing to limit about an endpoint that anybody can call; None for the rest."""
    known: dict[EntryPoint, Opening | None] = endpoint.program.memo.setdefault("openings", {})
    if endpoint not in known:
        guarded = any(g.strength != "unknown" for g in endpoint.guards)
        known[endpoint] = None if guarded else next(_openings(endpoint, effects_of(endpoint)), None)
    return known[endpoint]


def _openings(endpoint: EntryPoint, effects: list[Occurrence]) -> Iterator[Opening]:
    purpose = evident_purpose(endpoint)
    kind = purpose.kind if purpose is not None else ""
    if kind in HARMLESS:
        return
    changing = not endpoint.methods or not set(endpoint.methods) <= READING_ONLY
    if changing and kind in ENTRANCES and not _is_signed(effects) and _is_for_strangers(kind, effects):
        yield ENTRANCES[kind]
    if changing and kind == "credentials":
        yield from _of_credentials(endpoint, effects)
    yield from _repeatable(endpoint, effects, changing)


def _repeatable(endpoint: EntryPoint, effects: list[Occurrence], changing: bool) -> Iterator[Opening]:
    """What may be done again and again by anybody, whatever the endpoint is for."""
    anonymous = [o for o in effects if not any(g.strength != "unknown" for g in o.auth)]
    if any(map(verifies_password, _unproven(effects))) or any(map(compares_password, anonymous)):
        yield Opening("credentials", "checks passwords", "high")
    addressed = _addressed_by_code(endpoint.program)
    if any(_guesses_code(o) and o.event.model not in addressed for o in anonymous):
        yield Opening("code", "checks a code that can be guessed", "medium")
    if any(sends_message(o) for o in anonymous):
        yield Opening("message", "sends messages", "high")
    if changing and any(_stores_upload(o) for o in anonymous):
        yield Opening("upload", "stores uploads of strangers", "medium")
    written = next((o for o in anonymous if changing and (_adds(o) or _adds_validated(o, anonymous))), None)
    if written is not None:
        what = f"`{written.event.model}` rows" if written.event.model else "rows"
        yield Opening("write", f"lets strangers write {what}", "medium")


def _guesses_code(occurrence: Occurrence) -> bool:
    """Whether rows are selected by a short code; what has the form of a UUID cannot be guessed."""
    event = occurrence.event
    given = (x for v in (*event.args, *(v for _, v in event.keywords)) for x in v)
    is_uuid = any(isinstance(x.shape, t.Obj) and x.shape.name == UNGUESSABLE for x in given)
    return selects_by(occurrence, GUESSABLE) and not is_uuid


def _addressed_by_code(program: Program) -> frozenset[str]:
    """Models whose rows many endpoints find by a code: it is their address there, and no secret."""
    found: frozenset[str] | None = program.memo.get("addressed by code")
    if found is None:
        selected: Counter[str] = Counter()
        for endpoint in program.entry_points:
            if endpoint.is_endpoint:
                selected.update({o.event.model for o in effects_of(endpoint) if selects_by(o, GUESSABLE)})
        found = frozenset(m for m, count in selected.items() if m and count >= program.settings.summary_count)
        program.memo["addressed by code"] = found
    return found


def _of_credentials(endpoint: EntryPoint, effects: list[Occurrence]) -> Iterator[Opening]:
    """What the code shows; where it shows nothing of credentials at all, what the address says."""
    if does := _credentials(effects):
        yield Opening("credentials", does, "high")
    elif not any(hashes_password(o) or renews_credentials(o) for o in effects):
        named = by_address(endpoint)
        if named is not None and named.kind in (*ENTRANCES, "credentials"):
            yield ENTRANCES.get(named.kind, Opening("credentials", "renews credentials", "medium"))


def _is_for_strangers(kind: str, effects: list[Occurrence]) -> bool:
    """Whether accounts are made for who has not signed in; the visit's own secret, such as a form's token, is no sign-in."""
    return kind != "sign-up" or any(
        all(g.strength != "strong" or g.label.startswith(OF_VISIT) for g in o.auth)
        for o in effects
        if _makes_something(o)
    )


def _makes_something(occurrence: Occurrence) -> bool:
    return occurrence.effect in (*CREATING, "write", "hash")


def _is_signed(effects: list[Occurrence]) -> bool:
    """Whether callers sign in by something signed, which nobody can guess, and not by a password."""
    kinds = {o.effect for o in effects}
    return "token-check" in kinds and not kinds & {"user-check", "current-user"}


def _credentials(effects: list[Occurrence]) -> str:
    """What happens to credentials, unless a signed token (which nobody can guess) is all that decides."""
    guessable = _unproven(effects)
    if any(_checks_or_issues(o) or tests_credentials(o) for o in guessable):
        return "checks or issues credentials"
    changed = any(hashes_password(o) or renews_credentials(o) for o in guessable)
    return "creates or renews credentials" if changed else ""


def _checks_or_issues(occurrence: Occurrence) -> bool:
    """Whether a token or a user is handled; making the object that could do so is not enough."""
    fact = occurrence.event.fact
    return occurrence.effect in CHECKS and (fact is None or fact.kind != "class")


def _unproven(effects: list[Occurrence]) -> list[Occurrence]:
    """What callers reach who have shown neither a sign-in nor a token, but at best a short code, which can be guessed."""
    return [o for o in effects if not any(map(_is_proof, o.auth))]


def _is_proof(guard: Guard) -> bool:
    return guard.strength == "strong" or guard.label.startswith(PRESENCE)


def _takes_request_data(occurrence: Occurrence) -> bool:
    event = occurrence.event
    return any(
        t.has_tag(value, "request", "chosen") for value in (event.value, *event.args, *(v for _, v in event.keywords))
    )


def sends_message(occurrence: Occurrence) -> bool:
    """Whether a mail, a text message or a push message goes out."""
    fact = occurrence.event.fact
    return fact is not None and fact.effect == "external-call" and fact.service in MESSAGES and fact.access == "write"


def _stores_upload(occurrence: Occurrence) -> bool:
    if occurrence.effect not in ("file-write", "external-call"):
        return False
    values = (*occurrence.event.receiver, *(x for v in occurrence.event.args for x in v))
    return any(tag.kind == "request" and tag.detail == "files" for tag in t.tags_of(values))


def _adds_validated(occurrence: Occurrence, among: list[Occurrence]) -> bool:
    """Whether a row is made where a form or serializer has just checked what the caller sent."""
    is_change = occurrence.effect in (*CREATING, "write") and bool(occurrence.event.model)
    return (
        is_change and adds_row(occurrence) and any(o.effect == "validation" and _takes_request_data(o) for o in among)
    )


def _adds(occurrence: Occurrence) -> bool:
    """Whether a row is made from what the caller sent, or a counter goes up: what may be repeated without end."""
    event = occurrence.event
    if event.effect == "assign":
        return isinstance(event.node, n.AugAssign)
    if not _takes_request_data(occurrence):
        return False
    if event.effect == "write":
        text = next((text for v in event.args[:1] if (text := t.shape_text(v))), "")
        return bool(INSERTING.match(text))
    return event.effect in CREATING
