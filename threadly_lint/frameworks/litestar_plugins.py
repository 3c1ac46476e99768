"""What the project's own plugins of Litestar add to the application when it starts: ``on_app_init(self, app_config)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.frameworks.litestar_layers import Layer
from threadly_lint.frameworks.performed import noted
from threadly_lint.program.entry.registrations import items_of, subclasses
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threadly_lint.program.interpreter.effects import Outcome
    from threadly_lint.program.program import Program

PLUGIN, CONFIG, ON_INIT = "litestar.plugins.InitPluginProtocol", "litestar.config.app.AppConfig", "on_app_init"
ADDING = frozenset({"append", "extend", "insert", "add", "update"})


def plugged(program: Program) -> Layer | None:
    """All that plugins add, as a layer around the application's own; None when there is no plugin."""
    added: dict[str, list[Value]] = {}
    for outcome in _initialised(program):
        for registration in noted(program, outcome, ADDING):
            func = registration.node.func if isinstance(registration.node, n.Call) else None
            if isinstance(func, n.Attribute) and isinstance(func.value, n.Attribute):
                position = 1 if func.attr == "insert" else 0
                added.setdefault(func.value.attr, []).append(registration.argument(position))
    return Layer(lambda name: _together(added.get(name, []))) if added else None


def _initialised(program: Program) -> Iterator[Outcome]:
    for info in subclasses(program, PLUGIN):
        _, value = program.hierarchy.class_attribute(info, ON_INIT)
        for atom in value if not program.project.is_exempt(info.module.path) else ():
            if isinstance(atom.shape, t.Func):
                yield program.run(atom.shape, ((Atom(t.Inst(info)),), t.obj(CONFIG)), {})


def _together(values: list[Value]) -> Value:
    mappings = tuple(x for value in values for x in value if isinstance(x.shape, t.Map))
    if mappings or not values:
        return mappings
    return (Atom(t.Seq("list", tuple(item for value in values for item in items_of(value)))),)
