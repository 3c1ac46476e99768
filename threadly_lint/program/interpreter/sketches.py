"""Library code in outline, which is run like the project's own.

A *sketch* is a file ``knowledge/sketches/<library module>.sketch``: Python that shows what functions and classes of that module
do, cut down to what matters here. So base classes, mixins and decorators of a framework work together with the project's overrides
and ``super()`` calls as they do at run time. What a sketch does is reported where the project calls it.
"""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter.effects import Event, Frame, Inlined
from threadly_lint.program.symbols.names import SKETCH, Module
from threadly_lint.project.model import SourceFile

if TYPE_CHECKING:
    from threadly_lint.program.interpreter.activation import Activation
    from threadly_lint.program.interpreter.effects import Outcome
    from threadly_lint.program.interpreter.types import Proof, Value
    from threadly_lint.program.program import Program
    from threadly_lint.skeleton import nodes as n

SUFFIX = ".sketch"


class Sketches:
    """Finds definitions of library names; a module's sketch is read when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._modules: dict[str, Module] = {}

    @cached_property
    def _names(self) -> frozenset[str]:
        folder = files("threadly_lint.knowledge") / "sketches"
        return frozenset(f.name.removesuffix(SUFFIX) for f in folder.iterdir() if f.name.endswith(SUFFIX))

    def value(self, dotted: str) -> Value:
        """The sketched function or class of that (canonical) name; empty when there is none."""
        owner, _, name = dotted.rpartition(".")
        if owner not in self._names:
            return ()
        module = self._module(owner)
        return self.program.bindings.global_value(module, name) if self._defines(module, name) else ()

    def knows(self, dotted: str) -> bool:
        owner, _, name = dotted.rpartition(".")
        return owner in self._names and self._defines(self._module(owner), name)

    def _defines(self, module: Module, name: str) -> bool:
        return any(binding.alias is None for binding in module.scope.get(name, ()))

    def _module(self, name: str) -> Module:
        from threadly_lint.program.interpreter import (
            intrinsics,  # noqa: F401  (functions that only sketches call)
            permissions,  # noqa: F401  (functions that only sketches call)
        )
        from threadly_lint.skeleton.build import build_skeleton

        found = self._modules.get(name)
        if found is None:
            path = SKETCH + name
            source = (files("threadly_lint.knowledge") / "sketches" / f"{name}{SUFFIX}").read_bytes()
            found = self._modules[name] = Module(SourceFile(path, name, False, ""), build_skeleton(source, path))
        return found


def splice(a: Activation, outcome: Outcome, node: n.Node) -> None:
    """Let what a sketch did happen at ``node`` of the project function that runs."""
    assert a.state is not None
    _splice(a, outcome, node, a.state.auth, a.frame)


def _splice(a: Activation, outcome: Outcome, node: n.Node, auth: Proof, outer: Frame | None) -> None:
    frames: dict[int, Frame] = {}
    for event in outcome.events:
        frame = _graft(event.frame, outer, node, a, frames)
        here = auth | event.auth
        if isinstance(event, Event):
            if event.effect == "return":
                continue
            a.events.append(event.moved(node, a.function, here, frame))
        elif event.outcome.function.module.is_sketch:
            _splice(a, event.outcome, node, here, frame)
        else:
            place = a.place(node, event.outcome)
            a.events.append(Inlined(node, place, event.outcome, here, frame, event.label))


def _graft(
    frame: Frame | None, outer: Frame | None, node: n.Node, a: Activation, done: dict[int, Frame]
) -> Frame | None:
    """The constructs of a sketch, standing inside those of its caller."""
    if frame is None:
        return outer
    if id(frame) not in done:
        parent = _graft(frame.parent, outer, node, a, done)
        place = node if frame.kind == "with" else frame.node
        done[id(frame)] = Frame(frame.kind, place, a.function, parent, frame.side, frame.value)
    return done[id(frame)]
