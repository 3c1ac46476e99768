"""One run of one function: its variables, what is proven so far, what it did and how it left.

``statements``, ``conditions``, ``expressions`` and ``calls`` move an activation forward; ``run_function`` starts one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Exit, Frame, FrameKind, Inlined, Outcome
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.sketches import splice
from threadly_lint.program.interpreter.types import NO_PROOF, Guard, Proof, Tag, Value

if TYPE_CHECKING:
    from threadly_lint.knowledge import Fact
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class, Function
    from threadly_lint.skeleton import nodes as n

ABOUT_CALLER = ("credential", "session", "identity")
COROUTINE = "coroutine"
CALLER_TEST = frozenset({Tag("caller-test")})


class State:
    """What holds at one point: the variables (and refined attribute paths) and the proof of an authenticated caller.

    ``checked`` names the places whose request data has passed a check.
    """

    __slots__ = ("auth", "checked", "env")

    def __init__(self, env: dict[str, Value], auth: Proof, checked: frozenset[str] = frozenset()) -> None:
        self.env = env
        self.auth = auth
        self.checked = checked

    def copy(self) -> State:
        return State(dict(self.env), self.auth, self.checked)

    def forget(self, root: str) -> None:
        """Drop what was known about attributes and items of a name that is bound anew."""
        stale = [k for k in self.env if k.startswith((root + ".", root + "["))]
        for key in stale:
            del self.env[key]
        if self.checked:
            self.checked = frozenset(
                x for x in self.checked if x != root and not x.startswith((root + ".", root + "["))
            )


def merge(*states: State | None) -> State | None:
    """Where paths meet: every value either may have, and a proof only if each path has one.

    What a variable can be on one path only carries along what that path proves.
    """
    live = [s for s in states if s is not None]
    if len(live) < 2:
        return live[0] if live else None
    first = live[0]
    proofs = [s.auth for s in live]
    env = dict(first.env)
    for other in live[1:]:
        for name, value in other.env.items():
            mine = env.get(name)
            env[name] = value if mine is None or mine == value else t.join(mine, value)
        for name in [k for k in env if k not in other.env and not k.isidentifier()]:
            del env[name]
    for name in [k for k in env if not k.isidentifier() and k not in first.env]:
        del env[name]
    if any(proofs) and not all(proofs):
        env.update({k: _known_by_path(k, live) for k, v in env.items() if any(s.env.get(k) != v for s in live)})
    auth = frozenset().union(*proofs) if all(proofs) else NO_PROOF
    checked = frozenset.intersection(*(s.checked for s in live))
    if any(s.checked != checked for s in live):
        told = [k for k, v in env.items() if k.isidentifier() and any(s.env.get(k) != v for s in live)]
        env.update({k: _vouching(k, live, checked) for k in told if not any(k in s.checked for s in live)})
    return State(env, auth, checked)


def _known_by_path(name: str, states: list[State]) -> Value:
    """The values of a variable where paths meet of which only some have a proof."""
    values = [(s.env[name], s.auth) for s in states if name in s.env]
    everywhere = set(values[0][0]).intersection(*(v for v, _ in values))
    return t.join(*(tuple(x if x in everywhere else x._replace(proof=x.proof | auth) for x in v) for v, auth in values))


def _vouching(name: str, states: list[State], checked: frozenset[str]) -> Value:
    """The values of a variable where paths meet: one that it has on one path only tells what was checked there."""
    values = [(s.env[name], s.checked - checked) for s in states if name in s.env]
    everywhere = set(values[0][0]).intersection(*(v for v, _ in values))
    return t.join(*(tuple(x if x in everywhere else _telling(x, places) for x in v) for v, places in values))


def _telling(atom: t.Atom, places: frozenset[str]) -> t.Atom:
    kind = "refutes" if t.truthiness(atom) is False else "vouches"
    return atom._replace(tags=atom.tags | {Tag(kind, place) for place in places})


class Activation:
    """The run of ``function``. ``state`` is None after a point that cannot be passed.

    A ``patient`` activation calls others as often as there are endpoints: they are run with all that is known of their arguments.
    ``passed`` are the keywords with which a middleware went on. ``coroutines`` says of each coroutine that was made and not
    awaited at once which events are its own: from where and to where they reach in ``events``.
    """

    def __init__(
        self,
        program: Program,
        function: Function,
        env: dict[str, Value],
        captured: dict[str, Value] | None = None,
        class_scope: Class | None = None,
    ) -> None:
        self.program = program
        self.knowledge = program.knowledge
        self.function = function
        self.module = function.module
        self.captured = captured or {}
        self.class_scope = class_scope
        self.state: State | None = State(env, NO_PROOF)
        self.following: tuple[n.Stmt, ...] = ()
        self.patient = function.module.is_sketch
        self.frame: Frame | None = None
        self.is_run = False
        self.events: list[Event | Inlined] = []
        self.exits: list[Exit] = []
        self.stores: dict[str, Value] = {}
        self.caught: list[list[State]] = []
        self.breaks: list[list[State]] = []
        self.ends: list[int] = []
        self.seen: set[Tag] = set()
        self.left: list[Callable[[], None]] = []
        self.variables: dict[str, Value] = {}
        self.places: dict[str, Value] = {}
        self.checked_at_ends: list[frozenset[str]] = []
        self.passed: dict[str, Value] = {}
        self.awaited: n.Expr | None = None
        self.coroutines: list[tuple[int, int]] = []

    # Names -------------------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        """What a name stands for here: local, captured, class-level or global."""
        if self.state is not None and (found := self.state.env.get(name)) is not None:
            return found
        if (found := self.captured.get(name)) is not None:
            return found
        if self.class_scope is not None and name in self.class_scope.scope:
            return self.program.hierarchy.own_class_attribute(self.class_scope, name)
        outer = self.function.parent
        while outer is not None:
            if name in outer.names_bound:
                return self.program.final_variables(outer).get(name, t.ANYTHING)
            outer = outer.parent
        return self.program.bindings.global_value(self.module, name)

    @property
    def alive(self) -> bool:
        """Whether a path goes on from here."""
        return self.state is not None

    def take(self, name: str) -> Value:
        """Remove a variable and give its value: module-level evaluation leaves nothing behind."""
        return self.state.env.pop(name, ()) if self.state is not None else ()

    def revive(self) -> None:
        """Make a scope usable again: module and class scopes evaluate many expressions independently, unless they are being run."""
        if self.is_run:
            return
        if self.state is None:
            self.state = State({}, NO_PROOF)
        self.events.clear()
        self.exits.clear()

    def bind(self, name: str, value: Value) -> None:
        if self.state is not None:
            self.state.env[name] = bounded(value)
            self.state.forget(name)

    # What happened ------------------------------------------------------------------------------------------------------

    def is_global(self, name: str) -> bool:
        """Whether a name stands for a variable of the module, seen from a function of the project."""
        if self.state is None or self.function is self.module.body or self.module.is_sketch:
            return False
        return name in self.module.scope and name not in self.state.env and name not in self.captured

    def emit(
        self,
        effect: str,
        api: str,
        node: n.Node,
        *,
        fact: Fact | None = None,
        receiver: Value = (),
        args: Iterable[Value] = (),
        keywords: dict[str, Value] | None = None,
        value: Value = (),
        model: str = "",
        status: int = 0,
    ) -> None:
        """Record an effect at this point."""
        if self.state is None:
            return
        given = tuple((keywords or {}).items())
        event = Event(
            effect, api, node, self.function, self.state.auth, self.frame, fact, receiver, tuple(args), given, value,
            model, status,
        )  # fmt: skip
        self.events.append(event)

    def inline(self, outcome: Outcome, node: n.Node, label: str) -> None:
        """Record a call into another function, and believe what its normal return proves."""
        if self.state is None:
            return
        if outcome.function.module.is_sketch and not self.module.is_sketch:
            splice(self, outcome, node)
        else:
            self.events.append(Inlined(node, self.place(node, outcome), outcome, self.state.auth, self.frame, label))
        self.prove(outcome.auth)

    def place(self, node: n.Node, outcome: Outcome) -> Function:
        """The function in which a call stands; one that no source line spells out is told where the called one begins."""
        return outcome.function if node.span == outcome.function.name_span else self.function

    def prove(self, proof: Proof) -> None:
        if self.state is not None and proof:
            self.state.auth |= proof

    @contextmanager
    def proving(self, proof: Proof) -> Iterator[None]:
        """What happens only where ``proof`` holds, on a path that goes on without it."""
        if self.state is None or not proof:
            yield
            return
        before = self.state.auth
        self.state.auth = before | proof
        try:
            yield
        finally:
            if self.state is not None:
                self.state.auth = before

    def guard(self, label: str, node: n.Node) -> Guard:
        """Evidence found at ``node``."""
        return Guard(label) if self.module.is_sketch else Guard(label, self.module.path, node.span[0])

    def die(self, status: int = 0) -> None:
        """No path goes on from here; ``status`` is the HTTP status with which the caller is turned away, if any."""
        self.ends.append(status)
        self.state = None

    def leave(self, exit_: Exit) -> None:
        """End the path with a return or raise."""
        self.exits.append(exit_)
        if self.state is not None:
            if exit_.kind == "return":
                self.checked_at_ends.append(self.state.checked)
            for name, value in self.state.env.items():
                if name.isidentifier():
                    self.variables[name] = t.join(self.variables.get(name, ()), value)
        self.die(exit_.status)

    def later(self, act: Callable[[], None]) -> None:
        """Remember what a context that was entered does when it is left, however its body ends."""
        auth = self.state.auth if self.state is not None else NO_PROOF

        def leave() -> None:
            alive = self.state
            self.state = alive or State({}, auth)
            act()
            self.state = alive

        self.left.append(leave)

    @contextmanager
    def leaving(self, mark: int) -> Iterator[None]:
        """Run a body, then what contexts do at their end that were entered since ``left`` was ``mark`` long, last one first."""
        try:
            yield
        finally:
            while len(self.left) > mark:
                self.left.pop()()

    @contextmanager
    def trial(self, state: State | None) -> Iterator[None]:
        """Try something out from ``state`` on: nothing of it stays, neither what happened nor what was looked at."""
        before = self.state, self.following, self.seen, self.variables, self.stores
        grown: tuple[list[Any], ...] = (self.events, self.exits, self.ends, self.coroutines, self.checked_at_ends)
        marks = [len(x) for x in grown]
        self.state, self.following, self.seen = state and state.copy(), (), set()
        self.variables, self.stores = dict(self.variables), dict(self.stores)
        try:
            yield
        finally:
            self.state, self.following, self.seen, self.variables, self.stores = before
            for found, mark in zip(grown, marks, strict=True):
                del found[mark:]

    # Constructs -------------------------------------------------------------------------------------------------------------

    @contextmanager
    def inside(self, kind: FrameKind, node: n.Node, side: int = 0, value: Value = ()) -> Iterator[None]:
        """Run a body inside a construct."""
        outer = self.frame
        self.frame = Frame(kind, node, self.function, outer, side, value)
        try:
            yield
        finally:
            self.frame = outer


def outcome_of(activation: Activation, *, is_generator_object: bool) -> Outcome:
    """Sum up a finished run.

    The proof of a normal end is what all normal ends prove. A returned value is known only where its own path's proof holds,
    so each alternative carries it along.
    """
    a = activation
    yields = [e for e in a.exits if e.kind == "yield"]
    normal = yields or [e for e in a.exits if e.kind == "return"]
    returned = _decided(a, t.join(*(t.proven(e.value, e.auth) for e in normal)))
    if yields and is_generator_object:
        returned = (t.Atom(t.Seq("list", None, returned), t.tags_of(returned)),)
    if a.coroutines:
        returned = t.untagged(returned, COROUTINE)
    auth = frozenset().union(*(e.auth for e in normal)) if normal and all(e.auth for e in normal) else NO_PROOF
    checked = frozenset.intersection(*a.checked_at_ends) if a.checked_at_ends else frozenset()
    return Outcome(
        a.function, a.events, a.exits, bounded(returned), auth, a.stores, checked=checked, ends=frozenset(a.ends)
    )


def _decided(a: Activation, returned: Value) -> Value:
    """A truth value that is returned after a look at the caller says something of the caller."""
    if not any(tag.kind in ABOUT_CALLER for tag in a.seen) or not all(
        isinstance(v, bool) for v in t.constants(returned)
    ):
        return returned
    return tuple(x._replace(tags=x.tags | CALLER_TEST) if isinstance(x.shape, t.Const) else x for x in returned)
