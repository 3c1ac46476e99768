"""Cache-asides in which all callers who miss load at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.caching.caches import LOCKING, Lookup, caches, leaf
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.variables import behind
from threadly_lint.program.transactions.timeline import fork
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

RANDOM = ("random", "secrets", "numpy.random")


def stampedes(program: Program) -> Iterator[Lookup]:
    """Look-ups of endpoints that load without a lock around it and without jitter in the lifetime."""
    for lookup in caches(program).lookups:
        entry = lookup.timeline.operation.entry_point
        if entry is None or not entry.is_endpoint or lookup.store is None or not lookup.loads:
            continue
        if not _one_at_a_time(program, lookup) and not _has_jitter(program, lookup):
            yield lookup


def _one_at_a_time(program: Program, lookup: Lookup) -> bool:
    """Whether something lets only one caller load: a lock, an entry that is added only once, a block that is not known."""
    store = lookup.store
    if store is None:
        return False
    for moment in lookup.timeline.moments[: store.index]:
        is_lock = moment.effect == "lock" or (moment.effect == "cache-set" and leaf(moment) in {*LOCKING, "setnx"})
        if is_lock and fork(moment, store) >= lookup.level:
            return True
    return any(_may_lock(program, frame.value) for frame in store.frames_at(lookup.level) if frame.kind == "with")


def _may_lock(program: Program, context: t.Value) -> bool:
    shapes = [x.shape for x in context]
    names = [s.name for s in shapes if isinstance(s, t.Obj)]
    return any(isinstance(s, t.Unknown) for s in shapes) or any(
        name.rpartition(".")[2].endswith("Lock") or program.knowledge.fact(name, "lock") is not None for name in names
    )


def _has_jitter(program: Program, lookup: Lookup) -> bool:
    """Whether chance has a part in the arguments with which the value is stored."""
    stores = lookup.store.points[lookup.level :] if lookup.store is not None else ()
    for point in stores:
        node = point.item.node
        given = behind(point.item.function, node) if isinstance(node, n.Call) else ()
        for expr in given:
            for x in walk(expr):
                if isinstance(x, n.Name) and _is_random(program, point.item.function, x.id):
                    return True
    return False


def _is_random(program: Program, function: Function, name: str) -> bool:
    value = program.bindings.global_value(function.module, name)
    return any(isinstance(x.shape, t.Lib) and x.shape.name.startswith(RANDOM) for x in value)
