"""What strangers may leave behind on purpose: a message with their address, or a row that only their own session leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from threadly_lint.program.access.credentials import CREDENTIAL_COLUMN, is_account, model_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

CHANGING = frozenset({"construct", "assign", "upsert", "write"})
TEXT = re.compile(r"(^|_)(body|message|content|comment|text|feedback|enquiry|inquiry)(_|$)", re.IGNORECASE)
CONTACT = re.compile(r"(^|_)(e?mail|phone|mobile|tel|telephone)(_|$)", re.IGNORECASE)
OWNER = re.compile(r"(^|_)(user|owner|account|member|customer|created_by)(_id)?$", re.IGNORECASE)
MAKES_ROW = re.compile(r"a?(create|add|insert|save)(_\w+)?")
OF_A_ROW = (".save", ".asave")


def leaves_message(program: Program, effects: Iterable[Occurrence]) -> bool:
    """Whether all that strangers change is to add rows that tell who sent them and what they say, as a contact form does."""
    changes = _changes(effects)
    models = {model_of(program, o) for o in changes if o.effect != "assign"}
    return (
        bool(models) and all(map(adds_row, changes)) and all(m is not None and _is_message(program, m) for m in models)
    )


def keeps_own_row(program: Program, effects: Iterable[Occurrence]) -> bool:
    """Whether rows are added of which the session of the caller remembers one that is no account."""
    changes = _changes(effects)
    made = {o.event.model for o in changes if o.effect != "assign"}
    kept = {o.event.model for o in effects if o.effect == "session-write"} & made - {""}
    return (
        bool(kept)
        and all(map(adds_row, changes))
        and not any(is_account(program, program.models.named(m)) for m in kept)
    )


def _changes(effects: Iterable[Occurrence]) -> list[Occurrence]:
    return [o for o in effects if o.effect in CHANGING and not any(g.strength != "unknown" for g in o.auth)]


def adds_row(occurrence: Occurrence) -> bool:
    """Whether a change of the database makes a row or fills one in that has just been made, and touches none that was looked up."""
    event = occurrence.event
    if event.effect == "construct":
        return True
    is_selected = t.has_tag(event.receiver, "chosen")
    if event.effect == "assign" or event.api.endswith(OF_A_ROW):
        return not is_selected
    return event.effect == "upsert" or MAKES_ROW.fullmatch(event.api.rpartition(".")[2]) is not None


def _is_message(program: Program, info: Class) -> bool:
    names = list(program.models.columns(info))
    if any(CREDENTIAL_COLUMN.search(x) or OWNER.search(x) for x in names):
        return False
    return any(map(TEXT.search, names)) and any(map(CONTACT.search, names))
