"""Reads through a cache that fail when the cache does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.caching.cache_keys import receiver_node
from threadly_lint.program.caching.caches import caches
from threadly_lint.program.failures.isolation import Isolation
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.transactions.pairs import Pair, by_place, innermost, pair
from threadly_lint.program.transactions.timeline import Moment, fork
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

DJANGO = "django.core.cache"
IGNORING = "DJANGO_REDIS_IGNORE_EXCEPTIONS"


def cache_outages(program: Program) -> Iterator[Pair]:
    """The cache calls of endpoints' reads whose failure keeps the value from being loaded, each paired with the load."""
    isolation = Isolation(program)
    bad, good = [], []
    for lookup in caches(program).lookups:
        entry = lookup.timeline.operation.entry_point
        if entry is None or not entry.is_endpoint or not lookup.loads:
            continue
        load = lookup.loads[0]
        for moment in (lookup.get, *((lookup.store,) if lookup.store is not None else ())):
            errors = isolation.errors(moment.event) or _errors_of_backend(program, moment)
            if not errors or isolation.absorbs(moment, load, errors):
                good.append((moment.key, moment))
            else:
                bad.append(pair(lookup.timeline, moment, load, fork(moment, load)))
    seen: set[tuple[str, str]] = set()
    for found in by_place(bad, good, choose=innermost):
        if (found.path, found.symbol) not in seen:
            seen.add((found.path, found.symbol))
            yield found


def _errors_of_backend(program: Program, moment: Moment) -> tuple[str, ...]:
    """What Django's cache raises when it lies in Redis and is not told to ignore that it is away."""
    from threadly_lint.program.entry.django_settings import all_settings

    if not moment.event.api.startswith(DJANGO):
        return ()
    alias = _alias(moment)
    for _, settings in all_settings(program):
        for atom in settings.entry("CACHES", alias):
            entries = dict(atom.shape.entries) if isinstance(atom.shape, t.Map) else {}
            backend = str(t.text_of(entries.get("BACKEND", ())))
            options = [dict(x.shape.entries) for x in entries.get("OPTIONS", ()) if isinstance(x.shape, t.Map)]
            ignores = any(True in t.constants(o.get("IGNORE_EXCEPTIONS", ())) for o in options)
            if "redis" in backend.lower() and not ignores and True not in t.constants(settings.value(IGNORING)):
                return ("redis.exceptions.RedisError",)
    return ()


def _alias(moment: Moment) -> str:
    """The name of the cache in ``caches["name"].get(...)``."""
    node = receiver_node(moment.event)
    if isinstance(node, n.Subscript) and isinstance(node.index, n.Constant):
        return node.index.value
    return "default"
