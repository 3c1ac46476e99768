"""Import cycles: tangled modules, the shortest way round, and the edge that is cheapest to cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from threadly_lint.program.imports.components import shortest_way, strong_components
from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
from threadly_lint.program.imports.import_use import ImportUse, use_of
from threadly_lint.skeleton.import_statements import ImportKind

Grade = Literal["load", "local", "type-checking"]
Step = tuple[ImportEdge, ...]
Links = dict[str, dict[str, list[ImportEdge]]]

_KINDS: dict[Grade, frozenset[ImportKind]] = {
    "load": frozenset({"load", "conditional"}),
    "local": frozenset({"load", "conditional", "local"}),
    "type-checking": frozenset({"load", "conditional", "local", "type-checking"}),
}
_COST = {"annotations": 0, "functions": 1, "both": 2, "load": 4}
_COST_OF_OBSTACLE = 3
_COST_OF_OWN_SUBMODULE = 5


class ImportCycle(Struct, frozen=True):
    """Modules that import each other.

    ``grade`` is the weakest kind of import that is needed to come round. ``steps`` is the shortest way round; each step
    has all statements that lead from one module to the next, and the first step is the cheapest to cut. ``modules`` are
    the paths of all modules that are tangled with each other, ``use`` tells how the first step's names are used.
    """

    grade: Grade
    steps: tuple[Step, ...]
    modules: tuple[str, ...]
    use: ImportUse


def find_cycles(graph: ImportGraph, silenced: Collection[ImportEdge] = frozenset()) -> list[ImportCycle]:
    """One cycle for each tangle that is left without the ``silenced`` edges, gravest first.

    A tangle of a milder grade counts only for what it adds: those tangled more gravely are one module in it. Imports
    of scripts (below ``if __name__ == "__main__":``) and stubs make no cycle.
    """
    found: list[ImportCycle] = []
    tangle_of: dict[str, str] = {}
    for grade in _KINDS:
        links = _links(graph, grade, silenced)
        for tangle in strong_components(_condensed(links, tangle_of)):
            members = {path for path in graph.modules if tangle_of.get(path, path) in tangle}
            found.append(_cycle(graph, grade, _within(links, members), tangle_of))
            tangle_of.update(dict.fromkeys(members, min(members)))
    return found


def cycles_to_report(graph: ImportGraph, code: str) -> Iterator[ImportCycle]:
    """The cycles without the imports on which a comment suppresses ``code``, then one through each of those: whoever
    decides about findings sees that the comment has its use."""
    silenced = {edge for edge in graph.edges if graph.silences(edge, code)}
    yield from find_cycles(graph, silenced)
    links = {grade: _links(graph, grade, ()) for grade in _KINDS} if silenced else {}
    for edge in sorted(silenced, key=lambda edge: edge.sort_key):
        cycle = _cycle_through(edge, links)
        if cycle is not None:
            yield cycle


def _cycle_through(edge: ImportEdge, links_by_grade: dict[Grade, Links]) -> ImportCycle | None:
    """The shortest cycle that begins with ``edge``, of the gravest grade that there is; None when there is none."""
    for grade, links in links_by_grade.items():
        if edge in links.get(edge.importer, {}).get(edge.imported, ()):
            way = shortest_way(links, edge.imported, edge.importer)
            if way:
                steps = ((edge,), *(tuple(links[one][other]) for one, other in pairwise(way)))
                return ImportCycle(grade, steps, tuple(sorted(way)), ImportUse("load"))
    return None


def _links(graph: ImportGraph, grade: Grade, silenced: Collection[ImportEdge]) -> Links:
    links: Links = {}
    kinds, stubs = _KINDS[grade], {path for path, module in graph.modules.items() if module.is_stub}
    for edge in graph.edges:
        importer, imported = edge.importer, edge.imported
        if edge.statement.kind not in kinds or importer == imported or importer in stubs:
            continue
        if not silenced or edge not in silenced:
            links.setdefault(importer, {}).setdefault(imported, []).append(edge)
    return links


def _condensed(links: Links, tangle_of: dict[str, str]) -> dict[str, set[str]]:
    """Who imports whom when each known tangle is one module."""
    successors: defaultdict[str, set[str]] = defaultdict(set)
    for importer, targets in links.items():
        successors[tangle_of.get(importer, importer)].update(tangle_of.get(one, one) for one in targets)
    return successors


def _within(links: Links, members: Collection[str]) -> Links:
    return {
        importer: {imported: edges for imported, edges in targets.items() if imported in members}
        for importer, targets in links.items()
        if importer in members
    }


def _cycle(graph: ImportGraph, grade: Grade, links: Links, tangle_of: dict[str, str]) -> ImportCycle:
    way = min(_shortest_ways(links, tangle_of), key=lambda way: _weight(way, links))
    steps = [tuple(links[one][other]) for one, other in zip(way, (*way[1:], way[0]), strict=True)]
    candidates = [step for step in steps if grade == "load" or all(edge.kind == grade for edge in step)]
    uses = {step: _use(graph, step, grade) for step in candidates}
    cut = min(candidates, key=lambda step: (_cost(graph, step, uses[step]), _size(step), step[0].sort_key))
    turn = steps.index(cut)
    return ImportCycle(grade, (*steps[turn:], *steps[:turn]), tuple(sorted(links)), uses[cut])


def _shortest_ways(links: Links, tangle_of: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Ways round of the least length that pass from one tangle to another; with every pair of mutual importers."""
    passages = [
        (importer, imported)
        for importer, targets in sorted(links.items())
        for imported in sorted(targets)
        if tangle_of.get(importer, importer) != tangle_of.get(imported, imported)
    ]
    mutual = [pair for pair in passages if pair[0] in links[pair[1]]]
    if mutual:
        return iter(mutual)
    best: list[tuple[str, ...]] = []
    for importer, imported in passages:
        way = shortest_way(links, imported, importer, len(best[0]) if best else None)
        if way and (not best or len(way) < len(best[0])):
            best = [way]
        elif way:
            best.append(way)
    return iter(best)


def _weight(way: tuple[str, ...], links: Links) -> tuple[tuple[int, int], tuple[str, ...]]:
    """Prefer the way with the slightest step."""
    steps = zip(way, (*way[1:], way[0]), strict=True)
    return min(_size(tuple(links[one][other])) for one, other in steps), way


def _size(step: Step) -> tuple[int, int]:
    return len(step), sum(len(edge.names) for edge in step)


def _use(graph: ImportGraph, step: Step, grade: Grade) -> ImportUse:
    """The use of the statement that is hardest to get rid of, as far as it matters: a package offers what it imports
    from its own modules, and milder imports are not moved."""
    if grade != "load" or _is_of_own_module(graph, step):
        return ImportUse("load")
    return max((use_of(graph, edge) for edge in step), key=_cost_of_use)


def _is_of_own_module(graph: ImportGraph, step: Step) -> bool:
    importer, imported = graph.modules[step[0].importer], graph.modules[step[0].imported]
    return importer.is_package and imported.module.startswith(f"{importer.module}.")


def _cost_of_use(use: ImportUse) -> int:
    return _COST_OF_OBSTACLE if use.obstacle else _COST[use.need]


def _cost(graph: ImportGraph, step: Step, use: ImportUse) -> int:
    return _COST_OF_OWN_SUBMODULE if _is_of_own_module(graph, step) else _cost_of_use(use)
