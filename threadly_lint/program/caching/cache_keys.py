"""Keys and lifetimes of cached values: which calls speak of the same entry, and how long it lives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from threadly_lint.knowledge import Argument
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event
from threadly_lint.program.interpreter.types import Value
from threadly_lint.program.transactions.timeline import Moment
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

NEVER_WHEN_ZERO = ("flask_caching", "cachelib", "pymemcache", "cacheout", "aiocache")
CLIENT_LIFETIMES = ("ttl", "default_ttl", "default_timeout", "expire", "expiration_time", "timeout")
STORES = ("redis", "valkey", "coredis", "litestar")

Lifetime = float | Literal["never", "unknown"]


# Keys -----------------------------------------------------------------------------------------------------------------


def shapes(event: Event) -> frozenset[str]:
    """The constant parts of the keys of a cache call, ``{}`` for the rest; empty when nothing is known of them."""
    fact = event.fact
    if fact is None or fact.key is None:
        return frozenset()
    given = event.argument(fact.key.position, next((k for k in fact.key.keywords if k in dict(event.keywords)), None))
    values = [given, *(event.args[1:] if fact.effect == "cache-delete" else ())]
    return frozenset(text for value in values for text in _texts(value) if text.replace("{}", "").strip(":-_./"))


def _texts(value: Value) -> Iterator[str]:
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.Seq):
            for item in (*(shape.items or ()), shape.elem):
                yield from _texts(item)
        elif isinstance(shape, t.Map):
            yield from (key for key, _ in shape.entries if isinstance(key, str))
        elif isinstance(shape, t.Func):
            yield f"function {shape.info.symbol}"
        elif (text := t.shape_text((atom,))) is not None:
            yield text


def may_match(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two calls may speak of the same entry, as far as the constant parts of their keys tell."""
    return any(_may_equal(a, b) for a in one for b in other)


def _may_equal(one: str, other: str) -> bool:
    mine, theirs = (x.replace("*", "{}").split("{}") for x in (one, other))
    if len(mine) == len(theirs) == 1:
        return one == other
    if not mine[0] or not theirs[0]:
        return one == other
    heads = mine[0].startswith(theirs[0]) or theirs[0].startswith(mine[0])
    return heads and (mine[-1].endswith(theirs[-1]) or theirs[-1].endswith(mine[-1]))


def same_entry(one: Moment, other: Moment) -> bool:
    """Whether two cache calls speak of one entry: by their keys, else by how the key is written in one function."""
    ours, theirs = shapes(one.event), shapes(other.event)
    if ours and theirs:
        return may_match(ours, theirs)
    if ours or theirs:
        return False
    mine, its = key_node(one.event), key_node(other.event)
    if mine is None or its is None or one.event.function is not other.event.function:
        return False
    return _spelling(mine) == _spelling(its)


def key_node(event: Event) -> n.Expr | None:
    """The expression of the key, where the call is written out."""
    fact, node = event.fact, event.node
    if isinstance(node, n.Assign) and isinstance(node.targets[0], n.Subscript):
        return node.targets[0].index
    if fact is None or fact.key is None or not isinstance(node, n.Call):
        return None
    return argument_node(node, fact.key)


def receiver_node(event: Event) -> n.Expr | None:
    """The expression on which a method is called, where the call is written out."""
    node = event.node
    return node.func.value if isinstance(node, n.Call) and isinstance(node.func, n.Attribute) else None


def argument_node(node: n.Call, where: Argument) -> n.Expr | None:
    """The expression given for an argument."""
    named = next((k.value for k in node.keywords if k.name in where.keywords), None)
    if named is not None or where.position is None or where.position >= len(node.args):
        return named
    return node.args[where.position]


def _spelling(expr: n.Expr) -> tuple[object, ...]:
    parts = (
        x.id if isinstance(x, n.Name) else x.attr if isinstance(x, n.Attribute) else type(x).__name__
        for x in walk(expr)
    )
    return tuple(parts)


# Lifetimes -----------------------------------------------------------------------------------------------------------


def is_store(event: Event) -> bool:
    """Whether the call goes to a general store of keys and values, which holds more than a cache."""
    return event.api.partition(".")[0] in STORES


def lifetime(event: Event, program: Program) -> Lifetime:
    """Seconds until a value that is set expires."""
    fact = event.fact
    if fact is None or {"*", "**"} & dict(event.keywords).keys():
        return "unknown"
    if fact.ttl is None:
        return "never"
    for keyword in fact.ttl.keywords:
        if keyword in dict(event.keywords):
            return _seconds(dict(event.keywords)[keyword], event, keyword)
    if fact.ttl.position is not None and fact.ttl.position < len(event.args):
        return _seconds(event.args[fact.ttl.position], event, "")
    if "keepttl" in dict(event.keywords):
        return "unknown"
    return _lifetime_of_client(event, program)


def _seconds(value: Value, event: Event, keyword: str) -> Lifetime:
    given = [_number(x) for x in value]
    if given and all(x is None for x in given):
        return "never"
    known = [x for x in given if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(known) != 1 or len(given) != 1:
        return "unknown"
    if known[0] <= 0:
        return "never" if event.api.startswith(NEVER_WHEN_ZERO) and known[0] == 0 else "unknown"
    if keyword in ("exat", "pxat"):
        return "unknown"
    return known[0] / 1000 if keyword == "px" or event.api.endswith("psetex") else known[0]


def _number(atom: t.Atom) -> object:
    """A literal, or what is known of a sum; an ellipsis for anything else."""
    shape = atom.shape
    if isinstance(shape, t.Const):
        return shape.value
    least = dict(shape.attrs).get("least") if isinstance(shape, t.Obj) else None
    return t.number_of(least) if least else ...


def _lifetime_of_client(event: Event, program: Program) -> Lifetime:
    """What holds when a call does not say: the client's own default, or the library's."""
    for atom in event.receiver:
        made = atom.shape.made if isinstance(atom.shape, t.Obj) else None
        for keyword in CLIENT_LIFETIMES if made is not None and not is_store(event) else ():
            if made is not None and made.keyword(keyword):
                return _seconds(made.keyword(keyword), event, keyword)
    fact = event.fact
    if event.api.startswith("django.core.cache") and (configured := _configured(program)) is not None:
        return configured
    default = fact.default if fact is not None else None
    return default if isinstance(default, int | float) else "never"


def _configured(program: Program) -> Lifetime | None:
    """``TIMEOUT`` of Django's default cache."""
    from threadly_lint.program.entry.django_settings import all_settings

    for _, settings in all_settings(program):
        for atom in settings.entry("CACHES", "default"):
            found = dict(atom.shape.entries).get("TIMEOUT") if isinstance(atom.shape, t.Map) else None
            if found:
                numbers = [x for x in t.constants(found) if isinstance(x, int)]
                return numbers[0] if numbers else "never" if t.constants(found) == [None] else "unknown"
    return None
