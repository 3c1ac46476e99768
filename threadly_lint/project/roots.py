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
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from threadly_lint.project.declared import SourceRoot
from threadly_lint.project.tree import Tree, is_below, join, lineage, place_of

_HEAD = 32 * 1024
_IMPORT = re.compile(
    rb"""\n[ \t]*(?:
        from [ \t]+ (\.*)([\w.]*) [ \t]+ import\b
        | import [ \t]+ ( [\w.]+ (?:[ \t]+as[ \t]+\w+)? (?:[ \t]*,[ \t]* [\w.]+ (?:[ \t]+as[ \t]+\w+)? )* )
    )""",
    re.VERBOSE,
)


class Served(NamedTuple):
    """An import of the file at ``importer`` whose target is at ``target``, when names start from ``folder``."""

    folder: str
    target: str
    importer: str


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
    """Counts how many imports speak for each pair of a source root and a place below it."""

    def __init__(self, tree: Tree, markers: frozenset[str]) -> None:
        self.tree = tree
        self.markers = markers
        self.totals: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.relative: Counter[str] = Counter()
        self.parents: defaultdict[str, list[str]] = defaultdict(list)
        for place in tree.folders | tree.modules.keys():
            folder, _, name = place.rpartition("/")
            self.parents[name].append(folder)
        for folders in self.parents.values():
            folders.sort()
        self._lineage = cache(lambda place: tuple(lineage(place)))

    def count(self, imports: Mapping[str, Collection[str]]) -> None:
        """Clear cases first; then an import that several folders could serve goes to the one that serves more."""
        cases = []
        for path, name in ((path, name) for path, names in imports.items() for name in names):
            if name.startswith("."):
                self._count_relative(path, name)
            else:
                cases.append(self._servers(path, name))
        for case in cases:
            if len(case) == 1:
                self._add(case[0])
        clear = self.totals.copy()
        for case in cases:
            if len(case) > 1:
                self._add(max(case, key=lambda served: (clear[served.folder], -len(served.folder))))

    def _add(self, served: Served) -> None:
        folder, target, importer = served
        spoken_for = {place for end in (target, importer) if is_below(end, folder) for place in self._lineage(end)}
        self.totals[folder] += 1
        self.counts.update((folder, place) for place in spoken_for)

    def _count_relative(self, path: str, name: str) -> None:
        """A relative import passes through its own folder and those around it that its dots name: all are packages."""
        level = len(name) - len(name.lstrip("."))
        self.relative.update(islice(lineage(path.rpartition("/")[0]), level))

    def _servers(self, path: str, name: str) -> list[Served]:
        """The ways to read one absolute import."""
        top, _, rest = name.partition(".")
        if top not in self.parents:
            return []
        if not rest and top in sys.stdlib_module_names:
            return []
        place = name.replace(".", "/")
        found = [folder for folder in self.parents[top] if self._serves(path, folder, place)]
        near = [folder for folder in found if is_below(path, folder)]
        if not near and (len(found) != 1 or found[0] in self.tree.packages):
            return []
        return [Served(folder, join(folder, place), place_of(path)) for folder in near or found]

    def _serves(self, path: str, folder: str, place: str) -> bool:
        """A folder inside a package serves dotted names only: ``redis`` alone is more likely to be the library.

        And a folder with packaging files is no package, unless it says so.
        """
        if folder in self.tree.packages and "/" not in place and folder not in self.markers:
            return False
        target = join(folder, place)
        file = self.tree.find(target)
        return file != path if file else target in self.tree.folders and target not in self.markers


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

    def choose(self, path: str) -> str:
        """The folder that most imports speak for, else the nearest that is likely to be a source root."""
        *inner, outermost = _importable(path.rpartition("/")[0])
        candidates = [*filter(self._can_be_root, inner), outermost]
        best = outermost
        for folder in candidates[-2::-1]:
            if self._is_better(folder, best, path):
                best = folder
        if self.votes.counts[best, _top_place(path, best)]:
            return best
        return next((folder for folder in candidates if self._is_likely(folder)), outermost)

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
