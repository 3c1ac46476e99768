"""A project's files and how its imports find them."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from threadly_lint.project.declared import SourceRoot
from threadly_lint.project.patterns import path_matcher
from threadly_lint.project.tree import Tree, join, lineage, stem
from threadly_lint.settings import Settings


class SourceFile(Struct, frozen=True, order=True):
    """One Python file. ``path`` and ``root`` are relative to the project root with ``/``.

    ``module`` is the dotted name that the file has below its source root ``root`` (empty for the project root). It is
    unique within a source root only: two services may both have ``app.main``.
    """

    path: str
    module: str
    is_package: bool
    root: str

    @property
    def is_stub(self) -> bool:
        """Whether this is a ``.pyi`` file; it stands for a compiled module."""
        return self.path.endswith(".pyi")


class Project:
    """Files and names of one project.

    ``files`` are sorted by path, ``roots`` are its source roots. ``unreadable`` are folders that could not be
    listed, and what has a name that is no text.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        roots: Mapping[str, SourceRoot],
        unreadable: tuple[str, ...] = (),
        isolated: bool = False,
    ) -> None:
        """``roots`` maps the path of each file to its source root; ``isolated`` is to ignore all settings files."""
        self.root = root
        self.settings = settings
        self.files = tuple(_source_file(path, roots[path]) for path in sorted(roots))
        self.roots = tuple(sorted({SourceRoot(""), *roots.values()}))
        self.unreadable = unreadable
        self.isolated = isolated
        self._tree = Tree(roots)
        self._by_path = {file.path: file for file in self.files}
        self._search_paths: dict[str, tuple[SourceRoot, ...]] = {}

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The project root, the source roots and the folders between: where settings files are looked for."""
        return tuple(sorted({folder for root in self.roots for folder in lineage(root.folder)}))

    def file(self, path: str) -> SourceFile | None:
        """The file at ``path`` (relative to the project root, with ``/``)."""
        return self._by_path.get(path)

    def relative(self, path: Path) -> str | None:
        """``path`` relative to the project root, with ``/``; None when it lies outside."""
        folder, name = os.path.split(os.path.abspath(path))
        place = Path(folder).resolve() / name
        return place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else None

    def files_under(self, paths: Iterable[Path]) -> frozenset[str]:
        """The paths of the project's files that are, or lie below, one of ``paths``."""
        inner = {self.relative(path) for path in paths}
        if "." in inner:
            return frozenset(self._by_path)
        return frozenset(path for path in self._by_path if not inner.isdisjoint(lineage(path)))

    def is_exempt(self, path: str) -> bool:
        """Whether the settings call this file a test, migration, fixture, seed or script."""
        return self._exempt(path)

    def find_module(self, dotted: str, importer: SourceFile | None = None) -> SourceFile | None:
        """The file that ``import dotted`` loads in ``importer``: from its own source root first, then from the others.

        None for modules that are not in the project, and for packages without ``__init__.py`` (see is_package).
        """
        place = self._locate(dotted, importer)
        path = None if place is None else self._tree.find(place)
        return self._by_path[path] if path else None

    def is_package(self, dotted: str, importer: SourceFile | None = None) -> bool:
        """Whether ``dotted`` is a package of the project for ``importer``, with or without ``__init__.py``."""
        place = self._locate(dotted, importer)
        return place is not None and (place in self._tree.packages or place not in self._tree.modules)

    def resolve_relative(self, importer: SourceFile, level: int, module: str) -> str | None:
        """The absolute name of ``from <level dots><module> import ...``; None beyond the top-level package."""
        parts = importer.module.split(".")
        keep = len(parts) - level + importer.is_package
        if keep < 1:
            return None
        return ".".join([*parts[:keep], module] if module else parts[:keep])

    @cached_property
    def _exempt(self) -> Callable[[str], bool]:
        return path_matcher(self.settings.exempt)

    def _locate(self, dotted: str, importer: SourceFile | None) -> str | None:
        """The place of ``dotted``. The first root that has its top-level package or module decides, as in Python."""
        top = dotted.partition(".")[0]
        if top not in self._tops:
            return None
        own = importer.root if importer else ""
        for root in self._search_path(own):
            if root.folder != own and top in sys.stdlib_module_names:
                continue
            place = _place(dotted, root)
            if place is not None and self._tree.has(place):
                return place
            if not root.prefix and self._tree.find(join(root.folder, top)):
                return None
        return None

    @cached_property
    def _tops(self) -> frozenset[str]:
        """What the names of all modules begin with. Most imports are of something else."""
        folders = {root.folder for root in self.roots if not root.prefix}
        places = (place.rpartition("/") for place in (*self._tree.modules, *self._tree.folders))
        prefixes = (root.prefix.partition(".")[0] for root in self.roots)
        return frozenset({name for folder, _, name in places if folder in folders}.union(prefixes))

    def _search_path(self, own: str) -> tuple[SourceRoot, ...]:
        if own not in self._search_paths:
            self._search_paths[own] = tuple(sorted(self.roots, key=lambda root: _remoteness(root, own)))
        return self._search_paths[own]


def _source_file(path: str, root: SourceRoot) -> SourceFile:
    folder, _, name = path.rpartition("/")
    inner = folder[len(root.folder) :].strip("/")
    is_package = stem(name) == "__init__" and bool(inner or root.prefix)
    parts = [root.prefix, inner.replace("/", "."), "" if is_package else stem(name)]
    return SourceFile(path, ".".join(part for part in parts if part), is_package, root.folder)


def _place(dotted: str, root: SourceRoot) -> str | None:
    """Where ``dotted`` would be below ``root``; None when the root does not offer that name."""
    if not root.prefix:
        return join(root.folder, dotted.replace(".", "/"))
    if dotted == root.prefix:
        return root.folder
    inner = dotted.removeprefix(root.prefix + ".")
    return None if inner == dotted else join(root.folder, inner.replace(".", "/"))


def _remoteness(root: SourceRoot, own: str) -> tuple[bool, bool, int, SourceRoot]:
    """Order of the search: installed names, the own root, then the roots that share most of the path."""
    shared = len(posixpath.commonpath(["/" + root.folder, "/" + own]))
    return not root.prefix, root.folder != own, -shared, root
