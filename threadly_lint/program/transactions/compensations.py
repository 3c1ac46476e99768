"""Compensations: what handlers of failures do to take back what was done before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Frame
from threadly_lint.program.transactions.timeline import Key, Moment, Point, Timeline, can_follow, fork, timelines
from threadly_lint.program.transactions.writers import Way
from threadly_lint.program.transactions.written_columns import SAVES
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

FAILURE = re.compile(r"fail|error|abort|crash|broken|declined", re.IGNORECASE)
NOTING = frozenset("save asave update aupdate add".split())
TELLING = ("log", "report")
MAIL = "mail"


@dataclass(frozen=True, eq=False)
class Undoing:
    """A compensation in an error path, as the handler writes it, whose own failure nothing there handles."""

    timeline: Timeline
    moment: Moment
    point: Point


def frail_compensations(program: Program) -> Iterator[Undoing]:
    """One for each call in a handler that takes back what was done and may fail in turn."""
    seen: set[Key] = set()
    for line in timelines(program):
        for moment in line.of("external-call", "write", "assign"):
            level = _level_in_handler(moment)
            if level is None or not _takes_back(line, moment, level) or _is_note(line, moment, level):
                continue
            if _is_set_off(line, moment, level):
                continue
            point = moment.points[level]
            if point.key not in seen:
                seen.add(point.key)
                yield Undoing(line, moment, point)


def _level_in_handler(moment: Moment) -> int | None:
    """Where the handler around a moment stands; None without one, or where a ``try`` inside it is nearer."""
    for level in range(len(moment.points) - 1, -1, -1):
        for frame in moment.frames_at(level):
            if frame.kind == "try":
                return None
            if frame.kind == "handler":
                return level if _fails_in_the_end(frame) else None
    return None


def _fails_in_the_end(frame: Frame) -> bool:
    """Whether the handler lets the failure go on: what it does before that is to clean up."""
    node = frame.node
    return isinstance(node, n.Handler) and bool(node.body) and isinstance(node.body[-1], n.Raise)


def _is_set_off(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether it is the receiver of a signal that some other write in the handler sends."""
    senders = {point.key: depth for depth, point in enumerate(moment.points[:-1]) if depth >= level}
    return any(
        senders.get(other.key) == len(other.points) - 1 == fork(other, moment)
        for other in line.of("write", "upsert")
        if other is not moment
    )


def _takes_back(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether the same was changed before the failure: rows of the model here, or something in the same other system."""
    if moment.effect == "external-call" and not _changes_elsewhere(moment):
        return False
    if moment.effect == "assign" and not _is_committed(line, moment, level):
        return False
    return any(
        _is_alike(earlier, moment) and can_follow(earlier, moment) and not _ends_well(earlier, moment, level)
        for earlier in line.moments[: moment.index]
        if fork(earlier, moment) >= level and not _in_same_handler(earlier, moment, level)
    )


def _ends_well(earlier: Moment, moment: Moment, level: int) -> bool:
    """Whether an earlier change is the last thing that the ``try`` of the handler does: once it is made nothing fails."""
    handler = next(frame for frame in moment.frames_at(level) if frame.kind == "handler")
    tried = next((f.node for f in earlier.frames_at(level) if _handles(f.node, handler)), None)
    if not isinstance(tried, n.Try) or not tried.body:
        return False
    return any(x is earlier.points[level].item.node for x in walk(tried.body[-1]))


def _handles(node: n.Node, handler: Frame) -> bool:
    return isinstance(node, n.Try) and any(x is handler.node for x in node.handlers)


def _is_committed(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether what is set on a row is also stored in the handler."""
    return any(m.index > moment.index and _in_same_handler(m, moment, level) for m in line.of("commit"))


def _is_alike(earlier: Moment, later: Moment) -> bool:
    if later.effect == "external-call":
        return (
            earlier.effect == "external-call" and _changes_elsewhere(earlier) and _library(earlier) == _library(later)
        )
    if earlier.effect == later.effect == "assign" and earlier.event.api != later.event.api:
        return False
    return earlier.effect in ("write", "upsert", later.effect) and earlier.event.model == later.event.model


def _changes_elsewhere(moment: Moment) -> bool:
    fact = moment.event.fact
    return fact is not None and fact.access == "write" and fact.service != MAIL


def _library(moment: Moment) -> str:
    return moment.event.api.partition(".")[0]


def _is_note(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether a row only says what has happened: a new one, one whose reason for failing is noted, or one that is saved
    while somebody is told of the failure. What the handler itself sets on a row is such a note.
    """
    if moment.effect == "external-call":
        return False
    if moment.effect == "assign":
        return len(moment.points) - 1 == level or _says_failed(line, moment, level)
    if _creates_beside(line, moment, level) or _sets_anew(line, moment, level) or _says_failed(line, moment, level):
        return True
    if moment.points[level].written.rpartition(".")[2] not in NOTING:
        return False
    return any(_tells(other) and _in_same_handler(other, moment, level) for other in line.moments)


def _creates_beside(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether the handler's call makes a row of the model: what it deletes or changes as well is not taken back."""
    key = moment.points[level].key
    alike = (m for m in line.of("write", "upsert") if m.event.model == moment.event.model)
    return any(
        Way(line, m).creates and _in_same_handler(m, moment, level) and m.points[level].key == key for m in alike
    )


def _says_failed(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether a column gets a word for failure, here or in the helper that is called."""
    given = moment.points[level].item.node
    values = [m.event.value for m in line.of("assign") if _goes_with(m, moment, level)]
    values += [value for _, value in moment.event.keywords]
    texts = [x for value in values for x in t.constants(value) if isinstance(x, str)]
    texts += [x.value for x in walk(given) if isinstance(x, n.Constant) and isinstance(x.value, str)]
    texts += [x.attr for x in walk(given) if isinstance(x, n.Attribute)]
    return any(FAILURE.search(text) for text in texts if " " not in text)


def _goes_with(assigned: Moment, moment: Moment, level: int) -> bool:
    """Whether a column is set for what a handler saves."""
    if assigned.event.model != moment.event.model or assigned.index > moment.index:
        return False
    return _in_same_handler(assigned, moment, level)


def _sets_anew(line: Timeline, moment: Moment, level: int) -> bool:
    """Whether the handler saves columns that nothing has set before: there is nothing to take back in them."""
    if moment.event.api.rpartition(".")[2] not in SAVES:
        return False
    assigned = [m for m in line.of("assign") if m.event.model == moment.event.model and m.index < moment.index]
    noted = {m.event.api for m in assigned if _in_same_handler(m, moment, level)}
    return bool(noted) and not any(m.event.api in noted for m in assigned if not _in_same_handler(m, moment, level))


def _tells(moment: Moment) -> bool:
    fact = moment.event.fact
    return moment.effect in TELLING or (moment.effect == "external-call" and fact is not None and fact.service == MAIL)


def _in_same_handler(other: Moment, moment: Moment, level: int) -> bool:
    """Whether another moment lies in the handler around ``moment`` at ``level``."""
    handler = next(frame for frame in moment.frames_at(level) if frame.kind == "handler")
    return fork(other, moment) >= level and any(f.node is handler.node for f in other.frames_at(level))
