"""Shared slots: what the project puts on objects that a library passes around (``g.user``, ``app["db"]``, ``request.state.x``).

Who writes runs before who reads, in another function; so a slot holds everything that is ever stored under its name on an object
of that library class, each value with what was proven where it was stored.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class, Function, Module

MAX_WRITERS = 12


class Slots:
    """Finds the functions that write a slot and runs them when it is read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._searched: set[tuple[str, str]] = set()
        self._frameworks = program.knowledge.roots_with("route") | program.knowledge.roots_with("route-register")

    def value(self, owner: str, key: str) -> Value:
        """What may be stored under ``key`` (a name, or ``['item']``) on objects of class ``owner`` of a web framework."""
        if owner.partition(".")[0] not in self._frameworks:
            return ()
        self._search(owner, key)
        stored = self.program.behaviour.slots
        known = self.program.knowledge.class_of(owner)
        return t.join(*(stored.get((base, key), ()) for base in (known.mro if known is not None else (owner,))))

    def placed(self, info: Class, key: str) -> Value:
        """What functions that are no methods of the class store under ``key`` on it, a base or an instance of them."""
        self._search(info.symbol, key)
        owners = (base if isinstance(base, str) else base.symbol for base in self.program.hierarchy.mro(info))
        return t.join(*(self.program.behaviour.slots.get((owner, key), ()) for owner in owners))

    def is_written(self, key: str) -> bool:
        """Whether some function or module of the project stores anything under ``key``."""
        return key in self._writers

    def write_by_modules(self, key: str) -> None:
        """Let modules store under ``key`` what they store when they are loaded."""
        for function in self._writers.get(key, ()):
            if function is function.module.body and (function.module.path, key) not in self._searched:
                self._searched.add((function.module.path, key))
                self.program.generic_outcome(function)

    def set_from_outside(self, module: Module, name: str) -> bool:
        """Whether a function of another module puts something else into a global (``settings.user = name``)."""
        exempt = self.program.project.is_exempt
        writers = (f for f in self._writers.get(name, ()) if f.module is not module and f is not f.module.body)
        return any(self._sets(f, module, name) for f in writers if not exempt(f.module.path))

    def _sets(self, function: Function, module: Module, name: str) -> bool:
        targets = (x for node in walk(function.node) if isinstance(node, n.Assign) for x in node.targets)
        owners = (
            x.value.id for x in targets if isinstance(x, n.Attribute) and x.attr == name and isinstance(x.value, n.Name)
        )
        found = (self.program.bindings.global_value(function.module, x) for x in owners if x in function.module.scope)
        return any(isinstance(x.shape, t.ModuleRef) and x.shape.module is module for value in found for x in value)

    def _search(self, owner: str, key: str) -> None:
        if (owner, key) not in self._searched:
            self._searched.add((owner, key))
            for function in self._writers.get(key, ())[:MAX_WRITERS]:
                self.program.generic_outcome(function)

    @cached_property
    def _writers(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = {}
        for function in self.program.functions:
            if isinstance(function.node, n.Function):
                for key in dict.fromkeys(_written(function.node)):
                    found.setdefault(key, []).append(function)
        for module in self.program.modules.values():
            for key in dict.fromkeys(k for s in module.skeleton.body for k in _targets(s)):
                found.setdefault(key, []).append(module.body)
        return found


def _written(function: n.Function) -> list[str]:
    return [key for node in walk(function) for key in _targets(node)]


def _targets(node: n.Node) -> list[str]:
    if isinstance(node, n.Call):
        return _set_by_name(node)
    if not isinstance(node, n.Assign):
        return []
    found = []
    for target in node.targets:
        if isinstance(target, n.Attribute):
            found.append(target.attr)
        elif isinstance(target, n.Subscript) and isinstance(target.index, n.Constant) and target.index.kind == "str":
            found.append(f"[{target.index.value!r}]")
    return found


def _set_by_name(call: n.Call) -> list[str]:
    """``setattr(function, "is_public", True)``."""
    name = call.args[1] if len(call.args) == 3 and isinstance(call.func, n.Name) and call.func.id == "setattr" else None
    return [str(name.value)] if isinstance(name, n.Constant) and name.kind == "str" else []
