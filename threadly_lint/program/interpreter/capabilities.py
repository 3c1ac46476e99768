"""Rows that are found by a secret which the caller sent: knowing it is what lets the caller in."""

from __future__ import annotations

import re

from threadly_lint.knowledge import Fact
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.libraries import PASSED_ON, Call
from threadly_lint.program.interpreter.request_data import checked_tags
from threadly_lint.program.interpreter.types import Guard, Tag, Value
from threadly_lint.skeleton import nodes as n

SECRET_COLUMN = re.compile(
    r"(^|_)(secret|token|api_?key|access_?key|nonce|otp|signature|(reset|verification|invite|invitation|access|activation)_(code|key))(_|$)",
    re.IGNORECASE,
)
LOOKUPS = frozenset({"read", "build-read"})
COLUMNS = "sqlalchemy.sql.base.ColumnCollection"


def found_by_secret(a: Activation, call: Call, facts: tuple[Fact, ...], value: Value) -> Value:
    """The value of a look-up that compares a secret column with what the caller sent, with what finding a row proves."""
    looked_up = [f for f in facts if f.effect in LOOKUPS]
    if not looked_up or a.state is None:
        return value
    name = next((k for k, v in call.keywords.items() if _is_secret(k) and _is_sent(v)), None)
    if name is not None:
        guard: Guard = a.guard(f"secret `{name}`", call.node)._replace(strength="weak")
        about = frozenset({Tag("credential", name)})
        value = tuple(
            x if t.truthiness(x) is False else x._replace(proof=x.proof | {guard}) for x in t.tagged(value, about)
        )
    raising = any(f.effect == "read" and f.raises for f in looked_up)
    if raising and any(x.kind in PASSED_ON for x in t.tags_of(value)):
        there = t.keep(value, lambda x: t.truthiness(x) is not False)
        a.prove(t.common_proof(there))
        return there or value
    return value


def query_condition(a: Activation, test: n.Compare) -> Value | None:
    """The condition of a query (``Ticket.token == token``), with what finding a row by it proves; None for other tests."""
    for side, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        if test.ops != ("==",) or not isinstance(side, n.Attribute) or not _is_model(a, side.value):
            continue
        sent = evaluate(a, other)
        tags, proof = t.tags_of(sent), t.common_proof(t.keep(sent, lambda x: t.truthiness(x) is not False))
        if _is_secret(side.attr) and _is_sent(sent):
            tags |= {Tag("credential", side.attr)}
            proof |= {a.guard(f"secret `{side.attr}`", test)._replace(strength="weak")}
        return t.tagged((*t.proven(t.TRUE, proof), *t.FALSE), checked_tags(tags))
    return None


def _is_model(a: Activation, owner: n.Expr) -> bool:
    """Whether the owner of a column is a model class, or the columns of a table (``users.c``)."""
    for atom in evaluate(a, owner):
        shape = atom.shape
        if isinstance(shape, t.ClassRef) and a.program.models.is_model(shape.info):
            return True
        if isinstance(shape, t.Obj) and shape.name == COLUMNS:
            return True
    return False


def _is_sent(value: Value) -> bool:
    """Whether a value comes from the request, or from somewhere that cannot be seen (such as ``g``)."""
    unseen = bool(value) and all(isinstance(x.shape, t.Unknown) and not x.tags for x in value)
    return unseen or t.has_tag(value, "request")


def _is_secret(keyword: str) -> bool:
    """``order__secret__iexact`` compares ``secret``."""
    return any(SECRET_COLUMN.search(part) for part in keyword.split("__"))
