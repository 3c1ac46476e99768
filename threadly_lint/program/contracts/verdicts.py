"""What a project's imports say to all contracts that its settings declare."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from threadly_lint.program.contracts.declared import declared_contracts
from threadly_lint.program.contracts.judges import Breach, Stray, Unjudgeable, judge
from threadly_lint.program.contracts.model import AllowedImport, Contract
from threadly_lint.program.contracts.names import (
    MissingPackage,
    external_name,
    outside_name,
    package_namings,
    project_namings,
)
from threadly_lint.program.contracts.view import Link, View
from threadly_lint.program.imports.graph import ImportGraph
from threadly_lint.values import Span


class Violation(Struct, frozen=True):
    """A chain of imports that breaks a contract. ``names`` are the modules along it, ``steps`` all statements that lead
    from each to the next; its place is the ``first`` statement."""

    contract: Contract
    names: tuple[str, ...]
    steps: tuple[tuple[Link, ...], ...]
    first: Link
    why: str

    @property
    def path(self) -> str:
        return self.first.importer

    @property
    def span(self) -> Span:
        return Span(*self.first.statement.span)

    @property
    def symbol(self) -> str:
        return self.first.statement.symbol

    @property
    def trail(self) -> tuple[Link, ...]:
        """One statement for each step."""
        return (self.first, *(step[0] for step in self.steps[1:]))


class Unplaced(Struct, frozen=True):
    """A module in ``container`` that an exhaustive contract does not place; its place is the first line of its code."""

    contract: Contract
    module: str
    container: str
    path: str
    span: Span
    symbol: str = ""


class Misfit(Struct, frozen=True):
    """A line of a settings file that does not fit the project; ``is_fatal`` when import-linter would fail for it."""

    contract: Contract
    message: str
    path: str
    span: Span
    is_fatal: bool = True
    symbol: str = ""


class Verdicts(Struct, frozen=True):
    """All contracts judged. A project without contracts keeps all of them."""

    contracts: tuple[Contract, ...]
    violations: tuple[Violation, ...]
    unplaced: tuple[Unplaced, ...]
    misfits: tuple[Misfit, ...]

    def keeps(self, contract: Contract) -> bool:
        """Whether nothing breaks the contract, and it fits the project."""
        broken = {one.contract for one in self.violations} | {one.contract for one in self.unplaced}
        return contract not in broken | {one.contract for one in self.misfits if one.is_fatal}


def judge_project(graph: ImportGraph) -> Verdicts:
    """Judge every declared contract. Raises SettingsError when contracts are declared wrongly."""
    return judge_contracts(graph, declared_contracts(graph.project))


def judge_contracts(graph: ImportGraph, contracts: tuple[Contract, ...]) -> Verdicts:
    """Judge contracts, wherever they come from."""
    bench = _Bench(graph)
    for contract in contracts:
        bench.judge(contract)
    return Verdicts(contracts, tuple(bench.violations), tuple(bench.unplaced), tuple(bench.misfits))


class _Bench:
    def __init__(self, graph: ImportGraph) -> None:
        self.violations: list[Violation] = []
        self.unplaced: list[Unplaced] = []
        self.misfits: list[Misfit] = []
        self._graph = graph
        self._views: dict[object, list[View]] = {}

    def judge(self, contract: Contract) -> None:
        """Judge a contract in every view of the project in which it makes sense."""
        try:
            judged = [self._judge_view(contract, view) for view in self._views_for(contract)]
        except MissingPackage as package:
            self._complain(contract, str(package), f"package `{package}` is not in the project")
            return
        faults = [one for one in judged if isinstance(one, Unjudgeable)]
        unmatched = [one for one in judged if not isinstance(one, Unjudgeable)]
        if not unmatched:
            self._complain(contract, faults[0].name, str(faults[0]))
        for allowed in contract.allowed:
            if unmatched and contract.unmatched != "none" and all(allowed in names for names in unmatched):
                message = f"no import matches the ignored `{allowed}`"
                self._complain(contract, allowed.importer, message, is_fatal=contract.unmatched == "error")

    def _views_for(self, contract: Contract) -> list[View]:
        origin = contract.origin
        key = (origin, contract.kinds, () if origin.packages else contract.mentioned)
        if key not in self._views:
            self._views[key] = self._new_views(contract)
        return self._views[key]

    def _new_views(self, contract: Contract) -> list[View]:
        origin = contract.origin
        outside: Callable[[str], str] = _nothing
        if not origin.packages:
            namings = project_namings(self._graph, contract.mentioned)
            internal = {file.module.partition(".")[0] for file in self._graph.modules.values()}
            outside = partial(external_name, mentioned=contract.mentioned, internal=internal)
        else:
            namings = package_namings(self._graph, origin)
            if origin.external:
                outside = partial(outside_name, packages=origin.packages)
        return [View(self._graph, naming, contract.kinds, outside) for naming in namings]

    def _judge_view(self, contract: Contract, view: View) -> set[AllowedImport] | Unjudgeable:
        """Collect what breaks the contract in a view; returns the allowed imports that do not exist there."""
        graph = view.graph()
        unmatched = set()
        taken: set[tuple[str, str]] = set()
        for allowed in contract.allowed:
            pairs = {(one["importer"], one["imported"]) for one in graph.find_matching_direct_imports(str(allowed))}
            taken |= pairs
            if not pairs:
                unmatched.add(allowed)
        for importer, imported in taken:
            graph.remove_import(importer=importer, imported=imported)
        try:
            found = judge(contract, graph)
        except Unjudgeable as fault:
            return fault
        for one in found:
            self._note(contract, view, one)
        return unmatched

    def _note(self, contract: Contract, view: View, found: Breach | Stray) -> None:
        if isinstance(found, Stray):
            path = view.paths[found.module]
            self.unplaced.append(
                Unplaced(contract, found.module, found.container, *_first_line(view.project_graph, path))
            )
            return
        pairs = zip(found.chain, found.chain[1:], strict=False)
        steps = tuple(view.links(importer, imported) for importer, imported in pairs)
        for first in steps[0] if len(steps) == 1 else steps[0][:1]:
            self.violations.append(Violation(contract, found.chain, steps, first, found.why))

    def _complain(self, contract: Contract, name: str, message: str, is_fatal: bool = True) -> None:
        file = contract.origin.file
        self.misfits.append(Misfit(contract, message, file, self._line_with(file, name), is_fatal))

    def _line_with(self, file: str, name: str) -> Span:
        """The first line of a settings file that has a name."""
        text = (self._graph.project.root / file).read_text(encoding="utf-8", errors="replace")
        found = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", text) if name else None
        start = found.start() if found else 0
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        return Span(line, column, line, column + len(name))


def _nothing(dotted: str) -> str:
    return ""


def _first_line(graph: ImportGraph, path: str) -> tuple[str, Span]:
    """The first statement of a module; for a folder, that of its first file."""
    file = min(one for one in graph.modules if one.startswith(path) and not one.endswith("/"))
    body = graph.whole(file).body
    if not body:
        return file, Span(1, 1, 1, 1)
    line, column, *_ = body[0].span
    return file, Span(line, column, line, column)
