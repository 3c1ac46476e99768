"""Names that a module only hands on: where they really come from."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from threadly_lint.program.imports import ImportGraph
from threadly_lint.skeleton.nodes import Assign, Class, Function, Name


class Origin(Struct, frozen=True):
    """The module (by path) that defines a name, and what the name is there."""

    path: str
    name: str


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
    if path.endswith("/"):
        return False
    return any(
        statement.name == name
        if isinstance(statement, Function | Class)
        else isinstance(statement, Assign) and any(isinstance(one, Name) and one.id == name for one in statement.targets)
        for statement in graph.whole(path).body
    )
