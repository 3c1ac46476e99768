"""Which changes reach the database: rows live in memory until something saves them, and a commit may save nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import children, walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

HOUSEKEEPING = re.compile(
    r"\s*(create\s+(or\s+replace\s+|unique\s+|materialized\s+|temp(orary)?\s+)*(view|index)\b|refresh\b|analyze\b|vacuum\b|pragma\b)",
    re.IGNORECASE,
)
IN_MEMORY = ("construct", "assign")
ACTIVE_RECORDS = frozenset({"beanie", "django", "mongoengine", "ormar", "peewee", "piccolo", "tortoise"})


def is_saved(program: Program, whole: Sequence[Occurrence], occurrence: Occurrence) -> bool:
    """Whether an effect among all those of a run, in order, leaves its mark in the database. Reads and writes always do."""
    if occurrence.effect in IN_MEMORY:
        return not _is_saved_by_call(program, occurrence) and _is_row_saved(program, whole, occurrence)
    if occurrence.effect == "write" and _keeps_house(occurrence):
        return False
    return occurrence.effect != "commit" or not _ends_reading(whole, occurrence)


def _keeps_house(occurrence: Occurrence) -> bool:
    """Whether a statement makes or renews what queries are answered from (views, indexes), and has no part in the data."""
    texts = [text for v in occurrence.event.args[:1] for atom in v if (text := t.shape_text((atom,)))]
    return bool(texts) and all(map(HOUSEKEEPING.match, texts))


def _is_saved_by_call(program: Program, occurrence: Occurrence) -> bool:
    """Whether a row reaches the database only through a call of its own (``save``): that call is the write."""
    info = program.models.named(occurrence.event.model)
    return info is not None and program.models.library_of(info) in ACTIVE_RECORDS


def _is_row_saved(program: Program, whole: Sequence[Occurrence], occurrence: Occurrence) -> bool:
    """Whether a row that was made here is given to a call (a session, maybe, that nothing is known of), or kept and saved later."""
    function = occurrence.event.function.node
    if occurrence.effect != "construct" or not isinstance(function, n.Function):
        return True
    uses = _uses(occurrence.event.node, function)
    if not uses and not _is_made_of_rows(occurrence):
        return False
    if any(isinstance(x, n.Call | n.Keyword) for x in uses):
        return True
    return any(o.effect in ("write", "commit") and is_saved(program, whole, o) for o in _after(whole, occurrence))


def _is_made_of_rows(occurrence: Occurrence) -> bool:
    """Whether other rows go into a row: it belongs to them at once."""
    given = (*occurrence.event.args, *(v for _, v in occurrence.event.keywords))
    return any(isinstance(x.shape, t.Inst) for v in given for x in v)


def _uses(row: n.Node, function: n.Function) -> list[n.Node]:
    """The nodes that get hold of a row where it is made: calls with it as an argument, returns, lists and so on."""
    inside = list(walk(*function.body))
    names = {
        x.id for s in inside if isinstance(s, n.Assign) and s.value is row for x in s.targets if isinstance(x, n.Name)
    }
    return [around for around in inside for x in children(around) if _takes(around, x, row, names)]


def _takes(around: n.Node, part: n.Node, row: n.Node, names: set[str]) -> bool:
    if part is not row and not (isinstance(part, n.Name) and part.id in names):
        return False
    if isinstance(around, n.Attribute | n.ExprStmt):
        return False
    if isinstance(around, n.Assign):
        return part is around.value and not all(isinstance(x, n.Name) for x in around.targets)
    return not (isinstance(around, n.Call) and part is around.func)


def _ends_reading(whole: Sequence[Occurrence], commit: Occurrence) -> bool:
    """Whether a commit ends whatever was done, as sessions do on leaving, or follows a statement that only reads."""
    function = commit.event.function
    if any(_leaves(x) for x in (function, *(c.outcome.function for c in commit.calls))):
        return True
    before = whole[: _position(whole, commit)]
    last = next((o for o in reversed(before) if o.effect in ("read", "write", *IN_MEMORY)), None)
    if last is None or last.event.function is not function:
        return False
    return (last.effect == "read" and _has_known_text(last)) or (last.effect == "write" and _keeps_house(last))


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
