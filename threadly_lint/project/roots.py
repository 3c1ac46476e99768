"""From which source root each file is imported, told by the imports themselves.

An absolute import that can be followed below a folder speaks for that folder as a source root: for the package that it
names, and for the importing file. Where the imports are silent, packaging files and the places of packages decide.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from threadly_lint.project.declared import SourceRoot

_HEAD = 32 * 1024
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b|import[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*))",
    re.MULTILINE,
)

Unit = tuple[str, str]
"""A source root and the first part of a name below it: the top-level package or module that the root offers."""


def scan_imports(root: Path, paths: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each file imports, by a quick look at its head: dotted names, relative ones with their leading dots."""
    return {path: frozenset(_imports_of(root / path)) for path in paths}


def assign_roots(
    paths: Collection[str],
    *,
    imports: Mapping[str, Collection[str]],
    declared: Collection[SourceRoot] = (),
    markers: Collection[str] = (),
) -> dict[str, SourceRoot]:
    """The source root of every path. ``imports`` is as scan_imports returns it, ``markers`` are folders with packaging files."""
    tree = Tree(paths)
    plain = {root.folder for root in declared if not root.prefix}
    votes = _Votes(tree, set(markers)).count(imports)
    chooser = _Chooser(tree, votes, plain, plain | set(markers))
    mounts = sorted((root for root in declared if root.prefix), key=lambda root: len(root.folder), reverse=True)
    return {path: _mount_of(path, mounts) or SourceRoot(chooser.choose(path)) for path in paths}


class Tree:
    """The Python files of a project by place. A place is a path without ``.py`` or ``/__init__.py``."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.modules: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self.folders: set[str] = {""}
        for path in sorted(paths):
            folder, _, name = path.rpartition("/")
            self.folders.update(lineage(folder))
            if stem(name) == "__init__":
                self.packages[folder] = path
            else:
                self.modules[join(folder, stem(name))] = path

    def find(self, place: str) -> str | None:
        """The file of a package or module, as Python would choose between them."""
        return self.packages.get(place) or self.modules.get(place)

    def has(self, place: str) -> bool:
        """Whether there is a module, a package or a folder with Python files somewhere below."""
        return place in self.modules or place in self.folders


def join(folder: str, name: str) -> str:
    """``name`` in ``folder``, which may be the empty path."""
    return f"{folder}/{name}" if folder else name


def stem(name: str) -> str:
    """A file name without ``.py`` or ``.pyi``; any other name as it is."""
    return name.removesuffix(".py").removesuffix(".pyi")


def lineage(folder: str) -> Iterator[str]:
    """The folder and all folders around it up to the project root (the empty path)."""
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _imports_of(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return
    for dots, module, names in _IMPORT.findall(head):
        if names:
            yield from (name.split()[0] for name in names.decode(errors="replace").split(","))
        elif dots or module:
            yield (dots + module).decode(errors="replace")


class _Votes:
    """Counts how many imports speak for each unit."""

    def __init__(self, tree: Tree, markers: set[str]) -> None:
        self.tree = tree
        self.markers = markers
        self.parents: defaultdict[str, set[str]] = defaultdict(set)
        for place in tree.folders | tree.modules.keys():
            folder, _, name = place.rpartition("/")
            self.parents[name].add(folder)

    def count(self, imports: Mapping[str, Collection[str]]) -> Counter[Unit]:
        """Clear cases first; then an import that several folders could serve goes to the one that serves more."""
        votes: Counter[Unit] = Counter()
        unclear: list[tuple[str, str, list[str]]] = []
        for path, names in imports.items():
            for name in names:
                folders = self._servers(path, name)
                if len(folders) == 1:
                    votes.update(_units(path, name, folders[0]))
                elif folders:
                    unclear.append((path, name, folders))
        totals = _totals(votes)
        for path, name, folders in unclear:
            best = max(folders, key=lambda folder: (totals[folder], -len(folder)))
            votes.update(_units(path, name, best))
        return votes

    def _servers(self, path: str, name: str) -> list[str]:
        """The folders that could be the source root for this import."""
        if name.startswith("."):
            return self._package_parent(path, name)
        top, _, rest = name.partition(".")
        if not rest and top in sys.stdlib_module_names:
            return []
        place = name.replace(".", "/")
        found = [folder for folder in sorted(self.parents.get(top, ())) if self._serves(path, folder, place)]
        home = path.rpartition("/")[0]
        near = [folder for folder in found if _is_below(home, folder)]
        if near or len(found) == 1:
            return near or [folder for folder in found if folder not in self.tree.packages]
        return []

    def _serves(self, path: str, folder: str, place: str) -> bool:
        """A package is a source root only when told so by more than one name: ``redis`` may be the library."""
        if folder in self.tree.packages and "/" not in place and folder not in self.markers:
            return False
        target = join(folder, place)
        return self.tree.has(target) and self.tree.find(target) != path

    def _package_parent(self, path: str, name: str) -> list[str]:
        """A relative import says that the folder it starts from is a package, so the source root is above."""
        level = len(name) - len(name.lstrip("."))
        around = list(lineage(path.rpartition("/")[0]))
        return [around[level]] if level < len(around) else []


def _units(path: str, name: str, folder: str) -> set[Unit]:
    """What an import that ``folder`` serves speaks for: the package it names and, when below, the importing file's."""
    units = set() if name.startswith(".") else {(folder, name.partition(".")[0])}
    return units | {_unit(path, folder)} if _is_below(path, folder) else units


def _unit(path: str, folder: str) -> Unit:
    inner = path[len(folder) + 1 :] if folder else path
    return folder, stem(inner.partition("/")[0])


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")


def _totals(votes: Counter[Unit]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (folder, _), count in votes.items():
        totals[folder] += count
    return totals


def _mount_of(path: str, mounts: list[SourceRoot]) -> SourceRoot | None:
    return next((mount for mount in mounts if path.startswith(mount.folder + "/")), None)


class _Chooser:
    """Picks the source root of one file."""

    def __init__(self, tree: Tree, votes: Counter[Unit], declared: set[str], marked: set[str]) -> None:
        self.tree = tree
        self.votes = votes
        self.declared = declared
        self.known = marked | _totals(votes).keys()

    def choose(self, path: str) -> str:
        """The folder with most votes for the file's own unit, else the nearest that is known to be a root."""
        candidates = list(_importable(path.rpartition("/")[0]))
        best = max(candidates, key=lambda folder: self._weight(path, folder))
        if self.votes[_unit(path, best)]:
            return best
        return next((folder for folder in candidates if self._is_likely(folder)), candidates[-1])

    def _weight(self, path: str, folder: str) -> tuple[int, bool, int]:
        return self.votes[_unit(path, folder)], folder in self.declared, -len(folder)

    def _is_likely(self, folder: str) -> bool:
        if folder in self.tree.packages:
            return False
        parent, _, name = folder.rpartition("/")
        return folder in self.known or (name == "src" and (not parent or parent in self.known))


def _importable(folder: str) -> Iterator[str]:
    """The folders that an absolute name of a file in ``folder`` can start from: a dash in between ends the search."""
    for candidate in lineage(folder):
        yield candidate
        if not candidate.rpartition("/")[2].isidentifier():
            return
