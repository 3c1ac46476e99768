"""What a write changes in its rows, as far as the call says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf, walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

UPDATES = frozenset({"update", "aupdate"})
SAVES = frozenset({"save", "asave"})
BULK_UPDATES = frozenset({"bulk_update", "abulk_update"})
FINDS = frozenset("get_or_create aget_or_create".split())
REPEATABLE = (
    UPDATES | FINDS | frozenset("delete adelete update_or_create aupdate_or_create set aset add remove clear".split())
)
TIMES = frozenset("DateField DateTimeField TimeField Date DateTime Time TIMESTAMP".split())


def columns_written(event: Event) -> frozenset[str] | None:
    """The columns that a write names: all that it changes. None where it may change any."""
    leaf = event.api.rpartition(".")[2]
    keywords = dict(event.keywords)
    if event.effect == "assign":
        return frozenset({event.api}) if event.api != "*" else None
    if leaf in UPDATES and not event.args and keywords and not {"*", "**"} & keywords.keys():
        return frozenset(keywords)
    if leaf in SAVES:
        return _names(keywords.get("update_fields", ()))
    if leaf in BULK_UPDATES:
        return _names(event.argument(1, "fields"))
    return None


def _names(value: t.Value) -> frozenset[str] | None:
    """The strings in a list that is written out."""
    found: set[str] = set()
    for atom in value:
        shape = atom.shape
        names = [t.text_of(item) for item in shape.items or ()] if isinstance(shape, t.Seq) else [None]
        if None in names:
            return None
        found.update(name for name in names if name is not None)
    return frozenset(found) or None


def is_repeatable(event: Event, program: Program) -> bool:
    """Whether doing the same again leaves the same rows: a query that sets values or deletes, a look-up that creates."""
    rows = (x.shape.info for x in event.receiver if isinstance(x.shape, t.Inst))
    if event.api.rpartition(".")[2] not in REPEATABLE or any(program.models.is_model(info) for info in rows):
        return False
    given = event.node.keywords if isinstance(event.node, n.Call) else ()
    return not any(isinstance(x, n.BinOp) for k in given for x in walk(k.value))


def finds_again(event: Event) -> bool:
    """Whether whoever comes next finds the row that was made here, and goes on with it."""
    return event.api.rpartition(".")[2] in FINDS


def only_tells_time(event: Event, program: Program) -> bool:
    """Whether nothing but dates is set: when something was touched last."""
    info, columns = program.models.named(event.model), columns_written(event)
    known = program.models.columns(info) if info is not None else {}
    return bool(columns) and all(_is_time(known.get(name)) for name in columns or ())


def _is_time(column: n.Expr | None) -> bool:
    if not isinstance(column, n.Call):
        return False
    return any(leaf(kind) in TIMES for kind in (column.func, *column.args))
