"""Work that may be done again: what a second run finds as the first one left it, or changes in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter.effects import Event
from threadly_lint.program.transactions.timeline import Moment, Timeline, always_leaves, can_follow, fork, own_frames
from threadly_lint.program.transactions.written_columns import BULK_UPDATES, SAVES, is_repeatable
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

CHANGING = ("construct", "assign", "write", "upsert")
MODEL_SAVES = frozenset({"django.db.models.Model.save", "django.db.models.Model.asave"})
DELETES = frozenset({"delete", "adelete"})


def does_again(line: Timeline, moment: Moment, program: Program) -> bool:
    """Whether another run leaves the same rows: queries that set values or delete, and the rows that a loop finds."""
    if is_repeatable(moment.event, program):
        return True
    leaf = moment.event.api.rpartition(".")[2]
    if leaf not in SAVES | DELETES | BULK_UPDATES or any(_computes(m.event) for m in _set_before(line, moment)):
        return False
    return leaf in BULK_UPDATES or _is_found(moment.event)


def saves_as_it_was(line: Timeline, moment: Moment) -> bool:
    """Whether a row that was looked up is saved and nothing was set in it: only the time of the change moves."""
    if moment.event.api not in MODEL_SAVES:
        return False
    before = {m.effect for m in line.before(moment, "read", *CHANGING) if m.event.model == moment.event.model}
    return before == {"read"}


def looks_up_first(line: Timeline, model: str, commit: Moment, level: int) -> bool:
    """Whether the rows that a commit stores are made where none was found, by a function called at ``level`` or deeper:
    whoever tries again finds them.
    """
    made = [m for m in line.before(commit, "construct") if m.event.model == model and fork(m, commit) > level]
    looks = [m for m in line.before(commit, "read") if m.event.model == model]
    return bool(made) and all(any(_leaves_with(look, m, level) for look in looks) for m in made)


def _leaves_with(look: Moment, made: Moment, level: int) -> bool:
    """Whether a function below ``level`` looks up, and makes the row on one of the paths after that."""
    depth = fork(look, made)
    if depth <= level or look.index > made.index or not can_follow(look, made):
        return False
    if any(f.kind == "branch" for f in own_frames(look, made, depth)):
        return True
    body = walk(made.points[depth].item.function.node)
    return any(isinstance(x, n.If) and (always_leaves(x.body) or always_leaves(x.orelse)) for x in body)


def only_mends(line: Timeline, changes: list[Moment]) -> bool:
    """Whether nothing but rows that a loop finds get their values: the next run finds what this one left."""
    assigned = [m for m in changes if m.effect == "assign"]
    set_in = {m.event.model for m in assigned}
    return bool(assigned) and all(
        (_is_row_of_loop(m.event) and not _computes(m.event)) if m.effect == "assign" else m.event.model in set_in
        for m in changes
    )


def _set_before(line: Timeline, moment: Moment) -> list[Moment]:
    return [m for m in line.before(moment, "assign") if m.event.model == moment.event.model]


def _computes(event: Event) -> bool:
    """Whether a column gets a value that is reckoned, possibly from what it was before."""
    node = event.node
    if isinstance(node, n.AugAssign):
        return True
    if not isinstance(node, n.Assign) or node.value is None:
        return False
    return any(isinstance(x, n.BinOp) for x in walk(node.value))


def _is_found(event: Event) -> bool:
    """Whether a row that is saved or deleted is what a loop goes through."""
    node = event.node
    return isinstance(node, n.Call) and _goes_through(event, node.func)


def _is_row_of_loop(event: Event) -> bool:
    """Whether a column is set in what a loop goes through."""
    node = event.node
    return isinstance(node, n.Assign) and all(_goes_through(event, target) for target in node.targets)


def _goes_through(event: Event, place: n.Expr) -> bool:
    row = place.value if isinstance(place, n.Attribute) else None
    loops = (x for x in walk(event.function.node) if isinstance(x, n.For))
    return isinstance(row, n.Name) and any(isinstance(x.target, n.Name) and x.target.id == row.id for x in loops)
