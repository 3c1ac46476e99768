"""Names that a module only hands on: where they really come from."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
from threadly_lint.skeleton.excerpt import word
from threadly_lint.skeleton.nodes import Assign, Class, Function, Name
from threadly_lint.values import ChangeImport


class Origin(Struct, frozen=True):
    """The module (by path) that defines a name, and what the name is there."""

    path: str
    name: str


def edits_past_reexports(graph: ImportGraph, step: tuple[ImportEdge, ...]) -> tuple[ChangeImport, ...]:
    """The edits that import all names of ``step``, edges between the same modules, from where they are defined.

    Nothing when one of them is defined in the imported module itself, when those of one statement are not all defined in
    one place, or when the new imports lead back all the same.
    """
    edits = []
    for edge in step:
        origins = {_origin_path(graph, edge, name) for name in edge.names}
        path = origins.pop() if len(origins) == 1 else ""
        if not path or _leads_to(graph, path, edge.importer, step):
            return ()
        edits.append(ChangeImport(edge.line, edge.names, graph.name(path)))
    return tuple(edits)


def _origin_path(graph: ImportGraph, edge: ImportEdge, name: str) -> str:
    """The module that really defines ``name``, if it can be imported from there under the same names; else empty."""
    origin = None if edge.is_whole else origin_of(graph, edge.imported, name)
    if origin is None or origin.name != name:
        return ""
    found = graph.project.find_module(graph.name(origin.path), graph.modules[edge.importer])
    return origin.path if found is not None and found.path == origin.path else ""


def _leads_to(graph: ImportGraph, start: str, goal: str, without: tuple[ImportEdge, ...]) -> bool:
    """Whether loading ``start`` loads ``goal``."""
    pending, seen = [start], {start}
    while pending:
        for edge in graph.edges_from(pending.pop()):
            if edge.kind in ("load", "conditional") and edge not in without and edge.imported not in seen:
                seen.add(edge.imported)
                pending.append(edge.imported)
    return goal in seen


def origin_of(graph: ImportGraph, path: str, name: str) -> Origin | None:
    """Where ``name`` comes from that the module ``path`` imports only to hand it on; None when it is its own."""
    origin = None
    seen = set()
    while path not in seen and not _defines(graph, path, name):
        seen.add(path)
        source = next(_sources(graph, path, name), None)
        if source is None:
            break
        path, name = source.path, source.name
        origin = source
    return origin


def _sources(graph: ImportGraph, path: str, name: str) -> Iterator[Origin]:
    for edge in graph.edges_from(path):
        if edge.kind == "load" and not edge.is_whole:
            for one in edge.statement.names:
                if (one.alias or one.name) == name and one.name in edge.names:
                    yield Origin(edge.imported, one.name)


def _defines(graph: ImportGraph, path: str, name: str) -> bool:
    if path.endswith("/") or name == "*":
        return False
    return any(
        statement.name == name
        if isinstance(statement, Function | Class)
        else isinstance(statement, Assign)
        and any(isinstance(one, Name) and one.id == name for one in statement.targets)
        for statement in graph.excerpt(path, word(name)).body
    )
