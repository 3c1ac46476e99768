"""Which changes reach the database: rows live in memory until something saves them, and a commit may save nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from threadly_lint.program import types as t
from threadly_lint.program.effects import Occurrence
from threadly_lint.program.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

IN_MEMORY = ("construct", "assign")
ACTIVE_RECORDS = frozenset({"beanie", "django", "mongoengine", "ormar", "peewee", "piccolo", "tortoise"})


def is_saved(program: Program, whole: Sequence[Occurrence], occurrence: Occurrence) -> bool:
    """Whether an effect among all those of a run, in order, leaves its mark in the database. Reads and writes always do."""
    if occurrence.effect in IN_MEMORY:
        if _is_saved_by_call(program, occurrence):
            return False
        return _is_handed_on(occurrence) or any(o.effect in ("write", "commit") for o in _after(whole, occurrence))
    return occurrence.effect != "commit" or not _ends_reading(whole, occurrence)


def _is_saved_by_call(program: Program, occurrence: Occurrence) -> bool:
    """Whether a row reaches the database only through a call of its own (``save``): that call is the write."""
    info = program.models.named(occurrence.event.model)
    return info is not None and program.models.library_of(info) in ACTIVE_RECORDS


def _is_handed_on(occurrence: Occurrence) -> bool:
    """Whether the row is an argument of some call: to a session, maybe, that nothing is known of."""
    node, function = occurrence.event.node, occurrence.event.function.node
    if occurrence.effect != "construct" or not isinstance(function, n.Function):
        return True
    inside = list(walk(*function.body))
    names = {
        x.id for s in inside if isinstance(s, n.Assign) and s.value is node for x in s.targets if isinstance(x, n.Name)
    }
    given = [v for x in inside if isinstance(x, n.Call) for v in (*x.args, *(k.value for k in x.keywords))]
    return any(v is node or (isinstance(v, n.Name) and v.id in names) for v in given)


def _ends_reading(whole: Sequence[Occurrence], commit: Occurrence) -> bool:
    """Whether a commit ends whatever was done, as sessions do on leaving, or follows a statement that only reads."""
    function = commit.event.function
    if any(_leaves(x) for x in (function, *(c.outcome.function for c in commit.calls))):
        return True
    before = whole[: _position(whole, commit)]
    last = next((o for o in reversed(before) if o.effect in ("read", "write", *IN_MEMORY)), None)
    return last is not None and last.effect == "read" and last.event.function is function and _has_known_text(last)


def _leaves(function: Function) -> bool:
    """Whether a function is the exit of a context manager, or a generator that may be one."""
    node = function.node
    if function.name in ("__exit__", "__aexit__"):
        return True
    return isinstance(node, n.Function) and any(isinstance(x, n.Yield) for x in walk(*node.body))


def _has_known_text(occurrence: Occurrence) -> bool:
    return any(t.shape_text(value) is not None for value in occurrence.event.args[:1])


def _after(whole: Sequence[Occurrence], occurrence: Occurrence) -> Sequence[Occurrence]:
    return whole[_position(whole, occurrence) + 1 :]


def _position(whole: Sequence[Occurrence], occurrence: Occurrence) -> int:
    return next(i for i, o in enumerate(whole) if o is occurrence)
