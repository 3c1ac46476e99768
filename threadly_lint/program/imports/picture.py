"""The import graph from further away: packages down to a depth, and what they import of each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from msgspec import Struct

from threadly_lint.program.contracts.verdicts import Violation
from threadly_lint.program.imports.components import strong_components
from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
from threadly_lint.skeleton.import_statements import IMPORT_KINDS, ImportKind


class Group(Struct, frozen=True):
    """A package, or a module, with all that is in it. ``height`` is 0 for a group that imports no other one."""

    name: str
    modules: int
    height: int


class Arrow(Struct, frozen=True):
    """All imports of one group by another. ``kind`` is the strongest among them; ``in_cycle`` when loading them leads
    back; ``breaks`` are the names of the contracts that some of them break."""

    importer: str
    imported: str
    imports: int
    kind: ImportKind
    in_cycle: bool
    breaks: tuple[str, ...]


class Picture(Struct, frozen=True):
    """Groups from high to low, arrows by name of their ends."""

    groups: tuple[Group, ...]
    arrows: tuple[Arrow, ...]


def draw(graph: ImportGraph, depth: int, below: str = "", violations: Iterable[Violation] = ()) -> Picture:
    """The picture of all modules, or those of the package ``below``, in groups whose names have ``depth`` parts.

    With ``below``, the parts after it count.
    """
    length = depth + (below.count(".") + 1 if below else 0)
    names = {path: file.module for path, file in graph.modules.items() if _is_below(file.module, below)}
    group_of = {path: ".".join(name.split(".")[:length]) for path, name in names.items()}
    bundles: defaultdict[tuple[str, str], list[ImportEdge]] = defaultdict(list)
    for edge in graph.edges:
        ends = group_of.get(edge.importer), group_of.get(edge.imported)
        if ends[0] and ends[1] and ends[0] != ends[1]:
            bundles[ends[0], ends[1]].append(edge)
    arrows = _arrows(bundles, _breaches(violations, group_of))
    sizes = Counter(group for path, group in group_of.items() if not path.endswith("/"))
    heights = _heights(sizes, arrows)
    groups = [Group(name, size, heights[name]) for name, size in sizes.items()]
    return Picture(tuple(sorted(groups, key=lambda group: (-group.height, group.name))), tuple(arrows))


def _is_below(name: str, package: str) -> bool:
    return not package or f"{name}.".startswith(f"{package}.")


def _breaches(violations: Iterable[Violation], group_of: Mapping[str, str]) -> dict[tuple[str, str], set[str]]:
    """The contracts that are broken along each arrow."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for violation in violations:
        for link in (edge for step in violation.steps for edge in step if isinstance(edge, ImportEdge)):
            ends = group_of.get(link.importer, ""), group_of.get(link.imported, "")
            found[ends].add(violation.contract.name)
    return found


def _arrows(
    bundles: Mapping[tuple[str, str], list[ImportEdge]], breaches: Mapping[tuple[str, str], set[str]]
) -> list[Arrow]:
    kinds = {ends: min((edge.kind for edge in edges), key=IMPORT_KINDS.index) for ends, edges in bundles.items()}
    loading: defaultdict[str, set[str]] = defaultdict(set)
    for (importer, imported), kind in kinds.items():
        if kind in ("load", "conditional"):
            loading[importer].add(imported)
    tangle_of = {name: number for number, names in enumerate(strong_components(loading)) for name in names}
    return [
        Arrow(
            importer,
            imported,
            len(edges),
            kinds[importer, imported],
            imported in loading[importer] and tangle_of.get(importer, -1) == tangle_of.get(imported, -2),
            tuple(sorted(breaches.get((importer, imported), ()))),
        )
        for (importer, imported), edges in sorted(bundles.items())
    ]


def _heights(names: Iterable[str], arrows: Iterable[Arrow]) -> dict[str, int]:
    """How many groups there are below each at most, where those in a cycle are on one level."""
    below: dict[str, set[str]] = {name: set() for name in names}
    for arrow in arrows:
        if arrow.kind in ("load", "conditional"):
            below[arrow.importer].add(arrow.imported)
    level_of = {name: name for name in below}
    for tangle in strong_components(below):
        level_of.update(dict.fromkeys(tangle, tangle[0]))
    levels: defaultdict[str, set[str]] = defaultdict(set)
    for name, others in below.items():
        levels[level_of[name]] |= {level_of[other] for other in others} - {level_of[name]}
    heights: dict[str, int] = {}
    for level in TopologicalSorter(levels).static_order():
        heights[level] = max((heights[other] + 1 for other in levels[level]), default=0)
    return {name: heights[level_of[name]] for name in below}
