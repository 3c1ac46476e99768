"""Endpoints by the object that they are registered on, for findings that concern all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.program.entry.registrations import identity
from threadly_lint.program.symbols.names import Module
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

ROUTE_TABLE = "urlpatterns"


@dataclass(frozen=True, eq=False)
class Router:
    """An application, router, blueprint or URL configuration, where it is made, and its endpoints."""

    path: str
    span: Span
    symbol: str
    endpoints: tuple[EntryPoint, ...]


def routers(program: Program, endpoints: Iterable[EntryPoint]) -> Iterator[Router]:
    """The routers of these endpoints; endpoints whose router cannot be placed stand together at the first of them."""
    groups: dict[object, list[EntryPoint]] = {}
    for endpoint in endpoints:
        groups.setdefault(_key(endpoint), []).append(endpoint)
    for members in groups.values():
        yield _router(program, tuple(members))


def place_of(program: Program, endpoint: EntryPoint) -> EntryPoint | Router:
    """Where a finding about an endpoint belongs: at its handler, or at the mount when a library wrote it."""
    return _router(program, (endpoint,)) if endpoint.function.module.is_sketch else endpoint


def one_per_handler(endpoints: Iterable[EntryPoint]) -> Iterator[EntryPoint]:
    """The first endpoint of each handler, however often it is registered."""
    seen = set()
    for endpoint in endpoints:
        if endpoint.function not in seen:
            seen.add(endpoint.function)
            yield endpoint


def _key(endpoint: EntryPoint) -> object:
    if endpoint.router is not None:
        return identity(endpoint.router)
    return endpoint.mounts[0].owner if endpoint.mounts else endpoint.group


def _router(program: Program, endpoints: tuple[EntryPoint, ...]) -> Router:
    endpoint = endpoints[0]
    made = getattr(endpoint.router.shape, "made", None) if endpoint.router is not None else None
    if made is not None:
        return Router(made.module.path, Span(*made.call.span), made.module.name, endpoints)
    table = program.modules.get(endpoint.mounts[0].owner) if endpoint.mounts else None
    if table is not None and (span := _bound(table, ROUTE_TABLE)) is not None:
        return Router(table.path, span, table.name, endpoints)
    return Router(endpoint.path, endpoint.span, endpoint.symbol, endpoints)


def _bound(module: Module, name: str) -> Span | None:
    """Where a module first binds a name."""
    binding = next(iter(module.scope.get(name, ())), None)
    return Span(*binding.node.span) if binding is not None else None


def is_usual(program: Program, lacking: int, total: int) -> bool:
    """Whether so many of all lack something that one finding says it for them together."""
    settings = program.settings
    return lacking >= settings.summary_count and lacking >= settings.majority_share * total
