"""The project as one program. Every question is answered when it is asked, once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threadly_lint.knowledge import Knowledge, load_knowledge
from threadly_lint.program.interpreter import (
    built_in_functions,  # noqa: F401  (say what their calls mean)
    signatures,  # noqa: F401  (say what their calls mean)
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.behaviour import Behaviour
from threadly_lint.program.interpreter.bindings import Bindings
from threadly_lint.program.interpreter.effects import Outcome
from threadly_lint.program.interpreter.failures import Failures
from threadly_lint.program.interpreter.hierarchy import Hierarchy
from threadly_lint.program.interpreter.libraries import Libraries
from threadly_lint.program.interpreter.models import Models
from threadly_lint.program.interpreter.runner import Runner
from threadly_lint.program.interpreter.serving import Serving
from threadly_lint.program.interpreter.signals import Signals
from threadly_lint.program.interpreter.sketches import Sketches
from threadly_lint.program.interpreter.slots import Slots
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.wrappers import apply_decorators, method_kind
from threadly_lint.program.symbols.names import Class, Function, Module, calls_in
from threadly_lint.project import Project, SourceFile
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.imports.graph import ImportGraph
    from threadly_lint.program.inference import Inference
    from threadly_lint.program.subjects import Subjects


class Program:
    """All modules of a project, linked.

    ``project`` tells files and module names, ``skeletons`` maps each file's path to its skeleton. ``inference`` is asked
    about receivers that stay unknown.
    """

    def __init__(
        self,
        project: Project,
        skeletons: dict[str, n.Skeleton],
        knowledge: Knowledge | None = None,
        inference: Inference | None = None,
    ) -> None:
        self.inference = inference
        self.project = project
        self.skeletons = skeletons
        self.settings = project.settings
        self.knowledge = knowledge or load_knowledge()
        self.modules = {f.path: Module(f, skeletons[f.path]) for f in project.files if f.path in skeletons}
        self.libraries = Libraries(self)
        self.models = Models(self)
        self.failures = Failures(self)
        self.behaviour = Behaviour(self)
        self.slots = Slots(self)
        self.signals = Signals(self)
        self.sketches = Sketches(self)
        self.serving = Serving()
        self.runner = Runner(self)
        self.bindings = Bindings(self)
        self.hierarchy = Hierarchy(self)
        self.memo: dict[object, Any] = {}
        self._kinds: dict[Function, str] = {}

    def _beside(self, importer: Module, dotted: str) -> SourceFile | None:
        """The file next to a script inside a package that a plain ``import dotted`` means when nothing else has that name."""
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names or self.knowledge.root_known(top):
            return None
        near = self.project.resolve_relative(importer.file, 1, dotted)
        found = self.project.find_module(near, importer.file) if near else None
        return None if found is importer.file else found

    # Functions -------------------------------------------------------------------------------------------------------------

    def kind(self, function: Function) -> str:
        """``static``, ``class``, ``property`` or ``function``."""
        if function not in self._kinds:
            self._kinds[function] = "function"
            self._kinds[function] = method_kind(self, function)
        return self._kinds[function]

    def is_static_method(self, atom: Atom) -> bool:
        return isinstance(atom.shape, t.Func) and self.kind(atom.shape.info) == "static"

    def is_class_method(self, atom: Atom) -> bool:
        return isinstance(atom.shape, t.Func) and self.kind(atom.shape.info) == "class"

    def is_property(self, atom: Atom) -> bool:
        return isinstance(atom.shape, t.Func) and self.kind(atom.shape.info) == "property"

    def decorated(self, info: Function, scope: Activation, captured: tuple[tuple[str, Value], ...]) -> Value:
        """The value that a ``def`` statement binds: the function behind its decorators."""
        return apply_decorators(scope, info, (Atom(t.Func(info, (), captured)),))

    def function_value(self, function: Function) -> Value:
        """What the name of a function is bound to, decorators applied."""
        if function.owner is not None:
            return self.hierarchy.own_class_attribute(function.owner, function.name)
        if function.parent is not None:
            found = self.final_variables(function.parent).get(function.name, ())
            if any(isinstance(x.shape, t.Func | t.Wrapped | t.Inst) for x in found):
                return found
            return (Atom(t.Func(function)),)
        return self.decorated(function, self.bindings.body(function.module), ())

    def final_variables(self, function: Function) -> dict[str, Value]:
        """The variables of a function at its end, run without knowledge of its arguments: what nested functions see."""
        return self.runner.final_variables(t.Func(function, self._self_of(function)))

    def _self_of(self, function: Function) -> Value:
        if function.owner is None or self.kind(function) == "static":
            return ()
        if self.kind(function) == "class":
            return (Atom(t.ClassRef(function.owner)),)
        return (Atom(t.Inst(function.owner)),)

    def generic_outcome(self, function: Function) -> Outcome:
        """The function run by itself: its parameters are what their annotations and defaults say."""
        return self.run(t.Func(function, self._self_of(function)), (), {}, generic=True)

    def run(
        self,
        func: t.Func,
        args: tuple[Value, ...],
        keywords: dict[str, Value],
        *,
        generic: bool = False,
        patient: bool = False,
    ) -> Outcome:
        """Run a function abstractly; see ``Runner.run``."""
        return self.runner.run(func, args, keywords, generic=generic, patient=patient)

    @property
    def not_followed(self) -> list[Function]:
        """Functions that were called deeper down than calls are followed."""
        return sorted(self.runner.not_followed, key=lambda f: (f.path, f.span))

    @cached_property
    def entry_points(self) -> list[EntryPoint]:
        """Everything that the outside calls, framework by framework."""
        from threadly_lint.frameworks import entry_points
        from threadly_lint.program.entry.answered_errors import answered_statuses

        self.behaviour.exception_statuses.update(answered_statuses(self))
        return list(entry_points(self))

    @cached_property
    def imports(self) -> ImportGraph:
        """Which module imports which, and how."""
        from threadly_lint.program.imports.graph import ImportGraph

        return ImportGraph(self.project, self.skeletons)

    def each(self, subject: type) -> Iterable[Any]:
        """All subjects of one kind that a rule may subscribe to."""
        return self._subjects.each(subject)

    @cached_property
    def _subjects(self) -> Subjects:
        from threadly_lint.program.subjects import Subjects

        return Subjects(self)

    def calls_named(self, name: str) -> list[tuple[n.Call, Module, Function | None]]:
        """Calls ``name(...)`` and ``something.name(...)`` outside decorators, with the function around each."""
        return self._calls_by_name.get(name, [])

    @cached_property
    def _calls_by_name(self) -> dict[str, list[tuple[n.Call, Module, Function | None]]]:
        found: dict[str, list[tuple[n.Call, Module, Function | None]]] = {}
        for module in self.modules.values():
            for call, function in calls_in(module):
                func = call.func
                name = func.attr if isinstance(func, n.Attribute) else func.id if isinstance(func, n.Name) else ""
                found.setdefault(name, []).append((call, module, function))
        return found

    @cached_property
    def functions(self) -> list[Function]:
        """Every function of the project, module by module in source order."""
        return [f for module in self.modules.values() for f in module.functions()]

    @cached_property
    def classes(self) -> list[Class]:
        """Every class of the project, module by module."""
        return [c for module in self.modules.values() for c in module.classes()]
