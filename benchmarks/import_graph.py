"""Compare the import graph with grimp's: every edge, every cycle, and the processor time.

    python benchmarks/import_graph.py [--runs N] FOLDER...

Each FOLDER holds packages as an entry of ``sys.path`` does, or is a package itself. Nothing in it is imported. Every
edge that grimp has and we have not is printed, and every edge of ours that grimp has not is given a reason. Exits with
1 when an edge is missing, or one too many has no reason.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import grimp

from threadly_lint.program.components import strong_components
from threadly_lint.program.contracts.model import Origin
from threadly_lint.program.contracts.names import package_namings
from threadly_lint.program.imports import ImportEdge, ImportGraph
from threadly_lint.program.imports_only import ImportsOnly
from threadly_lint.project import load_project

Pair = tuple[str, str]

GRIMP = "import sys, grimp; sys.path.insert(0, sys.argv[1]); grimp.build_graph(*sys.argv[2:], cache_dir=None)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=0, help="paired runs for the comparison of processor times")
    arguments = parser.parse_args()
    results = [compare(*packages_of(folder), arguments.runs) for folder in arguments.folders]
    return 0 if all(results) else 1


def packages_of(folder: Path) -> tuple[Path, list[str]]:
    """Where imports start from, and the top-level packages there."""
    folder = folder.resolve()
    if (folder / "__init__.py").exists():
        return folder.parent, [folder.name]
    return folder, sorted(one.parent.name for one in folder.glob("*/__init__.py") if one.parent.name.isidentifier())


def compare(base: Path, packages: list[str], runs: int) -> bool:
    """Print what differs; True when every difference has a reason."""
    theirs = their_edges(base, packages)
    project = load_project(base, isolated=True)
    origin = Origin(f"{project.relative(base)}/".removeprefix("./"), tuple(packages))
    ours, hidden = our_edges(ImportsOnly(project, {}).imports, origin)
    lost = sorted(theirs - ours.keys())
    missing = [pair for pair in lost if not is_sharper(pair, ours)]
    reasons = Counter(reason_for(pair, edges, hidden) for pair, edges in ours.items() if pair not in theirs)
    print(f"{', '.join(packages)}: {len(theirs)} edges of grimp, {len(ours)} of ours")
    for importer, imported in missing:
        print(f"  missing: {importer} -> {imported}")
    if len(lost) > len(missing):
        print(f"  {len(lost) - len(missing)} of grimp's: ours leads to a module inside of the package that grimp names")
    for reason, count in sorted(reasons.items()):
        print(f"  {count} more of ours: {reason}")
    print(
        f"  cycles: {tangles(theirs)} of grimp, {tangles(pair for pair in ours if pair in theirs)} of ours on its edges"
    )
    if runs:
        print(f"  processor time: {ratio(base, packages, runs):.2f} times grimp's (median of {runs} paired runs)")
    return not missing and "no reason found" not in reasons


def their_edges(base: Path, packages: list[str]) -> set[Pair]:
    sys.path.insert(0, str(base))
    try:
        graph = grimp.build_graph(*packages, cache_dir=None)
    finally:
        sys.path.remove(str(base))
    return {(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)}


def our_edges(graph: ImportGraph, origin: Origin) -> tuple[dict[Pair, list[ImportEdge]], set[str]]:
    """Our edges inside of the packages by dotted names, and the names of the modules that grimp leaves out."""
    (naming,) = package_namings(graph, origin)
    names = naming.names | naming.hidden
    found: defaultdict[Pair, list[ImportEdge]] = defaultdict(list)
    for edge in graph.edges:
        if edge.importer in names and edge.imported in names:
            found[names[edge.importer], names[edge.imported]].append(edge)
    return found, {*naming.hidden.values()}


def is_sharper(pair: Pair, ours: Iterable[Pair]) -> bool:
    """Whether we know the imported module better: something inside of what grimp has."""
    return any(importer == pair[0] and imported.startswith(f"{pair[1]}.") for importer, imported in ours)


def reason_for(pair: Pair, edges: list[ImportEdge], hidden: set[str]) -> str:
    """Why grimp does not have an edge of ours."""
    if any(name in hidden for name in pair):
        return "grimp leaves out folders without __init__.py inside of packages, stubs, and names with dots"
    top = pair[0].partition(".")[0]
    if not any(edge.statement.level or re.search(rf"\b{top}\b", edge.statement.text) for edge in edges):
        return "the import starts from another source root, which grimp does not know"
    return "no reason found"


def tangles(pairs: Iterable[Pair]) -> str:
    """How many groups of modules import each other in a circle, and how many modules are in them."""
    successors: defaultdict[str, set[str]] = defaultdict(set)
    for importer, imported in pairs:
        successors[importer].add(imported)
    components = strong_components(successors)
    return f"{len(components)} with {sum(map(len, components))} modules"


def ratio(base: Path, packages: list[str], runs: int) -> float:
    """The median of our processor time for a run of the import rules, divided by grimp's for building its graph."""
    our_words = [
        sys.executable,
        "-m",
        "threadly_lint",
        "check",
        "--select",
        "TLG",
        "--no-cache",
        "--isolated",
        str(base),
    ]
    their_words = [sys.executable, "-c", GRIMP, str(base), *packages]
    return statistics.median(seconds(our_words) / seconds(their_words) for _ in range(runs))


def seconds(words: list[str]) -> float:
    """The processor time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
