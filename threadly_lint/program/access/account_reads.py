"""Accounts that one request loads more than once: the same user, selected by the same key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.access.credentials import model_of
from threadly_lint.program.access.ownership import GET_BY_KEY, is_users_table
from threadly_lint.program.entry.lifecycle import library_names
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.callers import IDENTIFYING
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.interpreter.lookups import SELECTING, is_exact
from threadly_lint.program.interpreter.sql import statement_of
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class, Function

CHANGES = frozenset({"write", "upsert"})
BY_KEY = (*GET_BY_KEY, "flask_sqlalchemy.query.Query.get", "flask_sqlalchemy.query.Query.get_or_404")
KEY_NAMES = {"pk": "id"}


class Repeated(NamedTuple):
    """Two reads of one account; the same one twice when it happens in a loop."""

    first: Occurrence
    again: Occurrence


class _Selection(NamedTuple):
    """What selects a row: the model, the columns that are compared, and where the value comes from."""

    model: Class
    columns: frozenset[str]
    sources: t.Tags


def repeated_account_read(program: Program, occurrences: Sequence[Occurrence]) -> Repeated | None:
    """The first read of the caller's account that has been made before; a change of the account makes a new read right."""
    found: dict[_Selection, list[Occurrence]] = {}
    for position, occurrence in enumerate(occurrences):
        info = model_of(program, occurrence) if occurrence.effect in ("read", *CHANGES) else None
        if info is None or not is_users_table(program, info):
            continue
        if occurrence.effect in CHANGES:
            found.clear()
            continue
        selection = _selection(program, info, occurrences, position)
        if selection is None or _is_remembered(program, occurrence):
            continue
        if any(f.kind == "loop" and f.function is occurrence.event.function for f in occurrence.frames):
            return Repeated(occurrence, occurrence)
        earlier = found.setdefault(selection, [])
        if before := next((o for o in earlier if _is_again(o, occurrence)), None):
            return Repeated(before, occurrence)
        earlier.append(occurrence)
    return None


def _selection(program: Program, info: Class, occurrences: Sequence[Occurrence], position: int) -> _Selection | None:
    """How a read selects the caller's row by equality; None when somebody else's may come, or nobody can tell."""
    event = occurrences[position].event
    sources = frozenset(x for x in t.tags_of(event.value) if x.kind in IDENTIFYING)
    if not sources or not program.models.class_in(event.value):
        return None
    columns: set[str] = set()
    for part in _parts(program, info, occurrences, position):
        names = _compared(part)
        if names is None:
            return None
        columns |= names
    return _Selection(info, frozenset(columns), sources) if columns else None


def _parts(program: Program, info: Class, occurrences: Sequence[Occurrence], position: int) -> Iterator[Event]:
    """The read, and the steps that have built its query just before."""
    event = occurrences[position].event
    yield event
    for occurrence in reversed(occurrences[:position]):
        is_step = occurrence.effect in ("build-read", "query")
        if not is_step or occurrence.event.function is not event.function or model_of(program, occurrence) is not info:
            return
        yield occurrence.event


def _compared(event: Event) -> set[str] | None:
    """Columns that a step compares for equality; None when it selects in another way."""
    if (statement := statement_of(event)) is not None:
        return set(statement.compares)
    if event.api in BY_KEY:
        return {"id"}
    node = event.node
    if not isinstance(node, n.Call) or event.api.rpartition(".")[2] not in SELECTING:
        return set()
    named = [_column(k.name) for k in node.keywords]
    positional = [_equated(x) for x in node.args if not isinstance(x, n.Name | n.Attribute)]
    names = (*named, *positional)
    return None if None in names else {KEY_NAMES.get(x, x) for x in names if x is not None}


def _column(keyword: str | None) -> str | None:
    return keyword.partition("__")[0] if keyword and is_exact(keyword) else None


def _equated(expr: n.Expr) -> str | None:
    is_equality = isinstance(expr, n.Compare) and expr.ops == ("==",)
    return expr.left.attr if is_equality and isinstance(expr.left, n.Attribute) else None  # type: ignore[union-attr]


def _is_again(earlier: Occurrence, occurrence: Occurrence) -> bool:
    """Whether both happen in one request, at two places."""
    is_elsewhere = occurrence.span != earlier.span or occurrence.path != earlier.path
    return is_elsewhere and not _are_alternatives(earlier, occurrence)


def _are_alternatives(earlier: Occurrence, occurrence: Occurrence) -> bool:
    """Whether they stand on two sides of a branch, or the later one where the earlier one has failed."""
    sides = {id(f.node): f.side for f in occurrence.frames if f.kind == "branch"}
    apart = any(sides.get(id(f.node), f.side) != f.side for f in earlier.frames if f.kind == "branch")
    tried = [f.node for f in earlier.frames if f.kind == "try" and isinstance(f.node, n.Try)]
    handlers = {id(handler) for node in tried for handler in node.handlers}
    return apart or any(f.kind == "handler" and id(f.node) in handlers for f in occurrence.frames)


def _is_remembered(program: Program, occurrence: Occurrence) -> bool:
    """Whether a cached helper reads the row: the second call does not."""
    known: dict[Function, bool] = program.memo.setdefault("remembered", {})
    functions = [c.outcome.function for c in occurrence.calls]
    for function in functions:
        if function not in known:
            names = (name for d in function.decorators for name in library_names(program, d, function))
            known[function] = any(program.knowledge.fact(name, "cache-remember") for name in names)
    return any(known[function] for function in functions)
