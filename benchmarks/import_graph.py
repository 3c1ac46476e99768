"""Compare the import graph with grimp's: every edge, every cycle, and the processor time.

    python benchmarks/import_graph.py [--runs N] FOLDER...

Each FOLDER holds packages as an entry of ``sys.path`` does, or is a package itself. Nothing in it is imported. Every
edge that grimp has and we have not is printed, and every edge of ours that grimp has not is given a reason. Exits with
1 when an edge is missing, or one too many has no reason.

Processor time is that of whole processes without any cache: ours runs the import rules (``check --select TLG``), grimp's
only builds its graph. Both work on the same files, in a copy of the packages: there each folder has an
``__init__.py``, because grimp passes over folders without one, and files that grimp cannot take are left out. Both run
from compiled bytecode, as installed programs do.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import grimp

from threadly_lint.program.contracts.model import Origin
from threadly_lint.program.contracts.names import package_namings
from threadly_lint.program.imports.components import strong_components
from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
from threadly_lint.program.imports.imports_only import ImportsOnly
from threadly_lint.project import load_project

Pair = tuple[str, str]

GRIMP = "import sys, grimp; sys.path.insert(0, sys.argv[1]); grimp.build_graph(*sys.argv[2:], cache_dir=None)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=0, help="paired runs for the comparison of processor times")
    arguments = parser.parse_args()
    found = [packages_of(folder) for folder in arguments.folders]
    if empty := [str(base) for base, packages in found if not packages]:
        parser.error(f"grimp reads packages only, and there is none (a folder with __init__.py) in {', '.join(empty)}")
    results = [compare(base, packages, arguments.runs) for base, packages in found]
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
        print(f"  processor time: {measured(base, packages, runs)}")
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


def measured(base: Path, packages: list[str], runs: int) -> str:
    """Our processor time for a run of the import rules as a multiple of grimp's for building its graph."""
    with TemporaryDirectory() as place:
        code = Path(place, "code")
        copied, left_out = copy_packages(base, packages, code)
        pairs = paired_seconds(code, packages, runs, Path(place, "bytecode"))
        lines = sum(file.read_bytes().count(b"\n") for file in copied)
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return (
        f"{statistics.median(one / other for one, other in pairs):.2f} times grimp's "
        f"({ours:.2f} s and {theirs:.2f} s; median of {runs} paired runs on {len(copied):,} files with {lines:,} lines, "
        f"{left_out:,} files left out)"
    )


def copy_packages(base: Path, packages: list[str], target: Path) -> tuple[list[Path], int]:
    """Copy all that grimp can read; also how many Python files it cannot."""
    files = [file.relative_to(base) for package in packages for file in (base / package).rglob("*.py")]
    taken = [file for file in files if is_readable(base, file)]
    for file in taken:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base / file, target / file)
    for folder in {folder for file in taken for folder in file.parents} - {Path()}:
        (target / folder / "__init__.py").touch()
    return list(target.rglob("*.py")), len(files) - len(taken)


def is_readable(base: Path, file: Path) -> bool:
    """Whether grimp takes a file: no broken code, no dot in a name."""
    try:
        ast.parse((base / file).read_bytes())
    except (SyntaxError, ValueError):
        return False
    return not any("." in part for part in file.with_suffix("").parts)


def paired_seconds(base: Path, packages: list[str], runs: int, bytecode: Path) -> list[tuple[float, float]]:
    """The processor times of both, measured in turns after a first run that leaves the bytecode of both behind."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    ours = [sys.executable, "-m", "threadly_lint", "check", "--select", "TLG", "--no-cache", "--isolated", str(base)]
    theirs = [sys.executable, "-c", GRIMP, str(base), *packages]
    return [(seconds(ours, environment), seconds(theirs, environment)) for _ in range(runs + 1)][1:]


def seconds(words: list[str], environment: dict[str, str]) -> float:
    """The processor time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
