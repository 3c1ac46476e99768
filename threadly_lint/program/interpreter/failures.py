"""Exceptions: which handler catches what, through the hierarchies of libraries, built-ins and the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

EVERYTHING = frozenset({"Exception", "BaseException"})
ABSENT_KEY = frozenset({"KeyError", "LookupError"})


class Failures:
    """Answers questions about exception classes."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def names(self, value: Value) -> set[str]:
        """The exception classes in a value (classes, instances, tuples of them): dotted library names and project symbols."""
        found: set[str] = set()
        for atom in value:
            found |= self._names(atom)
        return found

    def _names(self, atom: Atom) -> set[str]:
        shape = atom.shape
        if isinstance(shape, t.Seq):
            return set().union(*(self.names(v) for v in (*(shape.items or ()), shape.elem)))
        if isinstance(shape, t.ClassRef | t.Inst):
            return {shape.info.symbol}
        if isinstance(shape, t.Lib | t.Obj):
            return {shape.name}
        return {shape.owner} if isinstance(shape, t.LibMethod) else set()

    def ancestry(self, value: Value) -> set[str]:
        """All classes that an exception value is an instance of."""
        found: set[str] = set()
        for atom in value:
            shape = atom.shape
            if isinstance(shape, t.ClassRef | t.Inst):
                for base in self.program.hierarchy.mro(shape.info):
                    found |= self._with_ancestors(base) if isinstance(base, str) else {base.symbol}
            elif isinstance(shape, t.Lib | t.Obj):
                found |= self._with_ancestors(shape.name)
        return found

    def _with_ancestors(self, name: str) -> set[str]:
        return {self.program.knowledge.canonical(name), *self.program.knowledge.exceptions(name)}

    def catches(self, a: Activation, handlers: tuple[n.Handler, ...], raised: Value) -> bool:
        """Whether one of the handlers takes an exception that the code raises itself."""
        from threadly_lint.program.interpreter.expressions import evaluate

        if not raised:
            return False
        kinds = self.ancestry(raised)
        for handler in handlers:
            if handler.exception is None:
                return True
            names = self.names(evaluate(a, handler.exception)) if a.state is not None else self._static(a, handler)
            if kinds & names or (names & EVERYTHING and kinds):
                return True
        return False

    def demands_key(self, a: Activation) -> bool:
        """Whether a ``try`` of this function asks by name for what ``mapping[key]`` raises, so that the key is a demand."""
        around = a.frame.chain() if a.frame is not None else ()
        return any(f.kind == "try" and self.names(f.value) & ABSENT_KEY for f in around)

    def _static(self, a: Activation, handler: n.Handler) -> set[str]:
        """The names of a handler's exceptions, evaluated outside the function (its own state has ended)."""
        from threadly_lint.program.interpreter.expressions import evaluate

        body = self.program.bindings.body(a.module)
        body.revive()
        return self.names(evaluate(body, handler.exception)) if handler.exception is not None else set()

    def handler_names(self, function_scope: Activation, handler: n.Handler) -> set[str]:
        """What a handler catches, by name; everything for a bare ``except``."""
        return self._static(function_scope, handler) if handler.exception is not None else set(EVERYTHING)

    def covers(self, caught: set[str], raised: tuple[str, ...]) -> bool:
        """Whether handlers for ``caught`` take every error in ``raised`` (base classes of what a library raises)."""
        if caught & EVERYTHING:
            return True
        known = self.program.knowledge
        return bool(raised) and all(
            any(known.canonical(c) in (known.canonical(r), *known.exceptions(r)) for c in caught) for r in raised
        )
