"""Cache-aside as the program does it: reading an entry, loading on a miss, storing what was loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.caching.cache_keys import (
    Lifetime,
    argument_node,
    is_store,
    lifetime,
    may_match,
    same_entry,
    shapes,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event
from threadly_lint.program.interpreter.variables import assignments, behind, derived, flows, names_given, names_in
from threadly_lint.program.transactions.timeline import Moment, Point, Timeline, can_follow, fork, timelines
from threadly_lint.program.transactions.transactions import detached_from
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

LOADS = ("read", "external-call", "index-read")
LOOKED_UP = frozenset("get gets getex hget hgetall hmget mget get_many aget aget_many multi_get get_with_ttl".split())
MAX_WRAPPERS = 2
LOCKING = frozenset({"add", "aadd"})
CHOICES = (n.If, n.IfExp, n.While)
READ_BACK = frozenset("hset hmset mset setnx getset hsetnx".split())


@dataclass(frozen=True, eq=False)
class Lookup:
    """A cached value is asked for. ``loads`` is what is fetched afterwards, ``store`` what keeps it under the same key.

    ``level`` is where the trails of these part: the function that puts them together.
    """

    timeline: Timeline
    get: Moment
    loads: tuple[Moment, ...]
    store: Moment | None
    level: int

    @property
    def point(self) -> Point:
        """The look-up as that function writes it."""
        return self.get.points[self.level]

    @property
    def endpoint(self) -> str:
        return self.timeline.operation.endpoint

    @property
    def names(self) -> frozenset[str]:
        """The variables that hold what was found."""
        return names_given(self.point.item.function, self.point.item.node)

    @property
    def results(self) -> frozenset[str]:
        """The variables that hold what was found, or what was made of it."""
        return derived(self.point.item.function, self.names)

    @property
    def decides(self) -> bool:
        """Whether a test in that function depends on what was found."""
        return any(self.is_tested_in(test) for test in tests(self.point.item.function))

    @property
    def answers(self) -> bool:
        """Whether what was found is what the function returns in place of what is loaded."""
        returned = [x.value for x in walk(self.point.item.function.node) if isinstance(x, n.Return)]
        return any(self.results & names_in(value) for value in returned if value is not None)

    def is_tested_in(self, test: n.Expr) -> bool:
        return bool(self.names & names_in(test)) or any(x is self.point.item.node for x in walk(test))

    def happens_on_a_miss(self, moment: Moment) -> bool:
        """Whether a test of what was found leads to ``moment``, or past it where the test ends the function with a hit."""
        there = moment.points[self.level].item.node
        for node in walk(self.point.item.function.node):
            test = node if isinstance(node, n.BoolOp) else node.test if isinstance(node, CHOICES) else None
            if test is None or not (self.results & names_in(test) or self.is_tested_in(test)):
                continue
            if any(x is there for x in walk(node)):
                return True
            if isinstance(node, n.If) and node.span < there.span and any(isinstance(x, n.Return) for x in walk(node)):
                return True
        return False

    @property
    def shapes(self) -> frozenset[str]:
        return shapes(self.get.event) | (shapes(self.store.event) if self.store is not None else frozenset())

    @property
    def models(self) -> frozenset[str]:
        """The models whose rows are loaded."""
        return frozenset(m.event.model for m in self.loads if m.effect == "read" and m.event.model)


class Caches:
    """Answers about the whole program's use of caches."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def lookups(self) -> tuple[Lookup, ...]:
        """Every look-up that is part of a cache-aside, or of half of one."""
        lines = (line for line in timelines(self.program) if "cache-get" in line.effects)
        return tuple(found for line in lines for get in line.of("cache-get") for found in self._lookups(line, get))

    def _lookups(self, line: Timeline, get: Moment) -> Iterator[Lookup]:
        if leaf(get) not in LOOKED_UP:
            return
        store = next((s for s in line.after(get, "cache-set") if keeps(s) and same_entry(get, s)), None)
        level = fork(get, store) if store is not None else _asking_level(line, get)
        later = line.moments[get.index + 1 : store.index if store is not None else None]
        loads = tuple(m for m in later if m.effect in LOADS and fork(get, m) == level and can_follow(get, m))
        loads = tuple(m for m in loads if not detached_from(m, get, self.program))
        if store is not None:
            loads = tuple(m for m in loads if flows(m.points[level].item, store.points[level].item))
        found = Lookup(line, get, loads, store, level)
        if found.decides and (_falls_back(found) if store is None else _fills(found, store)):
            yield found

    @cached_property
    def stored(self) -> frozenset[str]:
        """The shapes of all keys under which something is stored."""
        lines = timelines(self.program)
        return frozenset(text for line in lines for m in line.of("cache-set") for text in shapes(m.event))

    @cached_property
    def read(self) -> frozenset[str]:
        """The shapes of all keys that are looked up."""
        lines = timelines(self.program)
        return frozenset(text for line in lines for m in line.of("cache-get") for text in shapes(m.event))

    @cached_property
    def aside(self) -> frozenset[str]:
        """The shapes of all keys that some cache-aside asks a store for."""
        return frozenset(text for found in self.lookups if is_store(found.get.event) for text in found.shapes)

    def is_cache(self, moment: Moment) -> bool:
        """Whether an entry that is changed is a cached one: any of a cache library, in a store one that is loaded on a miss."""
        if not is_store(moment.event):
            return True
        return may_match(shapes(moment.event), self.aside)

    def fills(self, timeline: Timeline, moment: Moment) -> bool:
        """Whether a value is stored because it was missing."""
        return any(x.timeline is timeline and x.store is moment for x in self.lookups)

    def renews(self, timeline: Timeline, moment: Moment) -> bool:
        """Whether what is stored is only what was found under the same key."""
        before = (g for g in timeline.before(moment, "cache-get") if same_entry(g, moment))
        get = next((g for g in before if fork(g, moment) == len(moment.points) - 1), None)
        return get is not None and flows(get.event, moment.event) and not self.fills(timeline, moment)

    def replaces(self, timeline: Timeline, moment: Moment) -> bool:
        """Whether a cached value is set although nobody missed it."""
        return keeps(moment) and self.is_cache(moment) and not self.fills(timeline, moment)

    def is_made_of(self, moment: Moment, model: str) -> bool:
        """Whether the entry that is stored is one that is loaded from rows of a model."""
        texts = shapes(moment.event)
        return any(model in found.models and may_match(texts, found.shapes) for found in self.lookups)

    def is_version(self, moment: Moment) -> bool:
        """Whether a number or a time is stored, which no reader is given: it makes others outdated."""
        return bool(value := stored_value(moment)) and all(_is_number(x) for x in value)

    def lives(self, lookup: Lookup) -> Lifetime:
        """How long what is loaded stays."""
        return lifetime(lookup.store.event, self.program) if lookup.store is not None else "unknown"


def caches(program: Program) -> Caches:
    """The one summary of a program's caches."""
    found: Caches = program.memo.setdefault("caches", Caches(program))
    return found


def _asking_level(line: Timeline, get: Moment) -> int:
    """The innermost function that loads something after it has asked."""
    own = len(get.points) - 1
    levels = [level for m in line.after(get, *LOADS) if own - (level := fork(get, m)) <= MAX_WRAPPERS]
    return max(levels, default=own)


def tests(function: Function) -> Iterator[n.Expr]:
    """The conditions in a function, ``or`` and ``and`` used as values included."""
    for node in walk(function.node):
        if isinstance(node, CHOICES):
            yield node.test
        elif isinstance(node, n.BoolOp):
            yield node


def leaf(moment: Moment) -> str:
    """The last name of the library function."""
    return moment.event.api.rpartition(".")[2]


def keeps(moment: Moment) -> bool:
    """Whether a call stores a value: no counter, queue or lock."""
    fact = moment.event.fact
    if fact is None or moment.effect != "cache-set" or leaf(moment) in LOCKING:
        return False
    if leaf(moment) in READ_BACK:
        return True
    return fact.value is not None and fact.ttl is not None and not _only_if_absent(moment)


def _falls_back(found: Lookup) -> bool:
    """Whether a look-up, after which nothing is stored, is answered by what was found or else by what is loaded."""
    return found.answers and any(found.happens_on_a_miss(load) for load in found.loads)


def _fills(found: Lookup, store: Moment) -> bool:
    """Whether what was missing is loaded, or computed, and stored."""
    if not any(found.happens_on_a_miss(moment) for moment in (store, *found.loads)):
        return False
    return bool(found.loads) or (found.answers and _is_computed(found, store))


def _only_if_absent(moment: Moment) -> bool:
    return True in t.constants(dict(moment.event.keywords).get("nx", ()))


def _is_computed(found: Lookup, store: Moment) -> bool:
    """Whether what is stored is the result of some call, other than of the look-up itself."""
    item = store.points[found.level].item
    if not isinstance(item.node, n.Call):
        return False
    fact = item.fact if isinstance(item, Event) else None
    whole = behind(item.function, item.node)
    value = argument_node(item.node, fact.value) if fact is not None and fact.value is not None else None
    if value is not None:
        whole = [value, *(v for names, v, _ in assignments(item.function) if names & names_in(value))]
    return any(isinstance(x, n.Call) and x is not found.point.item.node for expr in whole for x in walk(expr))


def is_constant(moment: Moment) -> bool:
    """Whether what is stored is a literal: a mark, not a value that was loaded."""
    value = stored_value(moment)
    return bool(value) and all(isinstance(x.shape, t.Const) for x in value)


def stored_value(moment: Moment) -> t.Value:
    """What a call stores; empty where it does not say."""
    fact = moment.event.fact
    where = fact.value if fact is not None else None
    return moment.event.argument(where.position, next(iter(where.keywords), None)) if where is not None else ()


def _is_number(atom: t.Atom) -> bool:
    shape = atom.shape
    kind = shape.kind if isinstance(shape, t.Const) else shape.name if isinstance(shape, t.Obj) else ""
    return kind in ("int", "float", "datetime.datetime")
