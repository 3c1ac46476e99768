"""Where the errors of calls to other systems end: at handlers around them, through all callers, or in the framework.

An error that a call may raise travels outwards through the constructs around the call. A handler takes it, or takes it
and raises it again; what is left at the end reaches the caller of the program raw.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from threadly_lint.program.entry.registered_handlers import RegisteredHandler, registered_handlers
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import children

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program

ANY_ERROR = "?"
END_ELSEWHERE = frozenset({"background", "enqueue", "schedule", "after-commit"})


@dataclass(frozen=True)
class Escape:
    """What of a call's errors gets away.

    ``certainty`` is ``certain``, or ``unknown`` where something that cannot be seen may catch them. ``caught`` names
    what handlers on the way do take, ``raised_again`` says that one of them takes the errors and lets them go on.
    """

    certainty: Literal["certain", "unknown"]
    caught: tuple[str, ...] = ()
    raised_again: bool = False


def boundaries(program: Program) -> Boundaries:
    """The boundaries of a project, read once."""
    found = program.memo.get("boundaries")
    if found is None:
        found = program.memo["boundaries"] = Boundaries(program)
    return found


class Boundaries:
    """Answers whether the errors of an effect are handled on the way to it."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def registered(self) -> tuple[RegisteredHandler, ...]:
        """Every exception handler that some framework knows of."""
        return tuple(registered_handlers(self.program))

    def escape(self, occurrence: Occurrence, entry_point: EntryPoint | None) -> Escape | None:
        """What of the errors of ``occurrence`` reaches the outside; None when something handles them."""
        left = set(self.raised_by(occurrence.event)) or {ANY_ERROR}
        package = occurrence.event.api.partition(".")[0]
        caught: list[str] = []
        doubtful = raised_again = False
        for frame in occurrence.frames:
            verdict = self._through(frame, left, package)
            left = verdict.left
            caught.extend(verdict.caught)
            doubtful |= verdict.doubtful
            raised_again |= verdict.raised_again
            if not left:
                return None
        for handler in self.registered:
            if handler.serves(entry_point):
                left = self._uncovered(left, handler.classes, package)
        if not left:
            return None
        return Escape("unknown" if doubtful else "certain", tuple(dict.fromkeys(caught)), raised_again)

    def raised_by(self, event: Event) -> tuple[str, ...]:
        """The base classes of what a library call raises when the other side fails; empty when nobody knows."""
        if event.fact is None or event.fact.raises:
            return event.fact.raises if event.fact is not None else ()
        for atom in event.receiver:
            name = atom.shape.name if isinstance(atom.shape, t.Obj) else ""
            client = self.program.knowledge.fact(name, "client") if name else None
            if client is not None and client.raises:
                return client.raises
        return ()

    def _uncovered(self, left: set[str], classes: Iterable[str], package: str) -> set[str]:
        """The errors that handlers for ``classes`` do not take."""
        names = set(classes)
        return {error for error in left if not self._takes(names, error, package)}

    def _takes(self, names: set[str], error: str, package: str) -> bool:
        if error == ANY_ERROR:
            return bool(names & (EVERYTHING | {"OSError"})) or any(x.partition(".")[0] == package for x in names)
        return self.program.failures.covers(names, (error,))

    # Constructs -------------------------------------------------------------------------------------------------------

    def _through(self, frame: Frame, left: set[str], package: str) -> _Passage:
        if frame.kind == "try" and isinstance(frame.node, n.Try):
            return self._through_try(frame.node, frame.value, left, package)
        if frame.kind == "with":
            return self._through_with(frame, left, package)
        if frame.kind == "callback":
            return _Passage(set() if self._ends_elsewhere(frame) else left, doubtful=self._called_by_unknown(frame))
        return _Passage(left)

    def _through_try(self, node: n.Try, kinds: Value, left: set[str], package: str) -> _Passage:
        going_on: set[str] = set()
        caught: list[str] = []
        doubtful = raised_again = False
        for handler, classes in zip(node.handlers, handler_classes(kinds), strict=False):
            names = self.program.failures.names(classes) if handler.exception is not None else set(EVERYTHING)
            doubtful |= not names
            taken = left - self._uncovered(left, names, package)
            left = left - taken
            if taken and raises_again(handler):
                raised_again = True
                going_on |= taken
            elif not raises_again(handler):
                caught.extend(x for x in sorted(names) if taken or x.partition(".")[0] == package)
        return _Passage(left | going_on, tuple(caught), doubtful, raised_again)

    def _through_with(self, frame: Frame, left: set[str], package: str) -> _Passage:
        for atom in frame.value:
            shape = atom.shape
            if isinstance(shape, t.Obj) and shape.name == "contextlib.suppress":
                names = set().union(*(self.program.failures.names(v) for v in (shape.made.args if shape.made else ())))
                return _Passage(self._uncovered(left, names, package))
            if isinstance(shape, t.Inst) and self._handles_at_exit(shape):
                return _Passage(set())
            if isinstance(shape, t.Lib) and (not shape.name or self._may_catch(shape.name)):
                return _Passage(left, doubtful=True)
        return _Passage(left)

    def _may_catch(self, name: str) -> bool:
        """Whether a decorator or middleware of a library that nobody knows may be a boundary."""
        known = self.program.knowledge.root_known(name.partition(".")[0])
        return not known and not name.startswith(("functools.", "contextlib."))

    def _handles_at_exit(self, shape: t.Inst) -> bool:
        """Whether ``__exit__`` of a project class swallows the error or raises another one."""
        for method in ("__exit__", "__aexit__"):
            _, value = self.program.hierarchy.class_attribute(shape.info, method)
            for atom in value:
                if isinstance(atom.shape, t.Func):
                    outcome = self.program.generic_outcome(atom.shape.info)
                    return any(e.kind == "raise" or any(t.truthiness(x) for x in e.value) for e in outcome.exits)
        return False

    def _ends_elsewhere(self, frame: Frame) -> bool:
        """Whether the function runs apart from who called: its errors do not come back."""
        names = [x.shape.name for x in frame.value if isinstance(x.shape, t.Lib)]
        facts = [fact for name in names for fact in self.program.knowledge.facts(name)]
        if any(fact.effect in END_ELSEWHERE for fact in facts):
            return True
        keywords = frame.node.keywords if isinstance(frame.node, n.Call) else ()
        return any(self._collects_errors(name, keyword) for name in names for keyword in keywords)

    def _called_by_unknown(self, frame: Frame) -> bool:
        """Whether nobody knows when, and by whom, the function is called that a library was handed."""
        names = [x.shape.name for x in frame.value if isinstance(x.shape, t.Lib)]
        return not all(self._is_understood(name) for name in names)

    def _is_understood(self, name: str) -> bool:
        root = name.partition(".")[0]
        own = root in sys.stdlib_module_names or hasattr(builtins, root)
        return own or self.program.knowledge.is_known(name)

    def _collects_errors(self, name: str, keyword: n.Keyword) -> bool:
        fact = self.program.knowledge.keyword(name, keyword.name) if keyword.name else None
        is_off = isinstance(keyword.value, n.Constant) and keyword.value.value != "True"
        return fact is not None and fact.effect == "fallback" and not is_off


@dataclass(frozen=True)
class _Passage:
    """What is left of the errors beyond one construct."""

    left: set[str]
    caught: tuple[str, ...] = ()
    doubtful: bool = False
    raised_again: bool = False


def handler_classes(kinds: Value) -> Iterator[Value]:
    """The exception classes of each handler of a ``try`` frame."""
    for atom in kinds:
        if isinstance(atom.shape, t.Seq):
            yield from atom.shape.items or ()


def raises_again(handler: n.Handler) -> bool:
    """Whether some path through the handler lets the very exception go on."""
    pending: list[n.Node] = list(handler.body)
    while pending:
        node = pending.pop()
        if isinstance(node, n.Raise) and _is_same(node.exception, handler.name):
            return True
        if not isinstance(node, n.Function | n.Class | n.Lambda | n.Handler):
            pending.extend(children(node))
    return False


def _is_same(exception: n.Expr | None, name: str | None) -> bool:
    return exception is None or (isinstance(exception, n.Name) and exception.id == name)
