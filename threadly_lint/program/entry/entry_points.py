"""Entry points: the functions that the outside calls, how each is reachable, and what runs before it.

A *mount* is one way in. Its *steps* are what runs on the way to the handler, in order: middleware, hooks, dependencies. Running a
mount runs the steps and the handler in one activation, so guards, boundaries and transactions of every layer count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.effects import Exit, Inlined, Occurrence, Outcome, occurrences
from threadly_lint.program.interpreter.types import NO_PROOF, Guard, Proof, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

Kind = Literal["http", "websocket", "graphql", "rpc", "task", "command", "lambda"]
ENDPOINT_KINDS = ("http", "websocket", "graphql", "rpc")

Rest = Callable[[Activation], Value]
Step = Callable[[Activation, Rest], Value]


@dataclass(frozen=True, eq=False)
class Mount:
    """One way in: the path, the steps before the handler, and where it was mounted (``owner``).

    ``conditional`` mounts exist only under a development condition. ``call`` runs the handler where this mount gives it
    something of its own. ``served`` is what a request that comes this way says, where the framework keeps it in a global.
    """

    path: str
    steps: tuple[Step, ...]
    owner: str = ""
    conditional: bool = False
    call: Rest | None = None
    served: tuple[tuple[str, Value], ...] = ()


@dataclass(eq=False)
class EntryPoint:
    """A function that the outside calls.

    ``function`` is the handler as written, ``call`` runs it (behind its decorators, with what the framework passes).
    ``registered_by`` is the decorator that registers the function, where one does.
    ``group`` names the router, blueprint, controller or module that its siblings share, ``router`` is the object on which it is
    registered where there is one. ``public`` says why it is open on purpose.
    """

    program: Program
    kind: Kind
    framework: str
    function: Function
    call: Rest
    methods: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    group: str = ""
    name: str = ""
    proof: Proof = field(default=NO_PROOF)
    registered_by: n.Expr | None = None
    router: t.Atom | None = None

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def span(self) -> Span:
        """The handler's name."""
        return self.function.span

    @property
    def symbol(self) -> str:
        return self.function.symbol

    @property
    def is_endpoint(self) -> bool:
        return self.kind in ENDPOINT_KINDS

    @property
    def route(self) -> str:
        """The path of the first mount, or the name under which the function is reachable."""
        return self.mounts[0].path if self.mounts else self.name

    @property
    def label(self) -> str:
        """Method and path, as messages name the endpoint."""
        method = "/".join(self.methods)
        return f"{method} {self.route}".strip() or self.function.qualname

    @property
    def reachable(self) -> bool:
        return bool(self.mounts)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The handler run once for every mount."""
        return tuple(self._run(mount) for mount in self.mounts)

    def _run(self, mount: Mount) -> Run:
        a = Activation(self.program, self.function, {})
        a.patient = True
        a.prove(self.proof)
        runner = self.program.runner
        with runner.reached(), runner.in_steps(bool(mount.steps)), self.program.serving.request(dict(mount.served)):
            value = run_steps(a, list(mount.steps), lambda inner: self._handle(inner, mount))
        if a.state is not None:
            a.leave(Exit("return", value, a.state.auth, self.program.behaviour.status_of(value), self.function.node))
        return Run(mount, self.function, outcome_of(a, is_generator_object=False))

    def _handle(self, a: Activation, mount: Mount) -> Value:
        """The handler with its decorators, which ask for the method at most: all else would be run for each route anew."""
        known = {name: value for name, value in mount.served if name == "method"}
        with self.program.runner.in_steps(False), self.program.serving.request(known):
            return (mount.call or self.call)(a)

    @cached_property
    def misplaced_guards(self) -> tuple[int, ...]:
        """Decorators (by index from the top) that would guard the handler but stand above the one that registers it."""
        from threadly_lint.program.entry.route_order import misplaced_guards

        return misplaced_guards(self)

    @cached_property
    def public(self) -> str:
        """Why the endpoint is open on purpose; empty when nothing says so."""
        from threadly_lint.program.access.publicness import public_reason

        return public_reason(self)

    @cached_property
    def reads_personal_data(self) -> bool:
        """Whether what it reads is personal or secret: rows of users or owned by one, columns that nobody publishes."""
        from threadly_lint.program.access.personal import reads_personal_data

        return reads_personal_data(self)

    @cached_property
    def guards(self) -> frozenset[Guard]:
        """What authenticates the caller before the handler starts, over all mounts (empty when one has none)."""
        proofs = [run.auth for run in self.runs]
        return frozenset().union(*proofs) if proofs and all(proofs) else frozenset()


@dataclass(eq=False)
class Run:
    """What happens when the outside comes in through one mount."""

    mount: Mount
    function: Function
    outcome: Outcome

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        return tuple(occurrences(self.outcome))

    @cached_property
    def entries(self) -> tuple[Proof, ...]:
        """What is proven each time when the handler's body starts."""
        return tuple(proofs_at(self.outcome, self.function))

    @property
    def entered(self) -> Proof | None:
        """The weakest of the entries; None when every caller is turned away before."""
        return min(self.entries, key=len, default=None)

    @property
    def auth(self) -> Proof:
        return self.entered or NO_PROOF

    @cached_property
    def answers_anybody(self) -> bool:
        """Whether the handler ends with an answer other than a rejection or redirect without knowing who asks."""
        exits = [e for outcome in outcomes_of(self.outcome, self.function) for e in outcome.exits]
        return any(
            e.kind != "raise" and not e.auth and not (300 <= e.status < 400 or e.status in (401, 403)) for e in exits
        )

    @cached_property
    def inside(self) -> tuple[Occurrence, ...]:
        """What the handler itself does: not what steps and decorators do around it."""
        return tuple(o for o in self.occurrences if self._is_inside(o))

    def _is_inside(self, occurrence: Occurrence) -> bool:
        if any(c.outcome.function is self.function for c in occurrence.calls):
            return True
        answered = occurrence.event.node.span == self.function.name_span
        return answered and not occurrence.calls and occurrence.effect == "read"


def proofs_at(outcome: Outcome, function: Function) -> list[Proof]:
    """The proofs with which ``function`` is entered below ``outcome``."""
    entered: list[Proof] = []
    stack: list[tuple[Outcome, Proof]] = [(outcome, NO_PROOF)]
    seen: set[tuple[int, Proof]] = set()
    while stack:
        current, proof = stack.pop()
        for event in current.events:
            if not isinstance(event, Inlined):
                continue
            here = proof | event.auth
            if event.outcome.function is function:
                entered.append(here)
            elif (id(event.outcome), here) not in seen:
                seen.add((id(event.outcome), here))
                stack.append((event.outcome, here))
    return entered


def outcomes_of(outcome: Outcome, function: Function) -> list[Outcome]:
    """Every run of ``function`` below ``outcome``."""
    found: list[Outcome] = []
    stack, seen = [outcome], {id(outcome)}
    while stack:
        current = stack.pop()
        if current.function is function and current is not outcome:
            found.append(current)
            continue
        for event in current.events:
            if isinstance(event, Inlined) and id(event.outcome) not in seen:
                seen.add(id(event.outcome))
                stack.append(event.outcome)
    return found


def is_entered(event: object, function: Function) -> bool:
    """Whether ``function`` runs in what a call leads to."""
    if not isinstance(event, Inlined):
        return False
    return event.outcome.function is function or bool(outcomes_of(event.outcome, function))


def run_steps(a: Activation, steps: list[Step], last: Rest) -> Value:
    """Run ``steps`` in order and ``last`` after them. A step decides when (and inside what) the rest runs.

    What a step calls to go on is the same each time: a middleware that goes on at several places is followed once there.
    """
    onward = _alive(last)
    for step in reversed(steps):
        onward = _alive(_going_on(step, onward))
    return onward(a)


def _going_on(step: Step, rest: Rest) -> Rest:
    return lambda a: step(a, rest)


def _alive(run: Rest) -> Rest:
    return lambda a: run(a) if a.state is not None else ()


def handler_node(function: Function) -> n.Name:
    """A node at the handler's name, for calls that no source line spells out."""
    return n.Name(function.name_span, function.name)


def before(label: str, run: Callable[[Activation], None]) -> Step:
    """A step that runs to its end before the rest starts."""

    def step(a: Activation, rest: Rest) -> Value:
        run(a)
        return rest(a) if a.state is not None else ()

    step.__name__ = label
    return step


def proving(guard: Guard) -> Step:
    """A step of a library that lets only authenticated callers through."""
    return before(guard.label, lambda a: a.prove(frozenset({guard})))
