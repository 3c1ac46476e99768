"""Django: URL configurations lead to function views and class views, behind the settings' middleware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threadly_lint.frameworks.base import imports
from threadly_lint.frameworks.django_middleware import steps_around
from threadly_lint.frameworks.django_settings import Settings, all_settings
from threadly_lint.frameworks.django_urls import Pattern, Urls
from threadly_lint.frameworks.django_views import Handler, handlers
from threadly_lint.program.entry_points import EntryPoint, Mount, Step

if TYPE_CHECKING:
    from threadly_lint.program.names import Module
    from threadly_lint.program.program import Program


@dataclass(eq=False)
class Reached:
    """A handler and every pattern that leads to it."""

    handler: Handler
    mounts: list[Mount] = field(default_factory=list)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every handler, with one mount for each pattern that leads to it from a root URL configuration."""
    if not imports(program, "django"):
        return
    reached: dict[object, Reached] = {}
    for pattern, settings in all_patterns(program):
        for handler in pattern_handlers(program, pattern):
            key = (handler.function, handler.methods, handler.info)
            found = reached.setdefault(key, Reached(handler))
            found.mounts.append(mount(pattern, handler, settings))
    for found in reached.values():
        yield entry_point(program, found)


def all_patterns(program: Program) -> Iterator[tuple[Pattern, Settings | None]]:
    """Patterns below each root; where no settings name a root, every configuration that no other includes is one."""
    roots = all_settings(program)
    urls = Urls(program)
    for root, settings in roots:
        for pattern in urls.patterns(root):
            yield pattern, settings
    if roots:
        return
    configurations = [m for m in program.modules.values() if _is_configuration(program, m)]
    found = {m: list(urls.patterns(m)) for m in configurations}
    for module, patterns in found.items():
        if module not in urls.included:
            yield from ((pattern, None) for pattern in patterns)


def _is_configuration(program: Program, module: Module) -> bool:
    return "urlpatterns" in module.scope and not program.project.is_exempt(module.path)


def pattern_handlers(program: Program, pattern: Pattern) -> Iterator[Handler]:
    yield from handlers(program, pattern.view)


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
        program, "http", handler.framework, handler.function, first, handler.methods, tuple(found.mounts), group
    )  # fmt: skip
