"""Django's management commands: what an operator runs on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.entry.entry_points import EntryPoint, Mount
from threadly_lint.program.entry.registrations import calling, imports, subclasses
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

BASE = "django.core.management.base.BaseCommand"


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Each class in ``management/commands`` with a ``handle`` of its own or inherited from the project."""
    if not imports(program, "django"):
        return
    for info in subclasses(program, BASE):
        folder, _, name = info.module.name.rpartition(".")
        owner, value = program.hierarchy.class_attribute(info, "handle")
        if owner is None or not folder.endswith("management.commands"):
            continue
        for atom in value:
            if isinstance(atom.shape, t.Func):
                receiver: Value = (Atom(t.Inst(info)),)
                bound: Value = (Atom(atom.shape._replace(bound=receiver)),)
                call = calling(bound, (), {"**": t.ANYTHING}, atom.shape.info)
                mounts = (Mount(name, ()),)
                yield EntryPoint(
                    program, "command", "django", atom.shape.info, call, (), mounts, info.module.path, name=name
                )
