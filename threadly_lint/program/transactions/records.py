"""Models whose rows only tell what was done: they need no transaction with what they tell of."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.transactions.timeline import Moment, timelines
from threadly_lint.program.transactions.transactions import CHANGES
from threadly_lint.program.transactions.writers import Way, writers
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf, walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

NOW = frozenset("now utcnow auto_now_add CURRENT_TIMESTAMP".split())
RELATING = frozenset("add aadd set aset remove aremove clear aclear".split())
DELETES = frozenset({"delete", "adelete"})
TIMES = frozenset("DateTimeField DateTime TIMESTAMP".split())
AMOUNTS = frozenset("DecimalField FloatField Numeric Float DECIMAL MoneyField".split())


def records(program: Program) -> frozenset[str]:
    """The models whose rows are records of what was done, or bookkeeping of requests."""
    if "records" not in program.memo:
        known = writers(program).ways
        program.memo["records"] = _beside(known, _grown(known)) | _everywhere(program, known)
    found: frozenset[str] = program.memo["records"]
    return found


def logs(program: Program) -> frozenset[str]:
    """Models that only ever gain rows with the time at which they are made, to which nothing points, and without amounts.

    Such a row may be missing; what it is followed by may not.
    """
    if "logs" not in program.memo:
        models = (info for info in program.classes if program.models.is_model(info))
        pointed_at = {text for info in models for text in _named_in(program, info)}
        candidates = _grown(writers(program).ways) - pointed_at
        program.memo["logs"] = frozenset(model for model in candidates if _is_dated(program, model))
    found: frozenset[str] = program.memo["logs"]
    return found


def audits(program: Program) -> frozenset[str]:
    """Models whose rows say when something was done: dated, only ever added, beside writes of several other models."""
    if "audits" not in program.memo:
        program.memo["audits"] = _beside(writers(program).ways, set(logs(program)))
    found: frozenset[str] = program.memo["audits"]
    return found


def _grown(known: dict[str, list[Way]]) -> set[str]:
    """Models that only ever gain rows, until somebody clears the old ones away."""
    return {model for model, ways in known.items() if all(w.creates or _clears(w) for w in ways)}


def _clears(way: Way) -> bool:
    """Whether a task or a command deletes rows by a query."""
    receiver = way.write.event.receiver
    is_row = any(isinstance(x.shape, t.Inst) for x in receiver)
    return way.write.event.api.rpartition(".")[2] in DELETES and not is_row and not way.timeline.operation.endpoint


def _beside(known: dict[str, list[Way]], grown: set[str]) -> frozenset[str]:
    """Those of models that only gain rows which do so beside writes of at least two other models."""
    beside: dict[str, set[str]] = {}
    for model in grown:
        for way in known.get(model, ()):
            others = {m.event.model for m in way.steps(*CHANGES) if not _relates(m)} - {model, ""}
            beside.setdefault(model, set()).update(others - grown)
    return frozenset(model for model, others in beside.items() if len(others) > 1)


def _relates(moment: Moment) -> bool:
    """Whether a write only says which rows belong together."""
    return moment.event.api.startswith("django.") and moment.event.api.rpartition(".")[2] in RELATING


def _everywhere(program: Program, known: dict[str, list[Way]]) -> frozenset[str]:
    """Models that a large part of all endpoints write in one place."""
    endpoints = sum(1 for line in timelines(program) if line.operation.endpoint)
    found = set()
    for model, ways in known.items():
        places = Counter(k for k, _ in {(w.write.key, w.timeline) for w in ways if w.timeline.operation.endpoint})
        if any(count >= max(10, endpoints / 5) for count in places.values()):
            found.add(model)
    return frozenset(found)


def _named_in(program: Program, info: Class) -> set[str]:
    """What the columns of a model name: classes, by name or as text."""
    columns = program.models.columns(info).values()
    parts = [x for column in columns for x in walk(column)]
    texts = {x.value.rpartition(".")[2] for x in parts if isinstance(x, n.Constant) and x.kind == "str"}
    return (
        texts | {x.id for x in parts if isinstance(x, n.Name)} | {x.attr for x in parts if isinstance(x, n.Attribute)}
    )


def _is_dated(program: Program, model: str) -> bool:
    info = program.models.named(model)
    calls = [c for c in program.models.columns(info).values() if isinstance(c, n.Call)] if info is not None else []
    kinds = {leaf(part) for call in calls for part in (call.func, *call.args)}
    return not kinds & AMOUNTS and any(_is_now(call) for call in calls)


def _is_now(column: n.Call) -> bool:
    """Whether a column holds the time at which its row is made."""
    parts = {leaf(part) for part in walk(column)} | {k.name for k in column.keywords}
    return bool(parts & TIMES and parts & NOW)
