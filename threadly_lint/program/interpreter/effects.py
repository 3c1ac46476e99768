"""What a function does to the world, in order, and what holds at each point.

Running a function abstractly yields an ``Outcome``: a tree of ``Event`` (one effect of one call) and ``Inlined`` (a call into
another function of the project). ``occurrences`` flattens the tree from an entry point down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from threadly_lint.knowledge import Fact
from threadly_lint.program.interpreter.types import NO_PROOF, Proof, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span, Step

FrameKind = Literal["try", "handler", "finally", "with", "branch", "loop", "callback"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One construct around a point of a function: what encloses it decides what a failure there does.

    ``try`` frames stand only around the body that their handlers protect. ``side`` tells the two branches of an ``if`` apart.
    ``value`` is the context manager's value of a ``with``, the library function that a ``callback`` was handed to, and the
    exception classes of a ``try``, handler by handler.
    """

    kind: FrameKind
    node: n.Node
    function: Function
    parent: Frame | None
    side: int = 0
    value: Value = ()

    def chain(self) -> Iterator[Frame]:
        """This frame and those around it, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One effect at one place. ``effect`` is knowledge's word for it, or one of the engine's own:

    ``construct`` (a model row is made), ``assign`` (an attribute of a row is set), ``reject`` (the caller is turned away),
    ``raise``, ``sign-in`` (a session or token is issued), ``answer-status`` (the status of an answer is set),
    ``upload-test`` (something about an uploaded file is compared with what the server knows),
    ``handed-on`` (a function of which nothing is known is given request data).
    ``auth`` is the proof that an authenticated caller got here, as far as this function shows it.
    """

    effect: str
    api: str
    node: n.Node
    function: Function
    auth: Proof
    frame: Frame | None
    fact: Fact | None = None
    receiver: Value = ()
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    value: Value = ()
    model: str = ""
    status: int = 0

    def moved(self, node: n.Node, function: Function, auth: Proof, frame: Frame | None) -> Event:
        """The same effect at another place."""
        return replace(self, node=node, function=function, auth=auth, frame=frame)

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def span(self) -> Span:
        return Span(*self.node.span)

    @property
    def symbol(self) -> str:
        return self.function.symbol

    def argument(self, index: int | None, keyword: str | None = None) -> Value:
        """The value given at a position or under a keyword; empty when it was not given."""
        found = dict(self.keywords).get(keyword, ()) if keyword else ()
        if found or index is None or index >= len(self.args):
            return found
        return self.args[index]


@dataclass(frozen=True, slots=True, eq=False)
class Inlined:
    """A call from ``function`` into another one, whose outcome follows."""

    node: n.Node
    function: Function
    outcome: Outcome
    auth: Proof
    frame: Frame | None
    label: str


@dataclass(slots=True, eq=False)
class Exit:
    """One way out of a function: its value, what is proven there, and the HTTP status when it is an answer.

    ``reached`` counts the events before a ``yield``.
    """

    kind: Literal["return", "raise", "yield"]
    value: Value
    auth: Proof
    status: int
    node: n.Node
    frame: Frame | None = None
    reached: int = 0


@dataclass(slots=True, eq=False)
class Outcome:
    """What one function did when it was run with certain arguments.

    ``checked`` names the places (variables and their items) whose request data has passed a check whenever it ends normally.
    ``ends`` holds the status (0 when unknown) of every path that goes no further, also where a call never comes back.
    """

    function: Function
    events: list[Event | Inlined] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    value: Value = ()
    auth: Proof = NO_PROOF
    stores: dict[str, Value] = field(default_factory=dict)
    parts: tuple[Outcome, Outcome] | None = None
    checked: frozenset[str] = frozenset()
    ends: frozenset[int] = frozenset()

    @property
    def returns(self) -> bool:
        """Whether some path ends normally."""
        return any(e.kind != "raise" for e in self.exits)

    @property
    def yields(self) -> Exit | None:
        """The first ``yield``, where a context manager or dependency hands over."""
        return next((e for e in self.exits if e.kind == "yield"), None)

    @property
    def around_yield(self) -> tuple[Outcome, Outcome]:
        """What happens before the first ``yield`` and what happens after it."""
        if self.parts is None:
            at = self.yields.reached if self.yields is not None else len(self.events)
            before = replace(self, events=self.events[:at])
            self.parts = before, Outcome(self.function, self.events[at:])
        return self.parts


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """An event as an entry point reaches it: what holds on the whole way, and the way itself.

    ``frames`` lists the constructs around it, innermost first, through all callers.
    """

    event: Event
    auth: Proof
    frames: tuple[Frame, ...]
    calls: tuple[Inlined, ...]

    @property
    def effect(self) -> str:
        return self.event.effect

    @property
    def path(self) -> str:
        return self.event.path

    @property
    def span(self) -> Span:
        return self.event.span

    @property
    def symbol(self) -> str:
        return self.event.symbol

    @property
    def trail(self) -> tuple[Step, ...]:
        """The chain of calls to the effect."""
        steps = [Step(c.function.path, c.node.span[0], f"calls `{c.label}`") for c in self.calls]
        return (*steps, Step(self.path, self.span.line, describe(self.event)))


def describe(event: Event) -> str:
    """The effect in words."""
    about = f" `{event.model}`" if event.model else ""
    words = {"read": "reads", "write": "writes", "commit": "commits", "external-call": "calls", "construct": "creates"}
    return f"{words.get(event.effect, event.effect)}{about} with `{event.api}`"


MAX_WAYS = 4
PROTECTING = ("try", "with", "callback")


class _Level:
    """One callee while its events are gone through. Frames are spelled out once for all events that share them."""

    __slots__ = ("calls", "frames", "items", "proof", "protections")

    def __init__(
        self,
        outcome: Outcome,
        proof: Proof,
        outer: tuple[Frame, ...],
        protection: frozenset[int],
        calls: tuple[Inlined, ...],
    ) -> None:
        self.items = iter(outcome.events)
        self.proof = proof
        self.calls = calls
        self.frames: dict[Frame | None, tuple[Frame, ...]] = {None: outer}
        self.protections: dict[Frame | None, frozenset[int]] = {None: protection}

    def around(self, frame: Frame | None) -> tuple[Frame, ...]:
        """The constructs around a point, innermost first, those of callers after."""
        found = self.frames.get(frame)
        if found is None:
            assert frame is not None
            found = self.frames[frame] = (*frame.chain(), *self.frames[None])
        return found

    def protection(self, frame: Frame | None) -> frozenset[int]:
        """What decides how a failure at a point ends."""
        found = self.protections.get(frame)
        if found is None:
            assert frame is not None
            own = {id(f.node) for f in frame.chain() if f.kind in PROTECTING}
            found = self.protections[frame] = self.protections[None] | own
        return found


Visited = set[tuple[Outcome, bool, frozenset[int]]]
"""Callees that were entered, and what decided about their events."""


def occurrences(outcome: Outcome, auth: Proof = NO_PROOF, visited: Visited | None = None) -> Iterator[Occurrence]:
    """All events below ``outcome``, in the order in which they are reached.

    A callee is entered once for each combination of what decides about its events (authenticated or not, caught by which
    handlers), up to ``MAX_WAYS`` protected ways, so shared helpers do not multiply; those ``visited`` before are left out.
    """
    seen: Visited = set() if visited is None else visited
    ways: dict[tuple[int, bool], int] = {}
    stack = [_Level(outcome, auth, (), frozenset(), ())]
    while stack:
        level = stack[-1]
        item = next(level.items, None)
        if item is None:
            stack.pop()
            continue
        here = level.proof | item.auth if item.auth else level.proof
        if isinstance(item, Event):
            yield Occurrence(item, here, level.around(item.frame), level.calls)
            continue
        if not item.outcome.events:
            continue
        protection = level.protection(item.frame)
        key, way = (item.outcome, bool(here), protection), (id(item.outcome), bool(here))
        if key in seen or (protection and ways.get(way, 0) >= MAX_WAYS):
            continue
        seen.add(key)
        ways[way] = ways.get(way, 0) + 1
        stack.append(_Level(item.outcome, here, level.around(item.frame), protection, (*level.calls, item)))
