"""From which source root each file is imported, told by the imports themselves.

An absolute import that can be followed below a folder speaks for that folder as a source root: for the modules that it
names, and for the importing file. Where the imports are silent, packaging files and the places of packages decide.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from threadly_lint.project.declared import SourceRoot
from threadly_lint.project.tree import Tree, is_below, join, lineage, place_of

_HEAD = 32 * 1024
_IMPORT = re.compile(
    rb"""\n[ \t]*+(?:
        from [ \t]++ (\.*+)([\w.]*+) [ \t]++ import\b
        | import [ \t]++ ( [\w.]++ (?:[ \t]+as[ \t]+\w+)? (?:[ \t]*,[ \t]* [\w.]++ (?:[ \t]+as[ \t]+\w+)? )* )
    )""",
    re.VERBOSE,
)


class Served(NamedTuple):
    """What an absolute name means when names start from ``folder``: ``target``, and the file there if it is none."""

    folder: str
    target: str
    file: str | None


Case = list[Served]
"""The ways to read one import."""


def scan_imports(root: Path, paths: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each file imports, by a quick look at its head: dotted names, relative ones with their leading dots."""
    return {path: frozenset(_imports_of(f"{root}/{path}")) for path in paths}


def assign_roots(
    paths: Collection[str],
    *,
    imports: Mapping[str, Collection[str]],
    declared: Collection[SourceRoot] = (),
    markers: Collection[str] = (),
) -> dict[str, SourceRoot]:
    """The source root of every path.

    ``imports`` is what scan_imports returns, ``declared`` what packaging files say, ``markers`` are the folders that
    hold packaging files.
    """
    tree = Tree(paths)
    plain = {root.folder for root in declared if not root.prefix}
    chooser = _Chooser(tree, _Votes(tree, frozenset(markers)), imports, plain, plain | set(markers))
    mounts = sorted((root for root in declared if root.prefix), key=lambda root: len(root.folder), reverse=True)
    return {path: _mount_of(path, mounts) or SourceRoot(chooser.choose(path)) for path in paths}


def _imports_of(file: str) -> Iterator[str]:
    try:
        with open(file, "rb", buffering=0) as stream:
            head = b"\n" + stream.read(_HEAD)
    except OSError:
        return
    for dots, module, names in _IMPORT.findall(head):
        if names:
            yield from (name.split()[0] for name in names.decode(errors="replace").split(","))
        else:
            yield (dots + module).decode(errors="replace")


def _mount_of(path: str, mounts: list[SourceRoot]) -> SourceRoot | None:
    return next((mount for mount in mounts if is_below(path, mount.folder)), None)


class _Votes:
    """Counts how many imports speak for each pair of a source root and a place below it.

    An import speaks for the place that it names, for the importing file, and for all folders around the two.
    """

    def __init__(self, tree: Tree, markers: frozenset[str]) -> None:
        self.tree = tree
        self.markers = markers
        self.totals: Counter[str] = Counter()
        self.counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.relative: Counter[str] = Counter()
        self.parents: defaultdict[str, list[str]] = defaultdict(list)
        for place in tree.folders | tree.modules.keys():
            folder, _, name = place.rpartition("/")
            self.parents[name].append(folder)
        for folders in self.parents.values():
            folders.sort()
        self._lineage = cache(lambda place: tuple(lineage(place)))
        self._meanings = cache(self._meanings_of)

    def count(self, imports: Mapping[str, Collection[str]]) -> None:
        """Clear cases first; then an import that several folders could serve goes to the one that serves more."""
        cases: dict[str, list[Case]] = {}
        for path, names in imports.items():
            cases[path] = [case for name in names if not name.startswith(".") and (case := self._servers(path, name))]
            self._count_relative(path, [name for name in names if name.startswith(".")])
        for path, found in cases.items():
            self._add(path, [case[0] for case in found if len(case) == 1])
        clear = self.totals.copy()
        for path, found in cases.items():
            if doubtful := [case for case in found if len(case) > 1]:
                self._add(path, [max(case, key=lambda one: (clear[one.folder], -len(one.folder))) for case in doubtful])

    def _add(self, path: str, servers: list[Served]) -> None:
        """Count imports of one file. No folder is counted twice for an import: its target's folders end where they
        become the importing file's own."""
        counts, importer, numbers = self.counts, place_of(path), defaultdict[str, int](int)
        own = frozenset(lineage(importer))
        for folder, target, _ in servers:
            numbers[folder] += 1
            around = own if is_below(importer, folder) else frozenset()
            for place in self._lineage(target):
                if place in around:
                    break
                counts[folder, place] += 1
        for folder, number in numbers.items():
            self.totals[folder] += number
            for place in own if is_below(importer, folder) else ():
                counts[folder, place] += number

    def _count_relative(self, path: str, names: list[str]) -> None:
        """A relative import passes through its own folder and those around it that its dots name: all are packages."""
        around = tuple(lineage(path.rpartition("/")[0])) if names else ()
        for name in names:
            self.relative.update(around[: len(name) - len(name.lstrip("."))])

    def _servers(self, path: str, name: str) -> Case:
        """The ways to read one absolute import."""
        meanings = self._meanings(name)
        if not meanings:
            return []
        found = [served for served in meanings if served.file != path]
        near = [served for served in found if is_below(path, served.folder)]
        if not near and (len(found) != 1 or found[0].folder in self.tree.packages):
            return []
        return near or found

    def _meanings_of(self, name: str) -> Case:
        """What an absolute name means from each folder that offers it."""
        top, dot, _ = name.partition(".")
        if top not in self.parents or (not dot and top in sys.stdlib_module_names):
            return []
        place = name.replace(".", "/")
        served = [self._served(folder, place) for folder in self.parents[top]]
        return [one for one in served if one is not None]

    def _served(self, folder: str, place: str) -> Served | None:
        """A folder inside a package serves dotted names only: ``redis`` alone is more likely to be the library.

        And a folder with packaging files is no package, unless it says so.
        """
        if folder in self.tree.packages and "/" not in place and folder not in self.markers:
            return None
        target = join(folder, place)
        file = self.tree.find(target)
        if file or (target in self.tree.folders and target not in self.markers):
            return Served(folder, target, file)
        return None


class _Chooser:
    """Picks the source root of one file."""

    def __init__(
        self,
        tree: Tree,
        votes: _Votes,
        imports: Mapping[str, Collection[str]],
        declared: Collection[str],
        marked: Collection[str],
    ) -> None:
        votes.count(imports)
        self.tree = tree
        self.votes = votes
        self.declared = declared
        self.marked = marked
        self._candidates = cache(self._candidates_around)

    def choose(self, path: str) -> str:
        """The folder that most imports speak for, else the nearest that is likely to be a source root."""
        candidates = self._candidates(path.rpartition("/")[0])
        best = outermost = candidates[-1]
        for folder in candidates[-2::-1]:
            if self._is_better(folder, best, path):
                best = folder
        if self.votes.counts[best, _top_place(path, best)]:
            return best
        return next((folder for folder in candidates if self._is_likely(folder)), outermost)

    def _candidates_around(self, folder: str) -> list[str]:
        *inner, outermost = _importable(folder)
        return [*filter(self._can_be_root, inner), outermost]

    def _can_be_root(self, folder: str) -> bool:
        """Names start from inside a package only if more imports say so than pass through that package."""
        relative = self.votes.relative[folder]
        if not relative and folder not in self.tree.packages:
            return True
        through = (self.votes.counts[outer, folder] for outer in lineage(folder) if outer != folder)
        return self.votes.totals[folder] > relative + max(through, default=0)

    def _is_better(self, inner: str, outer: str, path: str) -> bool:
        """Compare what speaks for two folders, at the granularity of the inner one's top-level modules."""
        place = _top_place(path, inner)
        votes = self.votes.counts
        return (votes[inner, place], inner in self.declared) > (votes[outer, place], outer in self.declared)

    def _is_likely(self, folder: str) -> bool:
        parent, _, name = folder.rpartition("/")
        is_src = name == "src" and (not parent or parent in self.marked)
        return is_src or folder in self.votes.totals or folder in self.marked


def _top_place(path: str, folder: str) -> str:
    """The place of the top-level package or module that ``path`` belongs to, when names start from ``folder``."""
    inner = path[len(folder) + 1 :] if folder else path
    top, slash, _ = inner.partition("/")
    return join(folder, top) if slash else place_of(path)


def _importable(folder: str) -> Iterator[str]:
    """The folders that an absolute name of a file in ``folder`` can start from: a dash in between ends the search."""
    for candidate in lineage(folder):
        yield candidate
        if not candidate.rpartition("/")[2].isidentifier():
            return
