"""Accounts and what proves whose they are: rows with a password, and code that sets, hashes or compares one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.sql import columns_of, statement_of

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

CREDENTIAL_COLUMN = re.compile(r"(^|_)(password\d?|passwd|pwd|hashed|passphrase|pin)(_|$)", re.IGNORECASE)
OWN_PASSWORD = re.compile(
    r"^_*((hash(ed)?|salted|encrypted|user|login|account)_)*(password\d?|passwd|pwd|hashed|passphrase|pin)(_|$)",
    re.IGNORECASE,
)
"""Columns for the password of the row itself, not for one with which the project signs in elsewhere."""
CODE_COLUMN = re.compile(r"(^|_)(token|code|otp|reset|recovery|verified|confirmed|activated)(_|$)", re.IGNORECASE)
ACCOUNT_BASES = (
    "django.contrib.auth.base_user.AbstractBaseUser",
    "django.contrib.auth.models.AbstractBaseUser",
    "django.contrib.auth.models.AbstractUser",
    "flask_login.UserMixin",
    "flask_security.UserMixin",
)
TOKEN_COLUMN = re.compile(r"(^|_)(token|nonce)$", re.IGNORECASE)
SENT_ON_PURPOSE = frozenset({"body", "form", "json", "typed", "text", "checked"})
LOOK_UPS = frozenset({"read", "build-read", "query"})
ADDING = frozenset({"insert", "replace"})
CHANGES_ROW = re.compile(r"a?(bulk_)?(update(?!_or)|set|patch|find_(one_)?and|modify)")


def is_account(program: Program, info: Class | None) -> bool:
    """Whether rows of the model are accounts: a user base class, or a column for a password."""
    if info is None:
        return False
    return program.hierarchy.inherits(info, *ACCOUNT_BASES) or any(
        map(OWN_PASSWORD.search, program.models.columns(info))
    )


def makes_account(program: Program, occurrence: Occurrence) -> bool:
    """Whether an account is made whose password the caller has sent, all at once; ``fills_password`` sees the other ways."""
    event = occurrence.event
    if event.effect not in ("construct", "upsert", "write") or CHANGES_ROW.match(event.api.rpartition(".")[2]):
        return False
    if is_account(program, model_of(program, occurrence)):
        return gives_password(occurrence)
    found = statement_of(event) if event.effect == "write" else None
    if found is None or found.verb not in ADDING or not _takes_request_data(occurrence):
        return False
    return any(map(CREDENTIAL_COLUMN.search, found.sets or columns_of(program, found.table)))


def gives_password(occurrence: Occurrence) -> bool:
    """Whether what the caller sent becomes the password of a row."""
    event = occurrence.event
    if event.effect == "assign":
        return bool(CREDENTIAL_COLUMN.search(event.api)) and t.has_tag(event.value, "request")
    named = any(k == "**" or (CREDENTIAL_COLUMN.search(k) and not t.constants(v)) for k, v in event.keywords)
    return named or (event.effect == "construct" and any(t.has_tag(v, "request") for v in event.args))


def hashes_password(occurrence: Occurrence) -> bool:
    """Whether something is hashed as passwords are; general hash functions only count on what a form or body sent."""
    event = occurrence.event
    if event.effect != "hash":
        return False
    sent = {tag.detail for value in event.args for tag in t.tags_of(value) if tag.kind == "request"}
    return not event.api.startswith("hashlib.") or bool(sent & SENT_ON_PURPOSE)


def renews_credentials(occurrence: Occurrence) -> bool:
    """Whether a password or code of a row is set anew."""
    event = occurrence.event
    if event.effect == "assign":
        return _is_credential(event.api)
    if event.effect == "build-write":
        return any(_is_credential(k) and not t.constants(v) for k, v in event.keywords)
    found = statement_of(event) if event.effect == "write" else None
    return found is not None and found.verb == "update" and any(map(_is_credential, found.sets))


def issues_token(program: Program, occurrence: Occurrence) -> bool:
    """Whether a row is made that holds a token which the caller has not chosen."""
    info = model_of(program, occurrence) if occurrence.effect in ("construct", "upsert") else None
    if info is None or not any(map(TOKEN_COLUMN.search, program.models.columns(info))):
        return False
    return not any(TOKEN_COLUMN.search(k) and t.has_tag(v, "request") for k, v in occurrence.event.keywords)


def _is_credential(column: str) -> bool:
    return bool(CREDENTIAL_COLUMN.search(column) or CODE_COLUMN.search(column))


def tests_credentials(occurrence: Occurrence) -> bool:
    """Whether a password that the caller sent is checked in any way."""
    return verifies_password(occurrence) or compares_password(occurrence)


def verifies_password(occurrence: Occurrence) -> bool:
    """Whether a library checks what the caller sent: a hash, or a name (not the caller's own) with a password."""
    event = occurrence.event
    fact = event.fact
    is_call = fact is not None and fact.kind in ("call", "method") and not (fact.channel or fact.asks)
    if event.effect == "current-user":
        own = any(t.has_tag(value, "identity") for _, value in event.keywords)
        return is_call and not own and _takes_request_data(occurrence)
    is_sent = _takes_request_data(occurrence) or t.has_tag(event.value, "request")
    return event.effect == "user-check" and is_call and is_sent


def compares_password(occurrence: Occurrence) -> bool:
    """Whether what the caller sent is compared with a stored password, in the code or by selecting the account with it."""
    return occurrence.effect == "password-test" or selects_by(occurrence, CREDENTIAL_COLUMN)


def selects_by(occurrence: Occurrence, column: re.Pattern[str]) -> bool:
    """Whether rows are selected by comparing such a column with what the caller sent."""
    event = occurrence.event
    if event.effect not in LOOK_UPS:
        return False
    if any(column.search(part) and t.has_tag(v, "request") for k, v in event.keywords for part in k.split("__")):
        return True
    found = statement_of(event)
    return found is not None and any(map(column.search, found.compares)) and _takes_request_data(occurrence)


def _takes_request_data(occurrence: Occurrence) -> bool:
    event = occurrence.event
    return any(t.has_tag(value, "request") for value in (*event.args, *(v for _, v in event.keywords)))


def model_of(program: Program, occurrence: Occurrence) -> Class | None:
    """The model whose rows an effect is about, if it is known."""
    event = occurrence.event
    if event.effect == "construct":
        made = program.models.class_in(event.value) or program.models.named(event.model)
        return made or program.models.sketched(event.api)
    return program.models.class_in((*event.receiver, *event.value, *_flat(event.args)))


def _flat(values: Iterable[t.Value]) -> t.Value:
    return tuple(x for v in values for x in v)
