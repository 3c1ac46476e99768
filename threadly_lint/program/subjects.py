"""What rules subscribe to: each kind of subject, made from the program once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threadly_lint.program.contracts.verdicts import Verdicts, judge_project
from threadly_lint.program.entry.entry_points import EntryPoint, Run
from threadly_lint.program.entry.standalone import entered, standalone_outcome
from threadly_lint.program.imports.graph import ImportGraph
from threadly_lint.program.interpreter.effects import Event, Occurrence, Outcome, occurrences
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


class Endpoint(EntryPoint):
    """An entry point for callers outside the system: HTTP, WebSocket, GraphQL, RPC."""


@dataclass(eq=False)
class Operation:
    """One thing that the program does from beginning to end, as seen from where it starts.

    That is an entry point through one of its mounts, or a function that nothing in the project calls. ``occurrences`` lists its
    effects in order, those of callees included.
    """

    function: Function
    outcome: Outcome
    entry_point: EntryPoint | None = None
    run: Run | None = None

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        return self.run.occurrences if self.run is not None else tuple(occurrences(self.outcome))

    def effects_of(self, node: n.Node) -> frozenset[str]:
        """The effects that a call in the source has."""
        return self._effects.get(id(node), frozenset())

    @cached_property
    def _effects(self) -> dict[int, frozenset[str]]:
        found: dict[int, frozenset[str]] = {}
        for occurrence in self.occurrences:
            place = id(occurrence.event.node)
            found[place] = found.get(place, frozenset()) | {occurrence.effect}
        return found

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def span(self) -> Span:
        return self.function.span

    @property
    def symbol(self) -> str:
        return self.function.symbol

    @property
    def endpoint(self) -> str:
        """The endpoint's label; empty for anything else."""
        return self.entry_point.label if self.entry_point is not None and self.entry_point.is_endpoint else ""


@dataclass(eq=False)
class Call:
    """One call in the source with one library effect, and every way in which it is reached.

    ``ways`` pairs each operation that gets there with what holds on that way.
    """

    event: Event
    ways: list[tuple[Operation, Occurrence]] = field(default_factory=list)

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
    def effect(self) -> str:
        return self.event.effect

    @property
    def trail(self) -> tuple[Step, ...]:
        """The first way that leads here."""
        return self.ways[0][1].trail if self.ways else ()

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(dict.fromkeys(operation for operation, _ in self.ways))


def operations(program: Program) -> Iterator[Operation]:
    """Entry points mount by mount, then functions that nothing reaches, so that each effect belongs to some operation."""
    reached: set[Function] = set()
    seen: set[int] = set()
    for entry in program.entry_points:
        for run in entry.runs:
            reached |= {entry.function} | entered(run.outcome, seen)
            yield Operation(entry.function, run.outcome, entry, run)
    judged = (f for f in program.functions if not (f.module.is_migration or program.project.is_exempt(f.path)))
    rest = [f for f in judged if f not in reached]
    called: set[Function] = set()
    for function in rest:
        called |= entered(program.generic_outcome(function), seen) - {function}
    for function in rest:
        if function not in called and function.parent is None:
            yield Operation(function, standalone_outcome(program, function))


def calls(found: Iterable[Operation]) -> Iterator[Call]:
    """Effects of library calls, one ``Call`` for each place and effect."""
    known: dict[tuple[str, Span, str], Call] = {}
    for operation in found:
        for occurrence in operation.occurrences:
            if occurrence.event.fact is None:
                continue
            key = (occurrence.path, occurrence.span, occurrence.effect)
            call = known.setdefault(key, Call(occurrence.event))
            call.ways.append((operation, occurrence))
    yield from known.values()


class Subjects:
    """Every kind of subject; those that take work are made when first asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def each(self, kind: type) -> Iterable[Any]:
        """All subjects of one kind."""
        simple: dict[type, Callable[[], Iterable[Any]]] = {
            Endpoint: lambda: self.endpoints,
            EntryPoint: lambda: self.program.entry_points,
            Operation: lambda: self.operations,
            Call: lambda: self.calls,
            ImportGraph: lambda: (self.program.imports,),
            Verdicts: lambda: (judge_project(self.program.imports),),
            Function: lambda: self.program.functions,
            Class: lambda: self.program.classes,
            Module: self.program.modules.values,
            type(self.program): lambda: (self.program,),
        }
        return simple[kind]()

    @cached_property
    def endpoints(self) -> list[EntryPoint]:
        return [e for e in self.program.entry_points if e.is_endpoint and not self.program.project.is_exempt(e.path)]

    @cached_property
    def operations(self) -> list[Operation]:
        return list(operations(self.program))

    @cached_property
    def calls(self) -> list[Call]:
        return [c for c in calls(self.operations) if not self.program.project.is_exempt(c.path)]
