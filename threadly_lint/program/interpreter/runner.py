"""Runs functions abstractly, each once for the same arguments, and keeps the work within bounds.

Three bounds hold whatever the code is like. A function called in very many ways is run with less and less knowledge of its
arguments, the sooner the more was run before. Calls deeper than ``MAX_DEPTH`` are not followed, and said to be so. Recursion is
cut where it closes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.effects import Exit, Outcome
from threadly_lint.program.interpreter.recursion import Recursion
from threadly_lint.program.interpreter.sql import is_statement
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Function, definitions
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

CALLABLES = (t.Func, t.Partial, t.Wrapped, t.Rest)
MAX_DEPTH = 600
MAX_NESTED = 4
MAX_LINE = 40


class Runner:
    """The outcomes of a program's functions. ``not_followed`` has the functions that were called too deep down.

    ``asks`` holds while receivers that stay unknown are worth inferring.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.not_followed: set[Function] = set()
        self._outcomes: dict[object, Outcome] = {}
        self._contexts: dict[tuple[object, ...], int] = {}
        self._runs: Counter[Function] = Counter()
        self._work = 0
        self._in_steps = False
        self._patient = False
        self.asks = False
        self._variables: dict[Function, dict[str, Value]] = {}
        self._recursion = Recursion()

    def run(
        self,
        func: t.Func,
        args: tuple[Value, ...],
        keywords: dict[str, Value],
        *,
        generic: bool = False,
        patient: bool = False,
    ) -> Outcome:
        """Run a function abstractly; the same arguments give the same (remembered) outcome.

        ``patient`` calls are as many as there are endpoints or classes: no knowledge of their arguments is given up.
        """
        info, serving = func.info, self._program.serving
        func = self._received(func)
        if not (patient or self._patient):
            func, args, keywords = self._within_limits(func, args, keywords)
        question = (info, func.bound, func.captured, args, tuple(sorted(keywords.items())), generic, self.asks)
        key = (*question, serving.key(info))
        found = self._outcomes.get(key)
        if found is not None:
            self._recursion.recall(key)
            return found
        if self._is_closed(func):
            return Outcome(info, exits=[Exit("return", t.ANYTHING, t.NO_PROOF, 0, info.node)], value=t.ANYTHING)
        if not self._recursion.has_forgotten(key):
            counted = self._counted(func, args)
            self._contexts[counted] = self._contexts.get(counted, 0) + 1
        with serving.watching(info), self._recursion.entered(info) as run:
            outcome = self._run(func, args, keywords, generic)
        key = (*question, serving.key(info))
        self._outcomes[key] = outcome
        for forgotten in self._recursion.settled(run, key):
            self._outcomes.pop(forgotten, None)
        return outcome

    def is_running(self, function: Function) -> bool:
        """Whether a run of the function has begun and not ended: asked now, its outcome says nothing yet."""
        return self._recursion.is_running(function)

    def final_variables(self, func: t.Func) -> dict[str, Value]:
        """The variables of a function at its end, run without knowledge of its arguments."""
        function = func.info
        if function not in self._variables:
            self._variables[function] = {}
            self.run(func, (), {}, generic=True)
            if not self._variables[function] and not self._recursion.is_running(function):
                self._run(func, (), {}, generic=True)
        return self._variables[function]

    @contextmanager
    def in_steps(self, active: bool) -> Iterator[None]:
        """While middleware and hooks run, each route counts: they are run with what is known of it, not blurred so soon."""
        before, self._in_steps = self._in_steps, active
        try:
            yield
        finally:
            self._in_steps = before

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """While decorators register: everything that they call is called once for each function that is decorated."""
        before, self._patient = self._patient, True
        try:
            yield
        finally:
            self._patient = before

    @contextmanager
    def reached(self) -> Iterator[None]:
        """While an entry point runs: what is reached from it matters enough to infer receivers that stay unknown."""
        before, self.asks = self.asks, self._program.inference is not None
        try:
            yield
        finally:
            self.asks = before

    def _is_closed(self, func: t.Func) -> bool:
        """Whether the call is not followed: it closes a recursion, or is too deep down."""
        if self._recursion.closes(func.info, MAX_NESTED if func.captured or func.info.module.is_sketch else 0):
            return True
        if self._recursion.depth > MAX_DEPTH:
            self.not_followed.add(func.info)
            return True
        return False

    def _received(self, func: t.Func) -> t.Func:
        """In a very long line of classes a method sees its receiver as one of the class that has the method."""
        owner = func.info.owner
        if owner is None or len(func.bound) != 1:
            return func
        atom = func.bound[0]
        shape = atom.shape
        if (
            not isinstance(shape, t.Inst)
            or shape.info is owner
            or len(self._program.hierarchy.mro(shape.info)) <= MAX_LINE
        ):
            return func
        return func._replace(bound=(atom._replace(shape=t.Inst(owner)),))

    def _counted(self, func: t.Func, args: tuple[Value, ...]) -> tuple[object, ...]:
        """What has a budget of its own: a function, for each class that it is bound to and each function that it is given."""
        bound = (x.shape.info for x in func.bound if isinstance(x.shape, t.Inst | t.ClassRef))
        given = (*args, *(value for _, value in func.captured))
        functions = (x.shape.info for value in given for x in value if isinstance(x.shape, t.Func))
        return (func.info, self._in_steps, self.asks, *bound, *functions)

    def _within_limits(
        self, func: t.Func, args: tuple[Value, ...], keywords: dict[str, Value]
    ) -> tuple[t.Func, tuple[Value, ...], dict[str, Value]]:
        """A function called in very many ways is run with less and less knowledge of its arguments, a long one sooner."""
        haste = self._haste()
        runs = self._runs[func.info] if haste > 1 else self._contexts.get(self._counted(func, args), 0)
        contexts = runs * haste * haste // STEPS_PATIENCE if self._in_steps else runs * haste * _weight(func.info)
        blur = next((blur for limit, blur in BLURS if contexts >= limit), None)
        if blur is None or func.info.module.is_sketch:
            return func, args, keywords
        bound = widened(func.bound)
        return func._replace(bound=bound), tuple(blur(v) for v in args), {k: blur(v) for k, v in keywords.items()}

    def _haste(self) -> int:
        """How much sooner knowledge is given up: twice as soon with each sixteenth of the room that is overdrawn.

        Then the runs of a function count together, whatever it is bound to and given.
        """
        room = MIN_RUNS + RUNS_PER_FUNCTION * len(self._runs)
        return 1 << min(max(0, (self._work - room) * 16 // room + 1), MAX_HASTE)

    def _run(self, func: t.Func, args: tuple[Value, ...], keywords: dict[str, Value], generic: bool) -> Outcome:
        from threadly_lint.program.interpreter.expressions import evaluate
        from threadly_lint.program.interpreter.parameters import bind_parameters
        from threadly_lint.program.interpreter.statements import run_block

        info, program = func.info, self._program
        self._work += 1
        self._runs[info] += 1
        parameters = bind_parameters(program, func, args, keywords, generic=generic)
        a = Activation(program, info, parameters, dict(func.captured))
        a.is_run = True
        if isinstance(info.node, n.Lambda):
            value = evaluate(a, info.node.body)
            if a.state is not None:
                a.leave(Exit("return", value, a.state.auth, program.behaviour.status_of(value), info.node))
        else:
            run_block(a, info.node.body)
            if a.state is not None:
                a.leave(Exit("return", t.NONE, a.state.auth, 0, info.node))
            wanted = info in self._variables or any(True for _ in definitions(info.node.body))
            if wanted and not self._variables.get(info):
                self._variables[info] = dict(a.variables)
        return outcome_of(a, is_generator_object=program.kind(info) == "function")


def _weight(function: Function) -> int:
    """How many times as much work as an ordinary function this one is, by its lines."""
    first, _, last, _ = function.node.span
    return 1 + (last - first) // LONG


def widened(value: Value) -> Value:
    """``value`` without literals and contents: types, provenance and proofs stay."""
    return t.join(*(_widened(atom) for atom in value))


def _widened(atom: Atom) -> Value:
    shape = atom.shape
    if isinstance(shape, t.Const):
        is_kept = shape.value is None or _is_statement(atom)
        return (atom,) if is_kept else (Atom(t.Obj(shape.kind), atom.tags, atom.proof),)
    if isinstance(shape, t.Seq | t.Map):
        return (Atom(t.Unknown(), t.tags_of((atom,)), atom.proof),)
    if isinstance(shape, t.Inst):
        args = shape.args if any(isinstance(x.shape, t.Rest) for v in shape.args for x in v) else ()
        return (
            atom._replace(shape=t.Inst(shape.info, args, tuple(k for k in shape.keywords if k[0].startswith(".")))),
        )
    if isinstance(shape, t.Obj):
        attrs = shape.attrs if _is_statement(atom) or any(name == "method" for name, _ in shape.attrs) else ()
        return (atom._replace(shape=t.Obj(shape.name, shape.elem, None, attrs)),)
    return (atom,)


def _is_statement(atom: Atom) -> bool:
    """Whether it is the text of an SQL statement: there are no more of them than the source spells out."""
    text = t.shape_text((atom,))
    return text is not None and is_statement(text)


def traced(value: Value) -> Value:
    """``value`` reduced to its provenance; functions, SQL statements and None stay."""
    callables = t.keep(value, lambda x: isinstance(x.shape, CALLABLES) or t.is_none(x) or _is_statement(x))
    rest = [x for x in value if x not in callables]
    return (*callables, Atom(t.Unknown(), t.tags_of(rest), t.common_proof(rest))) if rest else callables


def untraced(value: Value) -> Value:
    """``value`` reduced to its functions."""
    return t.keep(value, lambda x: isinstance(x.shape, CALLABLES)) or t.ANYTHING


STEPS_PATIENCE = 50
LONG = 100
MIN_RUNS = 30_000
RUNS_PER_FUNCTION = 5
MAX_HASTE = 8
BLURS: tuple[tuple[int, Callable[[Value], Value]], ...] = ((150, untraced), (60, traced), (12, widened))
