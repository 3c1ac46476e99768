"""Functions that a decorator hands over to a library, which calls them at some time: tasks, commands, cloud functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.entry.entry_points import EntryPoint, Kind, Mount
from threadly_lint.program.entry.registrations import Registration, calling, decorations, registered_value
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.calls import OPEN, arguments
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Proof, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


class Address(NamedTuple):
    """Where an entry point can be reached, and what is demanded there."""

    path: str
    methods: tuple[str, ...] = ()
    proof: Proof = t.NO_PROOF


EFFECTS = ("boundary", "schedule")


def handed_over(program: Program, roots: frozenset[str], *more: str) -> Iterator[Registration]:
    """Decorated functions that libraries among ``roots`` call by themselves; ``more`` are effects that mean so there too."""
    found: list[tuple[Registration, frozenset[str]]] | None = program.memo.get("handed over")
    if found is None:
        found = program.memo["handed over"] = list(_decorated(program))
    for registration, effects in found:
        if registration.name.partition(".")[0] in roots and not effects.isdisjoint((*EFFECTS, *more)):
            yield registration


def _decorated(program: Program) -> Iterator[tuple[Registration, frozenset[str]]]:
    for function, decorator, scope in decorations(program):
        for atom in evaluate(scope, decorator.func if isinstance(decorator, n.Call) else decorator):
            shape = atom.shape
            name = shape.name if isinstance(shape, t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
            effects = frozenset(f.effect for f in program.knowledge.facts(name)) if name else frozenset()
            if effects & {*EFFECTS, "route"}:
                receiver = shape.receiver if isinstance(shape, t.LibMethod) else None
                args, keywords = arguments(scope, decorator) if isinstance(decorator, n.Call) else ((), {})
                made = Registration(name, receiver, args, keywords, decorator, scope, function.module, function)
                yield made, effects


def entry_point(
    program: Program, kind: Kind, framework: str, registration: Registration, first: tuple[Value, ...] = (),
    address: Address | None = None,
) -> EntryPoint:  # fmt: skip
    """The decorated function as the library calls it: ``first`` are arguments that it always gives."""
    assert registration.function is not None
    function, value = registration.function, registered_value(program, registration)
    if function.owner is not None and program.kind(function) == "function":
        first = ((Atom(t.Inst(function.owner)),), *first)
    return outside_call(program, kind, framework, function, value, first, address)


def outside_call(
    program: Program, kind: Kind, framework: str, function: Function, value: Value, first: tuple[Value, ...] = (),
    address: Address | None = None,
) -> EntryPoint:  # fmt: skip
    """An entry point whose caller gives arguments that nobody knows; without ``address`` its name stands for one."""
    name = function.qualname
    given = address or Address(name)
    call = calling(value, first, {OPEN: t.ANYTHING}, function)
    return EntryPoint(
        program, kind, framework, function, call, given.methods, (Mount(given.path, ()),), group=function.module.path,
        name=name, proof=given.proof,
    )  # fmt: skip


def each_once(found: Iterator[EntryPoint]) -> Iterator[EntryPoint]:
    """The first entry point of every function."""
    known: set[Function] = set()
    for entry in found:
        if entry.function not in known:
            known.add(entry.function)
            yield entry
