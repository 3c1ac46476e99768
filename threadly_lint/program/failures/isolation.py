"""Whether the failure of a side effect is absorbed before it reaches what the operation is really about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.failures.boundaries import ANY_ERROR, Boundaries, handler_classes
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.transactions.timeline import Moment, fork, shared_frames
from threadly_lint.program.transactions.transactions import runs_in_background
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import children

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LEAVES = (n.Raise, n.Return)


class Isolation:
    """Answers about the handlers between a side effect and the rest of its operation."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.boundaries = Boundaries(program)

    def errors(self, event: Event) -> tuple[str, ...]:
        """The base classes of what the call raises when the other side fails; empty when nobody knows."""
        return self.boundaries.raised_by(event)

    def absorbs(self, moment: Moment, other: Moment, errors: tuple[str, ...] = ()) -> bool:
        """Whether a failure at ``moment`` leaves ``other`` and what follows alone.

        Handlers of its own have to go on without raising; one that is around both has to let the rest end normally.
        ``errors`` says what the call raises where the caller knows better.
        """
        own, common = _constructs(moment, other)
        left = set(errors or self.errors(moment.event)) or {ANY_ERROR}
        for frame, jumps in (*((f, (n.Raise,)) for f in own), *((f, LEAVES) for f in common)):
            if runs_in_background(frame, self.program) or self._swallowed_by_context(frame, left, moment.event):
                return True
            if frame.kind == "try" and isinstance(frame.node, n.Try):
                left, failed = self._after(frame.node, frame.value, left, moment.event, jumps)
                if failed:
                    left = {ANY_ERROR}
                if not left:
                    return True
        return False

    def _after(
        self, node: n.Try, kinds: t.Value, left: set[str], event: Event, jumps: tuple[type[n.Node], ...]
    ) -> tuple[set[str], bool]:
        """What handlers do not take, and whether one that takes something fails in turn."""
        failed = False
        for handler, classes in zip(node.handlers, handler_classes(kinds), strict=False):
            names = self.program.failures.names(classes) if handler.exception is not None else set(EVERYTHING)
            taken = {error for error in left if self._takes(names, error, event)}
            failed |= bool(taken) and any(isinstance(x, jumps) for x in _statements(handler))
            left = left - taken
        return left, failed

    def _takes(self, names: set[str], error: str, event: Event) -> bool:
        if error != ANY_ERROR:
            return self.program.failures.covers(names, (error,))
        package = event.api.partition(".")[0]
        return bool(names & (EVERYTHING | {"OSError"})) or any(x.partition(".")[0] == package for x in names)

    def _swallowed_by_context(self, frame: Frame, left: set[str], event: Event) -> bool:
        for atom in frame.value if frame.kind == "with" else ():
            shape = atom.shape
            if isinstance(shape, t.Obj) and shape.name == "contextlib.suppress" and shape.made is not None:
                names = set().union(*(self.program.failures.names(v) for v in shape.made.args))
                return all(self._takes(names, error, event) for error in left)
        return False


def _constructs(moment: Moment, other: Moment) -> tuple[list[Frame], list[Frame]]:
    """The constructs around ``moment`` alone and those around both, innermost first."""
    level = fork(moment, other)
    shared = shared_frames(moment, other, level)
    own = [f for deeper in range(len(moment.points) - 1, level, -1) for f in moment.frames_at(deeper)]
    here = list(moment.frames_at(level))
    own += here[: len(here) - shared]
    common = here[len(here) - shared :]
    common += [f for outer in range(level - 1, -1, -1) for f in moment.frames_at(outer)]
    return own, common


def _statements(handler: n.Handler) -> Iterator[n.Node]:
    """Everything in a handler that runs when it does."""
    pending: list[n.Node] = list(handler.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, n.Function | n.Class | n.Lambda):
            pending.extend(children(node))
