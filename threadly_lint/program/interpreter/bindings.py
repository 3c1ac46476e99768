"""What names of modules are bound to: their own definitions, imports, and what libraries provide."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import (
    built_in_functions,  # noqa: F401  (say what their calls mean)
    signatures,  # noqa: F401  (say what their calls mean)
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.annotations import annotated
from threadly_lint.program.interpreter.provided import MARKERS, provider_of
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Binding, Module
from threadly_lint.project import SourceFile
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


class Bindings:
    """Names of modules and their values."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._globals: dict[tuple[str, str], Value] = {}
        self._bodies: dict[str, Activation] = {}

    def module_of(self, file: SourceFile | None) -> Module | None:
        return self.program.modules.get(file.path) if file is not None else None

    def import_name(self, importer: Module, dotted: str) -> Value:
        """What ``import dotted`` gives as seen from a module: a module of the project or a library's."""
        top = dotted.partition(".")[0]
        if top in self.own_libraries and importer.name.partition(".")[0] != top:
            return self.library(dotted)
        module = self.module_of(self.program.project.find_module(dotted, importer.file))
        if module is not None:
            return (Atom(t.ModuleRef(module)),)
        if self.program.project.is_package(dotted, importer.file):
            return (Atom(t.Namespace(dotted, importer)),)
        beside = self.module_of(self.program._beside(importer, dotted))
        return (Atom(t.ModuleRef(beside)),) if beside is not None else self.library(dotted)

    @cached_property
    def own_libraries(self) -> frozenset[str]:
        """Libraries that the project itself is: its demos and scripts use them like everybody else."""
        by_name = {module.name: module for module in self.program.modules.values()}
        found: dict[str, int] = {}
        for name in self.program.knowledge.class_names:
            owner, _, member = name.rpartition(".")
            if owner in by_name and member in by_name[owner].scope:
                top = owner.partition(".")[0]
                found[top] = found.get(top, 0) + 1
        return frozenset(top for top, classes in found.items() if classes > 2)

    def library(self, dotted: str) -> Value:
        """A library's name: its sketch where there is one."""
        name = self.program.knowledge.canonical(dotted)
        return self.program.sketches.value(name) or t.lib(name)

    def imported(self, module: Module, statement: n.Import | n.ImportFrom, alias: n.Alias) -> tuple[str, Value]:
        """The name that one part of an import statement binds, and its value."""
        if isinstance(statement, n.Import):
            if alias.alias:
                return alias.alias, self.import_name(module, alias.name)
            top = alias.name.partition(".")[0]
            return top, self.import_name(module, top)
        name = alias.alias or alias.name
        return name, self._imported_from(module, statement, alias.name)

    def _imported_from(self, module: Module, statement: n.ImportFrom, name: str) -> Value:
        source: str | None = statement.module
        if statement.level:
            source = self.program.project.resolve_relative(module.file, statement.level, statement.module)
        if source is None:
            return t.ANYTHING
        value = self.import_name(module, source) if source else ()
        for atom in value:
            if isinstance(atom.shape, t.ModuleRef):
                return self.module_attribute(atom.shape.module, name)
        found = self.import_name(module, f"{source}.{name}" if source else name)
        return self._ready_made(module, source, name) or found if isinstance(found[0].shape, t.Lib) else found

    def _ready_made(self, module: Module, source: str, name: str) -> Value:
        """A constant or identity source that a library exports: what accessing it as an attribute gives."""
        constant = self.program.knowledge.constant(f"{source}.{name}")
        if constant is not None:
            return t.const(constant)
        fact = self.program.knowledge.fact(f"{source}.{name}")
        if fact is None or fact.kind not in ("attribute", "accessor") or not fact.identity:
            return ()
        node = n.Name(n.NOWHERE, name)
        return self.program.libraries.member(self.body(module), t.lib(source)[0], source, name, node)

    def module_attribute(self, module: Module, name: str) -> Value:
        """``module.name``: a global of it, or a submodule."""
        found = self._global(module, name)
        if found:
            return found
        submodule = f"{module.name}.{name}" if module.name else name
        inner = self.module_of(self.program.project.find_module(submodule, module.file))
        if inner is not None and inner is not module:
            return (Atom(t.ModuleRef(inner)),)
        return t.ANYTHING

    def global_value(self, module: Module, name: str) -> Value:
        """A global name as code of the module sees it; built-ins last."""
        found = self._global(module, name)
        return found or t.lib(self.program.knowledge.canonical(name))

    def _global(self, module: Module, name: str) -> Value:
        key = (module.path, name)
        if key not in self._globals:
            self._globals[key] = ()
            bindings = module.scope.get(name, ())
            value = self._bound_values(self.body(module), name, bindings)
            if name in module.rebound and not any(isinstance(x.shape, t.Func | t.ClassRef | t.Wrapped) for x in value):
                self._globals[key] = t.join(value, t.unknown())
                value = t.join(value, self._rebindings(module, name))
            elif value and self.program.slots.set_from_outside(module, name):
                value = t.join(value, t.unknown())
            self._globals[key] = value or self._through_star(module, name)
        return self._globals[key]

    def _rebindings(self, module: Module, name: str) -> Value:
        """What functions put into a global name (``global engine``); literals among it are never the last word."""
        found = t.join(
            *(self.program.final_variables(f).get(name, ()) for f in module.functions() if name in f.globals_declared)
        )
        known = found and not any(isinstance(x.shape, t.Const) and not t.is_none(x) for x in found)
        return found if known else t.join(found, t.unknown())

    def _through_star(self, module: Module, name: str) -> Value:
        for statement in module.stars:
            source: str | None = statement.module
            if statement.level:
                source = self.program.project.resolve_relative(module.file, statement.level, statement.module)
            if not source:
                continue
            for atom in self.import_name(module, source):
                if isinstance(atom.shape, t.ModuleRef) and atom.shape.module is not module:
                    inner = atom.shape.module
                    exported = inner.exported
                    visible = name in exported if exported is not None else not name.startswith("_")
                    if visible and (found := self._global(inner, name)):
                        return found
                elif isinstance(atom.shape, t.Lib) and self.program.knowledge.is_known(f"{source}.{name}"):
                    return self.library(f"{source}.{name}")
        return ()

    def _bound_values(self, scope: Activation, name: str, bindings: Iterable[Binding]) -> Value:
        values = [self._bound_value(scope, name, b) for b in bindings]
        defined = [v for v, b in zip(values, bindings, strict=True) if isinstance(b.node, n.Function | n.Class)]
        if defined and len(defined) == len(values):
            return t.join(*values[-2:])
        return t.join(*values)

    def _bound_value(self, scope: Activation, name: str, binding: Binding) -> Value:
        """What one binding gives a name, evaluated in its module or class."""
        from threadly_lint.program.interpreter.assignment import assign
        from threadly_lint.program.interpreter.containers import element
        from threadly_lint.program.interpreter.contexts import enter_context
        from threadly_lint.program.interpreter.expressions import evaluate

        node = binding.node
        scope.revive()
        if isinstance(node, n.Import | n.ImportFrom) and binding.alias is not None:
            return self.imported(scope.module, node, binding.alias)[1]
        if isinstance(node, n.Function):
            info = scope.module.function(node, None, scope.class_scope)
            return self.program.decorated(info, scope, ())
        if isinstance(node, n.Class):
            return (Atom(t.ClassRef(scope.module.class_(node, scope.class_scope))),)
        if isinstance(node, n.Assign):
            if node.value is None:
                return annotated(scope, node.annotation) if node.annotation is not None else ()
            target = next((x for x in node.targets if isinstance(x, n.Name) and x.id == name), None)
            value = evaluate(scope, node.value)
            if target is not None:
                return self._or_annotation(scope, node, value)
            for candidate in node.targets:
                assign(scope, candidate, value, node)
            return scope.take(name)
        if isinstance(node, n.For):
            assign(scope, node.target, element(scope, evaluate(scope, node.iterable)), node)
            return scope.take(name)
        if isinstance(node, n.WithItem) and node.target is not None:
            assign(scope, node.target, enter_context(scope, evaluate(scope, node.context), node)[0], node)
            return scope.take(name)
        if isinstance(node, n.AugAssign):
            return evaluate(scope, node.value)
        return ()

    def _or_annotation(self, scope: Activation, node: n.Assign, value: Value) -> Value:
        """The annotation tells more than an unknown value, and than the parameter that a class declares as a field."""
        if node.annotation is not None and scope.class_scope is not None and t.has_tag(value, "request"):
            return annotated(scope, node.annotation)
        if node.annotation is None or not all(isinstance(x.shape, t.Unknown) or t.is_none(x) for x in value):
            return value
        return t.join(value, annotated(scope, node.annotation))

    def body(self, module: Module) -> Activation:
        """An activation in which module-level expressions are evaluated."""
        found = self._bodies.get(module.path)
        if found is None:
            found = self._bodies[module.path] = Activation(self.program, module.body, {})
        return found

    def annotated(self, expr: n.Expr, a: Activation) -> Value:
        return annotated(a, expr)

    def generic(self, shape: t.Lib, key: Value) -> Value:
        """``Lib[key]``: metadata of ``Annotated`` is kept, other type arguments become the element."""
        if shape.name in ("typing.Annotated", "typing_extensions.Annotated"):
            items = key[0].shape.items if key and isinstance(key[0].shape, t.Seq) else None
            if items:
                rest: Value = (Atom(t.Seq("tuple", items[1:])),)
                return (Atom(t.Obj("typing.Annotated", items[0], None, (("metadata", rest),))),)
        if shape.name in MARKERS:
            return provider_of(key) or (Atom(shape),)
        if shape.name in ("typing.Optional", "typing.Union"):
            parts = key[0].shape.items if key and isinstance(key[0].shape, t.Seq) else (key,)
            return t.join(*(parts or ()), t.NONE if shape.name == "typing.Optional" else ())
        return (Atom(shape),)
