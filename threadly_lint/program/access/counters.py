"""Counters that a public page moves on by itself, such as how often it was seen: the caller has no part in what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.skeleton import nodes as n

CHANGING = frozenset({"assign", "construct", "upsert", "write", "commit"})
SAVING = frozenset({"add", "asave", "commit", "flush", "merge", "save"})
SENT = frozenset({"body", "form", "json", "files"})
COUNTS_UP = re.compile(r"^\s*update\b.*\bset\s+(\w+)\s*=\s*\1\s*\+\s*\d+\s*(where\b|$)", re.IGNORECASE | re.DOTALL)


def counts_visits(occurrence: Occurrence, among: Sequence[Occurrence]) -> bool:
    """Whether a change is part of a handler that changes nothing but counters, whatever was sent."""
    if occurrence.effect not in CHANGING or any(map(_takes_what_was_sent, among)):
        return False
    changes = [o.event for o in among if o.effect in CHANGING]
    return any(map(_counts, changes)) and all(_counts(e) or _saves(e) or _is_in_save(e) for e in changes)


def _takes_what_was_sent(occurrence: Occurrence) -> bool:
    event = occurrence.event
    values = (event.value, *event.args, *(v for _, v in event.keywords))
    return any(x.kind == "request" and x.detail in SENT for v in values for x in t.tags_of(v))


def _counts(event: Event) -> bool:
    node = event.node
    if event.effect == "assign":
        return _is_sum(node) or (isinstance(node, n.AugAssign) and _is_step(node.value))
    if event.effect != "write" or not isinstance(node, n.Call):
        return False
    text = next((text for v in event.args[:1] if (text := t.shape_text(v))), "")
    values = list(_stored(node))
    return bool(COUNTS_UP.match(text)) or (bool(values) and all(map(_is_sum, values)))


def _stored(call: n.Call) -> Iterator[n.Expr]:
    """What an update stores: the values of its keywords or of its mapping."""
    yield from (k.value for k in call.keywords if k.name != "synchronize_session")
    for arg in call.args:
        yield from arg.values if isinstance(arg, n.Dict) else (arg,)


def _is_sum(node: n.Node) -> bool:
    """``something + 1``, itself or as what is assigned."""
    value = node.value if isinstance(node, n.Assign) else node
    return isinstance(value, n.BinOp) and value.op == "+" and (_is_step(value.right) or _is_step(value.left))


def _is_step(node: n.Node) -> bool:
    return isinstance(node, n.Constant) and node.kind == "int"


def _saves(event: Event) -> bool:
    return event.effect in ("write", "commit") and event.api.rpartition(".")[2] in SAVING


def _is_in_save(event: Event) -> bool:
    """What rows tidy up in themselves whenever they are saved."""
    return event.effect == "assign" and event.function.owner is not None and event.function.name in SAVING
