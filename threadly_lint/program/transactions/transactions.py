"""Where database transactions are open: inside blocks that commit, and between a write and its commit.

A block is ``atomic()``, ``session.begin()``, a decorator that does the same, or a whole request. Sessions and drivers
that begin on their own have a transaction open from the first write to the commit, wherever that stands: in a caller,
in a context manager's exit, in a dependency after its ``yield``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.boundaries import END_ELSEWHERE
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame
from threadly_lint.program.interpreter.variables import made_here
from threadly_lint.program.transactions.timeline import Moment, Timeline, can_follow, fork, only_on_failure, parting
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

SAME_FAMILY = {"flask_sqlalchemy": "sqlalchemy", "sqlmodel": "sqlalchemy"}
BEGIN_BY_THEMSELVES = frozenset(
    """sqlalchemy psycopg psycopg2 sqlite3 aiosqlite pymysql MySQLdb mysql oracledb cx_Oracle pyodbc aiomysql aiopg pony
    flask_mysqldb asyncmy pymssql""".split()
)
WRITES = ("write", "upsert")
CHANGES = (*WRITES, "assign")
ENDS = ("commit", "rollback")


@dataclass(frozen=True)
class OpenTransaction:
    """A transaction that is open at some moment: a write that belongs to it, the nearest one.

    ``level`` is where the trails of the moment and of the write part. ``certain`` is False where no commit can be seen.
    """

    write: Moment
    level: int
    certain: bool = True


class Transactions:
    """Answers whether a transaction is open at a moment."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def around(self, timeline: Timeline, moment: Moment) -> OpenTransaction | None:
        """The transaction with writes in which a moment lies; None when there is none."""
        if not timeline.effects & frozenset(CHANGES):
            return None
        found = self._block_around(timeline, moment)
        if found is None and not detached(moment, self.program):
            found = self._pending_at(timeline, moment) or self._begun_before(timeline, moment)
        return found

    def covers(self, timeline: Timeline, moment: Moment) -> bool:
        """Whether a moment lies in a transaction of any kind, with other writes or without."""
        return any(self.commits(timeline, frame) for _, frame in attached(moment, self.program))

    # Blocks --------------------------------------------------------------------------------------------------------

    def _block_around(self, timeline: Timeline, moment: Moment) -> OpenTransaction | None:
        for level, frame in attached(moment, self.program):
            if self.commits(timeline, frame):
                inside = [w for w in self._writes(timeline, moment) if in_block(w, moment, level, frame)]
                if (found := self._with_nearest(moment, inside)) is not None:
                    return found
        return None

    def commits(self, timeline: Timeline, frame: Frame) -> bool:
        """Whether a construct is a transaction that commits at its end."""
        if frame.kind != "with":
            return False
        if any(self._is_transaction(atom) for atom in frame.value):
            return True
        return isinstance(frame.node, n.WithItem) and id(without_await(frame.node.context)) in self._begun(timeline)

    def _is_transaction(self, atom: t.Atom) -> bool:
        shape = atom.shape
        name = shape.name if isinstance(shape, t.Obj | t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
        facts = self.program.knowledge.facts(name) if name else ()
        return any(f.effect in ("begin", "session") and f.exit.startswith("commit") for f in facts) or any(
            f.effect == "begin" and f.kind == "decorator" for f in facts
        )

    def _begun(self, timeline: Timeline) -> set[int]:
        """The calls that begin a transaction which a ``with`` around it commits."""
        if "begun" not in timeline.memo:
            begun = (m.event for m in timeline.of("begin"))
            timeline.memo["begun"] = {
                id(e.node) for e in begun if e.fact is not None and e.fact.exit.startswith("commit")
            }
        found: set[int] = timeline.memo["begun"]  # type: ignore[assignment]
        return found

    def _with_nearest(self, moment: Moment, writes: list[Moment]) -> OpenTransaction | None:
        earlier = [w for w in writes if w.index < moment.index]
        write = earlier[-1] if earlier else next(iter(writes), None)
        return OpenTransaction(write, parting(write, moment)) if write is not None else None

    def _writes(self, timeline: Timeline, moment: Moment) -> list[Moment]:
        """The changes of rows on the paths through a moment."""
        return [
            w
            for w in timeline.of(*CHANGES)
            if w is not moment
            and self.changes_a_row(w)
            and not detached_from(w, moment, self.program)
            and _on_one_path(w, moment)
        ]

    # Sessions and drivers that begin by themselves -----------------------------------------------------------------

    def _pending_at(self, timeline: Timeline, moment: Moment) -> OpenTransaction | None:
        for write in timeline.before(moment, *CHANGES):
            if family(write.event, self.program) not in BEGIN_BY_THEMSELVES or not self.changes_a_row(write):
                continue
            if only_on_failure(write, moment) or detached_from(write, moment, self.program):
                continue
            if not self._ended_between(timeline, write, moment):
                certain = self.commit_after(timeline, write, moment) is not None
                return OpenTransaction(write, parting(write, moment), certain)
        return None

    def _begun_before(self, timeline: Timeline, moment: Moment) -> OpenTransaction | None:
        """A transaction that was begun by a call and is ended by another one."""
        for begin in timeline.before(moment, "begin"):
            if is_entered(begin) or self._ended_between(timeline, begin, moment):
                continue
            end = self.commit_after(timeline, begin, moment)
            if end is not None:
                writes = [w for w in self._writes(timeline, moment) if begin.index < w.index < end.index]
                return self._with_nearest(moment, writes)
        return None

    def _ended_between(self, timeline: Timeline, first: Moment, last: Moment) -> bool:
        """Whether the transaction of ``first`` is over at ``last``: by a commit, rollback, or the end of its block."""
        own = family(first.event, self.program)
        for end in timeline.moments[first.index + 1 : last.index]:
            if end.effect not in ENDS or family(end.event, self.program) != own or only_on_failure(first, end):
                continue
            if can_follow(first, end) and can_follow(end, last):
                return True
        return any(
            self.commits(timeline, frame) or self._is_session(frame)
            for level, frame in attached(first, self.program)
            if not in_block(last, first, level, frame)
        )

    def _is_session(self, frame: Frame) -> bool:
        names = [x.shape.name for x in frame.value if isinstance(x.shape, t.Obj)] if frame.kind == "with" else []
        return any(self.program.knowledge.fact(name, "session") is not None for name in names)

    def commit_after(self, timeline: Timeline, first: Moment, last: Moment) -> Moment | None:
        """The commit that ends the transaction of ``first`` after ``last``."""
        own = family(first.event, self.program)
        for end in timeline.after(last, "commit"):
            if family(end.event, self.program) == own and can_follow(first, end) and not only_on_failure(first, end):
                return end
        return None

    def changes_a_row(self, moment: Moment) -> bool:
        """Whether a change reaches the database: attributes of a row made just now do not, until it is added."""
        event = moment.event
        if event.effect != "assign":
            return True
        if (
            family(event, self.program) not in BEGIN_BY_THEMSELVES
            or event.function.name == "__init__"
            or made_here(event)
        ):
            return False
        info = self.program.models.named(event.model)
        column = self.program.models.columns(info).get(event.api) if info is not None else None
        return event.api == "*" or (column is not None and not isinstance(column, n.Constant))


# Constructs -------------------------------------------------------------------------------------------------------


def attached(moment: Moment, program: Program) -> Iterator[tuple[int, Frame]]:
    """The constructs around a moment with the level of each, innermost first, as far as it is not handed over."""
    for level in range(len(moment.points) - 1, -1, -1):
        for frame in moment.frames_at(level):
            if runs_apart(frame, program):
                return
            yield level, frame


def may_be_transaction(frame: Frame) -> bool:
    """Whether nobody knows what the context manager of a ``with`` does."""
    return frame.kind == "with" and any(isinstance(atom.shape, t.Unknown) for atom in frame.value)


def detached(moment: Moment, program: Program) -> bool:
    """Whether a moment lies in work that was handed over: after the commit, to a thread, a queue."""
    return any(runs_apart(frame, program) for frame in moment.frames)


def detached_from(moment: Moment, other: Moment, program: Program) -> bool:
    """Whether one of two moments is in handed-over work that the other is not part of."""
    ours = [id(f.node) for f in moment.frames if runs_apart(f, program)]
    return ours != [id(f.node) for f in other.frames if runs_apart(f, program)]


def in_background(moment: Moment, program: Program) -> bool:
    """Whether nobody waits for a moment."""
    return any(runs_in_background(frame, program) for frame in moment.frames)


def runs_apart(frame: Frame, program: Program) -> bool:
    """Whether a function is called later, or by somebody else, than where it is handed over."""
    return bool(END_ELSEWHERE & _uses(frame, program))


def runs_in_background(frame: Frame, program: Program) -> bool:
    """Whether nobody waits for the function; callbacks after the commit still belong to the request."""
    if frame.kind != "callback":
        return False
    keywords = frame.node.keywords if isinstance(frame.node, n.Call) else ()
    is_robust = any(
        k.name == "robust" and isinstance(k.value, n.Constant) and k.value.value == "True" for k in keywords
    )
    return is_robust or bool(END_ELSEWHERE - {"after-commit"} & _uses(frame, program))


def _uses(frame: Frame, program: Program) -> set[str]:
    names = [x.shape.name for x in frame.value if isinstance(x.shape, t.Lib)] if frame.kind == "callback" else []
    return {fact.effect for name in names for fact in program.knowledge.facts(name)}


def in_block(moment: Moment, other: Moment, level: int, frame: Frame) -> bool:
    """Whether ``moment`` lies in the very block that is around ``other`` at ``level``."""
    if len(moment.points) <= level or fork(moment, other) < level:
        return False
    return any(f.node is frame.node for f in moment.frames_at(level))


def _on_one_path(one: Moment, other: Moment) -> bool:
    first, last = (one, other) if one.index < other.index else (other, one)
    return can_follow(first, last) and not only_on_failure(first, last)


def family(event: Event, program: Program) -> str:
    """The library in whose transactions an effect takes part."""
    root = event.api.partition(".")[0]
    if event.effect in ("assign", "construct"):
        info = program.models.named(event.model)
        root = program.models.library_of(info) if info is not None else ""
    return SAME_FAMILY.get(root, root)


def is_entered(begin: Moment) -> bool:
    """Whether a call that begins a transaction is the context of a ``with``, which ends it."""
    items = (x for x in walk(begin.event.function.node) if isinstance(x, n.WithItem))
    return any(without_await(x.context) is begin.event.node for x in items)


def without_await(expr: n.Expr) -> n.Expr:
    return expr.value if isinstance(expr, n.Await) else expr
