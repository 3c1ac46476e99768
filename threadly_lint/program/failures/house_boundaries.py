"""The project's own error boundaries, and operations that do by hand what most leave to one.

A boundary is a function with a ``try`` around somebody else's code: a callable that it was given, or the body of a ``with``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.boundaries import handler_classes, raises_again
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call

OUTSIDE = frozenset({"external-call", "index-read", "index-write"})


@dataclass(frozen=True, eq=False)
class HandRolled:
    """A handler for everything around a call that most operations make inside ``boundary``."""

    event: Event
    function: Function
    span: Span
    boundary: Function
    trail: tuple[Step, ...]

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def hand_rolled_boundaries(program: Program, calls: Iterable[Call]) -> Iterator[HandRolled]:
    """Operations that catch broadly themselves, where most comparable ones use one boundary of the project."""
    inside: dict[Function, set[str]] = {}
    by_hand: dict[tuple[str, n.Span], HandRolled] = {}
    for call in calls:
        for _, occurrence in call.ways if call.effect in OUTSIDE else ():
            frame = _first_broad(program, occurrence)
            if frame is None:
                continue
            if (boundary := _boundary(frame)) is not None:
                inside.setdefault(boundary, set()).add(call.symbol)
            elif frame.function is occurrence.event.function:
                handler = _broad_handler(program, frame)
                if handler is not None:
                    rolled = HandRolled(
                        call.event, frame.function, Span(*handler.span), frame.function, occurrence.trail
                    )
                    by_hand.setdefault((frame.function.path, handler.span), rolled)
    yield from _odd_ones(program, inside, list(by_hand.values()))


def _odd_ones(program: Program, inside: dict[Function, set[str]], by_hand: list[HandRolled]) -> Iterator[HandRolled]:
    counts = Counter({boundary: len(symbols) for boundary, symbols in inside.items()})
    if not counts or not by_hand:
        return
    boundary, used = counts.most_common(1)[0]
    settings = program.settings
    if used < settings.majority_count or used < settings.majority_share * (used + len(by_hand)):
        return
    for rolled in by_hand:
        if _same_manner(program, rolled, boundary):
            yield HandRolled(rolled.event, rolled.function, rolled.span, boundary, rolled.trail)


def _same_manner(program: Program, rolled: HandRolled, boundary: Function) -> bool:
    """Whether both raise another error, or both do not: going on without the result is another purpose."""
    return _raises(rolled.function) == any(_raises(f) for f in (boundary, *_nested(program, boundary)))


def _raises(function: Function) -> bool:
    handlers = [x for x in walk(function.node) if isinstance(x, n.Handler)]
    return any(isinstance(x, n.Raise) for handler in handlers for x in walk(handler))


def _nested(program: Program, function: Function) -> list[Function]:
    return [f for f in function.module.functions() if f.parent is function]


def _first_broad(program: Program, occurrence: Occurrence) -> Frame | None:
    """The innermost ``try`` around the effect with a handler for everything (measuring and raising again is none)."""
    tries = (f for f in occurrence.frames if f.kind == "try")
    return next((f for f in tries if _broad_handler(program, f) is not None), None)


def _broad_handler(program: Program, frame: Frame) -> n.Handler | None:
    if not isinstance(frame.node, n.Try):
        return None
    for handler, classes in zip(frame.node.handlers, handler_classes(frame.value), strict=False):
        if handler.exception is None or program.failures.names(classes) & EVERYTHING:
            return handler if not raises_again(handler) else None
    return None


def _boundary(frame: Frame) -> Function | None:
    """The outermost function around a ``try`` that runs somebody else's code; None for any other ``try``."""
    given = {p.name for p in frame.function.params}
    outer = frame.function
    while outer.parent is not None:
        outer = outer.parent
        given |= {p.name for p in outer.params}
    body = frame.node.body if isinstance(frame.node, n.Try) else ()
    if any(_runs_given(node, given) for statement in body for node in walk(statement)):
        return outer
    return None


def _runs_given(node: n.Node, given: set[str]) -> bool:
    return isinstance(node, n.Yield) or (
        isinstance(node, n.Call) and isinstance(node.func, n.Name) and node.func.id in given
    )
