"""Django: URL configurations lead to function views and class views, behind the settings' middleware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threadly_lint.frameworks.django_middleware import steps_around
from threadly_lint.frameworks.django_urls import Pattern, Urls
from threadly_lint.frameworks.django_views import Handler, handlers
from threadly_lint.frameworks.drf import is_router, router_patterns
from threadly_lint.program.entry.django_settings import Settings, all_settings
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Step
from threadly_lint.program.entry.registrations import imports
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Module


@dataclass(eq=False)
class Reached:
    """A handler with its methods, and every pattern that leads to it, method by method."""

    handler: Handler
    methods: dict[str, None] = field(default_factory=dict)
    mounts: list[Mount] = field(default_factory=list)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every handler, with one mount for each pattern that leads to it from a root URL configuration."""
    if not imports(program, "django"):
        return
    reached: dict[object, Reached] = {}
    for mounted, settings in all_patterns(program):
        for pattern in expanded(program, mounted):
            for handler in handlers(program, pattern.view):
                found = reached.setdefault((handler.function, handler.info), Reached(handler))
                found.methods |= dict.fromkeys(handler.methods)
                found.mounts.append(mount(pattern, handler, settings))
    for found in reached.values():
        yield entry_point(program, found)


def all_patterns(program: Program) -> list[tuple[Pattern, Settings | None]]:
    """Patterns below each root; where no settings name a root, every configuration that no other includes is one."""
    key = "django patterns"
    if key not in program.memo:
        program.memo[key] = list(_all_patterns(program))
    found: list[tuple[Pattern, Settings | None]] = program.memo[key]
    return found


def _all_patterns(program: Program) -> Iterator[tuple[Pattern, Settings | None]]:
    known = all_settings(program)
    urls = Urls(program)
    for root, settings in known:
        if root is not None:
            yield from ((pattern, settings) for pattern in urls.patterns(root))
    if any(root is not None for root, _ in known):
        return
    loose = next((settings for _, settings in known), None)
    configurations = [m for m in program.modules.values() if _is_configuration(program, m)]
    found = {m: list(urls.patterns(m)) for m in configurations}
    for module, patterns in found.items():
        if module not in urls.included:
            yield from ((pattern, loose) for pattern in patterns)


def mounted_objects(program: Program) -> Iterator[tuple[Atom, Pattern, Settings | None]]:
    """Objects whose ``urls`` a pattern mounts: routers, APIs."""
    for pattern, settings in all_patterns(program):
        for atom in pattern.view:
            if isinstance(atom.shape, t.LibMethod):
                yield atom.shape.receiver, pattern, settings


def _is_configuration(program: Program, module: Module) -> bool:
    return "urlpatterns" in module.scope and not program.project.is_exempt(module.path)


def expanded(program: Program, pattern: Pattern) -> Iterator[Pattern]:
    """The pattern itself, or all patterns of the router that it mounts."""
    routers = [x.shape.receiver for x in pattern.view if isinstance(x.shape, t.LibMethod)]
    if not routers:
        yield pattern
    for router in routers:
        if is_router(program, router):
            yield from router_patterns(program, router, pattern)


def mount(pattern: Pattern, handler: Handler, settings: Settings | None) -> Mount:
    """A way through the middleware to the view."""
    around = steps_around(settings) if settings is not None else []
    steps: tuple[Step, ...] = tuple(make(pattern, handler) for make in around)
    return Mount(pattern.path, steps, pattern.owner, pattern.conditional, handler.calling(pattern))


def entry_point(program: Program, found: Reached) -> EntryPoint:
    handler = found.handler
    first = found.mounts[0].call
    assert first is not None
    group = handler.info.symbol if handler.info is not None else handler.function.path
    return EntryPoint(
        program, "http", handler.framework, handler.function, first, tuple(found.methods), tuple(found.mounts), group
    )  # fmt: skip
