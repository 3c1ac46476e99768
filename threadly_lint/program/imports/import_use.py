"""What a module needs its imports for: to be loaded, in functions only, in annotations only."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from threadly_lint.program.imports.annotation_readers import find_reader
from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
from threadly_lint.program.symbols.mentions import mentions_in
from threadly_lint.skeleton.excerpt import word
from threadly_lint.skeleton.nodes import Attribute
from threadly_lint.skeleton.walk import walk


class ImportUse(Struct, frozen=True):
    """How the names of an import are used. ``load`` also stands for names without any use, and for such as other
    modules take from here.

    ``obstacle`` says why an import for annotations cannot be left to type checkers; empty when it can.
    """

    need: Literal["annotations", "functions", "both", "load"]
    obstacle: str = ""


def use_of(graph: ImportGraph, edge: ImportEdge) -> ImportUse:
    """How the importing module uses what it imports through a module-level ``edge``."""
    names = bound_names(edge)
    if "*" in names or _is_taken_elsewhere(graph, edge, names):
        return ImportUse("load")
    mentions = mentions_in(graph.excerpt(edge.importer, "|".join(map(word, names))).body)
    moments = {mention.moment for name in names for mention in mentions.get(name, ())}
    if "load" in moments or not all(name in mentions for name in names) or _is_read_elsewhere(graph, edge, names):
        return ImportUse("load")
    if "function" not in moments:
        return ImportUse("annotations", _obstacle(graph, edge.importer, names))
    return ImportUse("functions" if moments == {"function"} else "both")


def bound_names(edge: ImportEdge) -> tuple[str, ...]:
    """The names that the importing module has afterwards; ``a`` for ``import a.b``."""
    is_from = edge.statement.module is not None
    return tuple(
        one.alias or (one.name if is_from else one.name.partition(".")[0])
        for one in edge.statement.names
        if one.name in edge.names
    )


def _is_taken_elsewhere(graph: ImportGraph, edge: ImportEdge, names: tuple[str, ...]) -> bool:
    """Whether another module imports one of ``names`` from the importing module; no file is looked at for that."""
    return any("*" in one.names or not set(names).isdisjoint(one.names) for one in graph.edges_to(edge.importer))


def _is_read_elsewhere(graph: ImportGraph, edge: ImportEdge, names: tuple[str, ...]) -> bool:
    """Whether a module that imports the importing module as a whole reads one of ``names`` from it."""
    module = graph.name(edge.importer).rpartition(".")[2]
    readers = (
        one.importer
        for one in graph.edges_to(edge.importer)
        if module in (name.rpartition(".")[2] for name in one.names)
    )
    return any(_reads_attribute(graph, path, names) for path in readers)


def _reads_attribute(graph: ImportGraph, path: str, names: tuple[str, ...]) -> bool:
    body = graph.excerpt(path, rf"\.\s*(?:{'|'.join(names)})\b").body
    return any(isinstance(node, Attribute) and node.attr in names for node in walk(*body))


def _obstacle(graph: ImportGraph, path: str, names: tuple[str, ...]) -> str:
    """Who may read the annotations that mention ``names``; where all annotations of the file would have to be
    postponed, any."""
    mentions = mentions_in(graph.whole(path).body)
    used = [mention for name in names for mention in mentions[name]]
    if not all(mention.is_quoted for mention in used) and not _postpones_annotations(graph, path):
        used = [mention for found in mentions.values() for mention in found if mention.moment == "annotation"]
    distinct = {(id(mention.holder), id(mention.owner)): mention for mention in used}.values()
    readers = (find_reader(graph, path, mention) for mention in distinct)
    return next((reader for reader in readers if reader), "")


def _postpones_annotations(graph: ImportGraph, path: str) -> bool:
    return any(one.name == "__future__.annotations" and one.importer == path for one in graph.external)
