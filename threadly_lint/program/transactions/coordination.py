"""Operations that change several things, and what becomes of them when one change fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.entry.django_settings import all_settings, is_atomic
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Inlined
from threadly_lint.program.interpreter.variables import names_in
from threadly_lint.program.transactions.pairs import Pair, by_place, pair, where_they_part
from threadly_lint.program.transactions.records import logs, records
from threadly_lint.program.transactions.repetition import does_again, looks_up_first, only_mends, saves_as_it_was
from threadly_lint.program.transactions.timeline import (
    Moment,
    Timeline,
    can_follow,
    fork,
    in_handler,
    in_one_handler,
    only_on_failure,
    own_frames,
    timelines,
)
from threadly_lint.program.transactions.transactions import (
    BEGIN_BY_THEMSELVES,
    CHANGES,
    Transactions,
    attached,
    detached,
    detached_from,
    family,
    may_be_transaction,
)
from threadly_lint.program.transactions.written_columns import finds_again, only_tells_time
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

JOB = 6
MONEY = ("payment",)
STATE_CHANGING = ("payment", "http")
MENDING = ("external-call", "enqueue", "publish", "write", "upsert", "commit")
OUTSIDE = ("external-call", "enqueue", "publish", "index-write", "sleep", "process")
WITH_TRANSACTIONS = frozenset("django peewee tortoise piccolo ormar gino databases asyncpg".split())
IDEMPOTENCY = frozenset({"idempotency_key", "idempotency-key", "x-idempotency-key"})


class Coordination:
    """Answers about the order of writes here and effects elsewhere."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.transactions = Transactions(program)

    # External effects -------------------------------------------------------------------------------------------------

    def uncompensated(self) -> Iterator[Pair]:
        """External writes that are followed by a write here and undone by nothing when that fails."""
        found, good = [], []
        for line in timelines(self.program):
            for effect in line.of("external-call"):
                if self._changes_state(effect) and not detached(effect, self.program) and not in_handler(effect):
                    one = self._followed_by_write(line, effect)
                    found.append(one) if one is not None else good.append((effect.key, effect))
        yield from by_place(found, good)

    def _changes_state(self, moment: Moment) -> bool:
        fact = moment.event.fact
        return (
            fact is not None and fact.access == "write" and fact.service in STATE_CHANGING and not is_idempotent(moment)
        )

    def _followed_by_write(self, line: Timeline, effect: Moment) -> Pair | None:
        if self.transactions.around(line, effect) is not None or self._announced(line, effect):
            return None
        for write in line.after(effect, *CHANGES):
            is_own = self.transactions.changes_a_row(write) and not detached_from(write, effect, self.program)
            if is_own and not only_on_failure(effect, write):
                undone = self._compensated(line, effect)
                return (
                    None if undone else pair(line, effect, write, fork(effect, write), certain=self._is_money(effect))
                )
        return None

    def _is_money(self, moment: Moment) -> bool:
        fact = moment.event.fact
        return fact is not None and fact.service in MONEY

    def _announced(self, line: Timeline, effect: Moment) -> bool:
        """Whether a committed row says beforehand what is going to be done: whoever finds it can mend it."""
        return any(
            not only_on_failure(write, effect) and self.transactions.changes_a_row(write)
            for write in line.before(effect, *CHANGES)
        )

    def _compensated(self, line: Timeline, effect: Moment) -> bool:
        """Whether some handler after the effect undoes it, or leaves it to somebody."""
        return any(only_on_failure(effect, later) for later in line.after(effect, *MENDING))

    # Several writes ------------------------------------------------------------------------------------------------------

    def scattered(self) -> Iterator[Pair]:
        """Second halves of writes that belong together: without a transaction, or with a commit in between."""
        found = [one for line in timelines(self.program) for one in (self._commits(line), self._writes(line)) if one]
        yield from by_place(found, [], where_they_part)

    def _writes(self, line: Timeline) -> Pair | None:
        """The first write of another model outside any transaction, where each write commits by itself."""
        alone = [w for w in line.of("write") if self._stands_alone(line, w)]
        doubtful: Pair | None = None
        for first in alone:
            for second in alone:
                if second.index > first.index and self._belong_together(line, first, second):
                    level = fork(first, second)
                    if self._is_serious(line, first, second, level):
                        return pair(line, second, first, level)
                    doubtful = doubtful or pair(line, second, first, level, certain=False)
        return doubtful

    def _is_serious(self, line: Timeline, first: Moment, second: Moment, level: int) -> bool:
        """Whether nothing mends what is half done: nobody around the operation, nor another run of a task that may be repeated.

        A job of many steps is too long for one transaction.
        """
        if not line.operation.endpoint and all(does_again(line, m, self.program) for m in (first, second)):
            return False
        if not line.operation.endpoint and len(line.models_changed) >= JOB:
            return False
        return (
            self._is_whole(line)
            and not self._has_callers(line)
            and _are_near(first, second, level)
            and self._are_related(first, second)
        )

    def _are_related(self, first: Moment, second: Moment) -> bool:
        """Whether the rows of two models point at each other or at rows of the same model, or are told by one variable."""
        if _variables(first, fork(first, second)) & _variables(second, fork(first, second)):
            return True
        mine, other = first.event.model, second.event.model
        ours, theirs = self._pointed_at(mine), self._pointed_at(other)
        if ours is None or theirs is None:
            return True
        return mine in theirs or other in ours or bool(ours & theirs)

    def _pointed_at(self, model: str) -> frozenset[str] | None:
        """The models that a model's columns name; None where its columns are not known."""
        info = self.program.models.named(model)
        columns = self.program.models.columns(info) if info is not None else {}
        if not columns:
            return None
        named = (x for column in columns.values() for x in walk(column))
        return frozenset(name for x in named if self.program.models.named(name := _last_name(x)) is not None)

    def _is_whole(self, line: Timeline) -> bool:
        """Whether nobody is around an operation who may hold a transaction, or starts it again when it broke off.

        A library calls the methods of its classes when it likes, and a signal the functions that listen to it; what
        nobody seems to call runs in some request; whoever sits at a command sees that it failed.
        """
        entry, owner = line.operation.entry_point, line.operation.function.owner
        if line.operation.function in self.program.signals.listeners:
            return False
        if entry is not None:
            return entry.kind != "command"
        if self._requests_are_atomic:
            return False
        return owner is None or not any(isinstance(base, str) for base in self.program.hierarchy.mro(owner))

    def _has_callers(self, line: Timeline) -> bool:
        """Whether somebody calls a function that no entry point was seen to reach: a transaction may be open there."""
        function = line.operation.function
        if line.operation.entry_point is not None:
            return False
        return any(
            caller is not function and (module.is_migration or not self.program.project.is_exempt(module.path))
            for _, module, caller in self.program.calls_named(function.name)
        )

    @cached_property
    def _requests_are_atomic(self) -> bool:
        return any(is_atomic(settings) for _, settings in all_settings(self.program))

    def _stands_alone(self, line: Timeline, write: Moment) -> bool:
        if family(write.event, self.program) not in WITH_TRANSACTIONS or not write.event.model:
            return False
        if any(may_be_transaction(frame) for _, frame in attached(write, self.program)):
            return False
        if any(self.program.signals.is_deleting(f) for f in _functions(write)):
            return False
        return not (self.transactions.covers(line, write) or detached(write, self.program) or in_handler(write))

    def _belong_together(self, line: Timeline, first: Moment, second: Moment) -> bool:
        if first.event.model == second.event.model or not can_follow(first, second):
            return False
        if not in_one_handler(line, first, second) or _is_found_again(line, first):
            return False
        if any(only_tells_time(m.event, self.program) or saves_as_it_was(line, m) for m in (first, second)):
            return False
        if {first.event.model, second.event.model} & records(self.program) or second.event.model in logs(self.program):
            return False
        if _same_call(first, second) or _may_be_queued(line, second, fork(first, second)):
            return False
        if _are_optional(first, second) or _in_any_case(first, second):
            return False
        if any(later.event.model == first.event.model for later in line.after(second, "write")):
            return False
        if any(earlier.event.model == second.event.model for earlier in line.before(first, "write")):
            return False
        return not self._outside_between(line, first, second)

    def _commits(self, line: Timeline) -> Pair | None:
        """The first commit that ends other writes than an earlier commit of the same operation."""
        commits = [c for c in line.of("commit") if not (in_handler(c) or detached(c, self.program))]
        for number, second in enumerate(commits):
            for first in commits[:number]:
                apart = first.key != second.key and in_one_handler(line, first, second)
                halves = self._halves(line, first, second) if apart and can_follow(first, second) else None
                if halves is not None:
                    found = pair(line, second, first, fork(first, second), certain=self._is_whole(line))
                    return replace(found, halves=halves)
        return None

    def _halves(self, line: Timeline, first: Moment, second: Moment) -> tuple[str, str] | None:
        """A model of each of two commits that end different writes of one operation; None where they do not."""
        own = family(first.event, self.program)
        if own != family(second.event, self.program) or own not in BEGIN_BY_THEMSELVES:
            return None
        ended, after = (self._ended_by(line, commit, own) for commit in (first, second))
        if not line.operation.endpoint and only_mends(line, ended):
            return None
        level = fork(first, second)
        before = [m.event.model for m in ended if not looks_up_first(line, m.event.model, first, level)]
        later = [m.event.model for m in after]
        if not before or not later or set(before) & set(later) or self._outside_between(line, first, second):
            return None
        return before[0], later[0]

    def _ended_by(self, line: Timeline, commit: Moment, own: str) -> list[Moment]:
        """The changes that a commit ends, the last one first; records of what was done are not counted."""
        found = []
        for moment in reversed(line.moments[: commit.index]):
            if moment.effect == "commit" and can_follow(moment, commit):
                break
            is_own = moment.effect in CHANGES and family(moment.event, self.program) == own
            if is_own and can_follow(moment, commit) and self.transactions.changes_a_row(moment):
                found.append(moment)
        untold = records(self.program) | {""}
        return [m for m in found if m.event.model not in untold]

    def _outside_between(self, line: Timeline, first: Moment, second: Moment) -> bool:
        """Whether another system is asked between two moments: no transaction may span that."""
        between = (m for m in line.moments[first.index + 1 : second.index] if m.effect in OUTSIDE)
        return any(can_follow(first, m) and can_follow(m, second) and not detached(m, self.program) for m in between)


def is_idempotent(moment: Moment) -> bool:
    """Whether a call may be repeated: it carries a key by which the other side knows it again."""
    for name, value in moment.event.keywords:
        if name.lower() in IDEMPOTENCY:
            return True
        for atom in value if name == "headers" else ():
            if isinstance(atom.shape, t.Map) and any(str(key).lower() in IDEMPOTENCY for key, _ in atom.shape.entries):
                return True
    return False


def _are_near(first: Moment, second: Moment, level: int) -> bool:
    """Whether the function in which two writes come together makes one of them itself, or calls what makes them both."""
    depths = [len(moment.points) - level for moment in (first, second)]
    return min(depths) == 1 or max(depths) == 2


def _variables(moment: Moment, level: int) -> frozenset[str]:
    """The local variables in the call that writes, as the function in which two writes come together spells it."""
    item = moment.points[level].item
    bound = (x for x in walk(item.function.node) if isinstance(x, n.Assign | n.For))
    targets = (y for x in bound for y in (x.targets if isinstance(x, n.Assign) else (x.target,)))
    local = {p.name for p in item.function.params} | {y.id for y in targets if isinstance(y, n.Name)}
    return names_in(item.node) & local


def _last_name(node: n.Node) -> str:
    """``Order`` in ``Order``, ``models.Order``, ``"Order"`` and ``"shop.Order"``."""
    if isinstance(node, n.Constant):
        return node.value.rpartition(".")[2] if node.kind == "str" else ""
    return node.id if isinstance(node, n.Name) else node.attr if isinstance(node, n.Attribute) else ""


def _is_found_again(line: Timeline, write: Moment) -> bool:
    """Whether whoever tries again finds the row: it is made, or was made before, where there is none."""
    if finds_again(write.event):
        return True
    earlier = (m for m in line.before(write, "write") if m.event.model == write.event.model)
    return any(finds_again(m.event) and m.event.function is write.event.function for m in earlier)


def _may_be_queued(line: Timeline, second: Moment, level: int) -> bool:
    """Whether the call that leads to a write may also hand the work to a queue."""
    key = second.points[level].key
    return any(m.points[level].key == key for m in line.of("enqueue") if fork(m, second) >= level)


def _functions(moment: Moment) -> Iterator[Function]:
    """The functions that are entered on the way to a moment."""
    for point in moment.points[:-1]:
        if isinstance(point.item, Inlined):
            yield point.item.outcome.function


def _in_any_case(first: Moment, second: Moment) -> bool:
    """Whether the second write is in a ``finally``: it is made however the first one ends."""
    return any(f.kind == "finally" for f in own_frames(first, second, fork(first, second)))


def _are_optional(first: Moment, second: Moment) -> bool:
    """Whether each of two writes is in a branch of its own: neither is half of the other."""
    level = fork(first, second)
    pairs = ((first, second), (second, first))
    return all(any(f.kind == "branch" for f in own_frames(one, other, level)) for one, other in pairs)


def _same_call(first: Moment, second: Moment) -> bool:
    """Whether the second write is set off by the first one itself: a receiver, a cascade."""
    level = fork(first, second)
    return first.points[min(level, len(first.points) - 1)].key == second.points[min(level, len(second.points) - 1)].key
