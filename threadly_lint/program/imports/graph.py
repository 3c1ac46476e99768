"""Who imports whom: one exact graph of all files, drawn from import statements alone.

A module is known by the path of its file, so the same dotted name in two services stays two modules. A package without
``__init__.py`` is a module too, known by its folder (``shop/plugins/``). ``import a.b`` also loads ``a``; that
is no edge, because a package that is still loading hinders nobody who wants one of its modules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple

import msgspec
from msgspec import Struct

from threadly_lint.project import Project, SourceFile
from threadly_lint.skeleton.import_statements import ImportKind, ImportStatement, import_statements
from threadly_lint.skeleton.nodes import Skeleton
from threadly_lint.values import Span


class ImportEdge(Struct, frozen=True):
    """One statement that makes the module ``importer`` depend on the module ``imported``; both are paths.

    ``names`` are the names that it takes from there, as the statement spells them; with ``is_whole`` they mean the
    module itself. One statement can be several edges.
    """

    importer: str
    imported: str
    statement: ImportStatement
    names: tuple[str, ...]
    is_whole: bool

    @property
    def path(self) -> str:
        """The file with the statement."""
        return self.importer

    @property
    def span(self) -> Span:
        """The whole statement."""
        return Span(*self.statement.span)

    @property
    def symbol(self) -> str:
        """The dotted name of the function or class around the statement; empty at module level."""
        return self.statement.symbol

    @property
    def kind(self) -> ImportKind:
        """When the import happens."""
        return self.statement.kind

    @property
    def line(self) -> int:
        """The line on which the statement begins."""
        return self.statement.span[0]

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """Order by place, then by what is imported."""
        line, column = self.statement.span[:2]
        return self.importer, line, column, self.imported


class LooseImport(Struct, frozen=True):
    """An import that no file of the project answers; ``name`` is the dotted name with the imported name at its end."""

    importer: str
    name: str
    statement: ImportStatement


class ImportGraph:
    """All imports of a project: ``modules`` by path, ``edges`` and other imports in the order of their places.

    ``external`` are imports from outside the project, ``missing`` those of project modules that do not exist.
    ``skeletons`` may be imports-only ones; then ``whole`` returns the full skeleton of a path, and ``excerpt`` one in
    which statements may be missing that have nothing like a pattern.
    """

    def __init__(
        self,
        project: Project,
        skeletons: Mapping[str, Skeleton],
        whole: Callable[[str], Skeleton] | None = None,
        excerpt: Callable[[str, str], Skeleton] | None = None,
    ) -> None:
        resolver = _Resolver(project)
        for file in project.files:
            for statement in _statements(file, skeletons.get(file.path)):
                resolver.follow(file, statement)
        self.project = project
        self.skeletons = skeletons
        self.whole = cache(whole or skeletons.__getitem__)
        self.excerpt = cache(excerpt or (lambda path, pattern: skeletons[path]))
        self.modules = {file.path: file for file in (*project.files, *resolver.namespaces)}
        self.edges = tuple(resolver.edges)
        self.external = tuple(resolver.external)
        self.missing = tuple(resolver.missing)

    def name(self, path: str) -> str:
        """The dotted name of a module."""
        return self.modules[path].module

    def between(self, importer: str, imported: str) -> tuple[ImportEdge, ...]:
        """All edges from one module to another, in the order of their places."""
        return tuple(edge for edge in self._by_importer[importer] if edge.imported == imported)

    def edges_from(self, importer: str) -> tuple[ImportEdge, ...]:
        """All edges that start in a module, in the order of their places."""
        return tuple(self._by_importer[importer])

    def edges_to(self, imported: str) -> tuple[ImportEdge, ...]:
        """All edges that end in a module, in the order of their places."""
        return tuple(self._by_imported[imported])

    def silences(self, edge: ImportEdge, code: str) -> bool:
        """Whether a comment at the statement, or for its whole file, suppresses ``code``."""
        for directive in self.skeletons[edge.importer].directives:
            reaches = directive.kind == "noqa-file" or (
                directive.kind in ("noqa", "ignore") and directive.span[0] == edge.line
            )
            if reaches and (any(map(code.startswith, directive.codes)) or not directive.codes):
                return True
        return False

    @cached_property
    def _by_importer(self) -> defaultdict[str, list[ImportEdge]]:
        found = defaultdict(list)
        for edge in self.edges:
            found[edge.importer].append(edge)
        return found

    @cached_property
    def _by_imported(self) -> defaultdict[str, list[ImportEdge]]:
        found = defaultdict(list)
        for edge in self.edges:
            found[edge.imported].append(edge)
        return found


def _statements(file: SourceFile, skeleton: Skeleton | None) -> Iterator[ImportStatement]:
    """A file's import statements; a stub is read by type checkers only."""
    for statement in import_statements(skeleton) if skeleton else ():
        yield msgspec.structs.replace(statement, kind="type-checking") if file.is_stub else statement


class _Meaning(NamedTuple):
    """What one way to spell an import means below one source root: the imported modules, sorted by their paths, with
    the names taken from each; and the full names that no file answers, those of project modules apart."""

    targets: tuple[tuple[str, tuple[tuple[str, ...], bool]], ...]
    external: tuple[str, ...]
    missing: tuple[str, ...]


class _Resolver:
    """Finds the modules that import statements mean. What is spelled alike below one source root is found once."""

    def __init__(self, project: Project) -> None:
        self.namespaces = tuple(_namespaces(project))
        self.edges: list[ImportEdge] = []
        self.external: list[LooseImport] = []
        self.missing: list[LooseImport] = []
        self._project = project
        self._namespaces_by_name: defaultdict[str, list[SourceFile]] = defaultdict(list)
        for namespace in self.namespaces:
            self._namespaces_by_name[namespace.module].append(namespace)
        self._found: dict[tuple[str, str], SourceFile | None] = {}
        self._meanings: dict[tuple[str, str | None, bool, tuple[str, ...]], _Meaning] = {}

    def follow(self, file: SourceFile, statement: ImportStatement) -> None:
        """Note what ``statement`` in ``file`` imports; nothing when its dots lead out of the source root."""
        base, level, path = statement.module, statement.level, file.path
        if level:
            base = self._project.resolve_relative(file, level, base or "")
            if base is None:
                return
        names = tuple([alias.name for alias in statement.names])
        key = (file.root, base, level > 0, names)
        meaning = self._meanings.get(key) or self._meanings.setdefault(key, self._meaning(file, base, names, level > 0))
        self.edges += [ImportEdge(path, target, statement, *how) for target, how in meaning.targets]
        self.external += [LooseImport(path, name, statement) for name in meaning.external]
        self.missing += [LooseImport(path, name, statement) for name in meaning.missing]

    def _meaning(self, file: SourceFile, base: str | None, names: tuple[str, ...], is_relative: bool) -> _Meaning:
        targets: dict[tuple[str, bool], list[str]] = {}
        external, missing = [], []
        for name in names:
            dotted = name if base is None else f"{base}.{name}"
            whole = self._find(dotted, file)
            target = whole or self._find(dotted.rpartition(".")[0], file)
            if target is not None:
                targets.setdefault((target.path, whole is not None), []).append(name)
            elif is_relative or self._find(dotted.partition(".")[0], file):
                missing.append(dotted)
            else:
                external.append(dotted)
        ordered = sorted(targets.items(), key=lambda item: item[0][0])
        return _Meaning(
            tuple((path, (tuple(names), is_whole)) for (path, is_whole), names in ordered),
            tuple(external),
            tuple(missing),
        )

    def _find(self, dotted: str, importer: SourceFile) -> SourceFile | None:
        """The module that ``dotted`` is for files below the source root of ``importer``."""
        key = (importer.root, dotted)
        if key not in self._found:
            self._found[key] = self._look_up(dotted, importer) if dotted else None
        return self._found[key]

    def _look_up(self, dotted: str, importer: SourceFile) -> SourceFile | None:
        found = self._project.find_module(dotted, importer)
        if found is not None or not self._project.is_package(dotted, importer):
            return found
        candidates = self._namespaces_by_name[dotted]
        return next((one for one in candidates if one.root == importer.root), next(iter(candidates), None))


def _namespaces(project: Project) -> Iterator[SourceFile]:
    """The packages without ``__init__.py``, as files with the path of their folder."""
    known = {(file.root, file.module) for file in project.files}
    for file in project.files:
        module, folder = file.module, file.path.rpartition("/")[0]
        if file.is_package:
            folder = folder.rpartition("/")[0]
        while (module := module.rpartition(".")[0]) and (file.root, module) not in known:
            known.add((file.root, module))
            yield SourceFile(f"{folder}/", module, True, file.root)
            folder = folder.rpartition("/")[0]
