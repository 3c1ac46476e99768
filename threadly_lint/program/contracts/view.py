"""The import graph under the dotted names that one settings file uses, as grimp's algorithms want it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.contracts.names import Naming
from threadly_lint.program.imports.graph import ImportEdge, ImportGraph, LooseImport
from threadly_lint.skeleton.import_statements import ImportKind

if TYPE_CHECKING:
    import grimp

Link = ImportEdge | LooseImport


class View:
    """Modules under dotted names, and the imports between them that are of one of ``kinds``.

    ``outside`` gives the name under which an import of anything without a name takes part, from the full dotted name of
    what is imported; empty when it takes no part.
    """

    def __init__(
        self,
        graph: ImportGraph,
        naming: Naming,
        kinds: frozenset[ImportKind],
        outside: Callable[[str], str],
    ) -> None:
        self.paths = {name: path for path, name in naming.names.items()}
        self.project_graph = graph
        self._naming = naming
        self._kinds = kinds
        self._outside = outside

    def graph(self) -> grimp.ImportGraph:
        """A graph of its own for each caller, who may take imports out."""
        return deepcopy(self._graph)

    def links(self, importer: str, imported: str) -> tuple[Link, ...]:
        """The statements behind an import, in the order of their places."""
        return tuple(self._links[importer, imported])

    @cached_property
    def external(self) -> frozenset[str]:
        """The names that do not belong to the project."""
        return frozenset(imported for _, imported in self._links if imported not in self.paths)

    @cached_property
    def _links(self) -> defaultdict[tuple[str, str], list[Link]]:
        links: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
        whole = self.project_graph
        statements: tuple[Link, ...] = (*whole.edges, *whole.external, *whole.missing)
        for link in statements:
            importer, imported = self._naming.names.get(link.importer), self._imported(link)
            if importer and imported and link.statement.kind in self._kinds:
                links[importer, imported].append(link)
        return links

    def _imported(self, link: Link) -> str:
        if isinstance(link, LooseImport):
            return self._outside(link.name)
        if name := self._naming.names.get(link.imported):
            return name
        hidden = self._naming.hidden.get(link.imported)
        if hidden and link.is_whole and (home := hidden.rpartition(".")[0]) in self.paths:
            return home
        return self._outside(hidden or self.project_graph.name(link.imported))

    @cached_property
    def _graph(self) -> grimp.ImportGraph:
        import grimp

        graph = grimp.ImportGraph()
        for name in sorted(self.paths):
            graph.add_module(name)
        for importer, imported in sorted(self._links):
            if imported not in self.paths:
                graph.add_module(imported, is_squashed=self._naming.is_partial)
            graph.add_import(importer=importer, imported=imported)
        return graph
