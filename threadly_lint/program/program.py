"""The project as one program. Every question is answered when it is asked, once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threadly_lint.knowledge import Knowledge, load_knowledge
from threadly_lint.program import built_in_functions, signatures  # noqa: F401  (say what their calls mean)
from threadly_lint.program import types as t
from threadly_lint.program.activation import Activation
from threadly_lint.program.annotations import annotated
from threadly_lint.program.behaviour import Behaviour
from threadly_lint.program.effects import Outcome
from threadly_lint.program.failures import Failures
from threadly_lint.program.inheritance import linearised
from threadly_lint.program.libraries import Libraries
from threadly_lint.program.models import Models
from threadly_lint.program.names import Binding, Class, Function, Module, calls_in
from threadly_lint.program.nesting import clipped, is_within
from threadly_lint.program.parameters import only_keeps
from threadly_lint.program.provided import MARKERS, provider_of
from threadly_lint.program.runner import Runner
from threadly_lint.program.serving import Serving
from threadly_lint.program.signals import Signals
from threadly_lint.program.sketches import Sketches
from threadly_lint.program.slots import Slots
from threadly_lint.program.types import Atom, Value
from threadly_lint.program.wrappers import apply_decorators, method_kind
from threadly_lint.project import Project, SourceFile
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry_points import EntryPoint
    from threadly_lint.program.imports import ImportGraph
    from threadly_lint.program.inference import Inference
    from threadly_lint.program.subjects import Subjects

EMPTY_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol"})
"""Bases that have no attributes to speak of."""


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
        self.memo: dict[object, Any] = {}
        self._globals: dict[tuple[str, str], Value] = {}
        self._members: dict[tuple[Class, str], Value] = {}
        self._mros: dict[Class, list[Class | str]] = {}
        self._kinds: dict[Function, str] = {}
        self._bodies: dict[str, Activation] = {}
        self._stores: dict[object, dict[str, Value]] = {}

    # Modules and names -----------------------------------------------------------------------------------------------------

    def module_of(self, file: SourceFile | None) -> Module | None:
        return self.modules.get(file.path) if file is not None else None

    def import_name(self, importer: Module, dotted: str) -> Value:
        """What ``import dotted`` gives as seen from a module: a module of the project or a library's."""
        top = dotted.partition(".")[0]
        if top in self.own_libraries and importer.name.partition(".")[0] != top:
            return self.library(dotted)
        module = self.module_of(self.project.find_module(dotted, importer.file))
        if module is not None:
            return (Atom(t.ModuleRef(module)),)
        if self.project.is_package(dotted, importer.file):
            return (Atom(t.Namespace(dotted, importer)),)
        beside = self.module_of(self._beside(importer, dotted))
        return (Atom(t.ModuleRef(beside)),) if beside is not None else self.library(dotted)

    def _beside(self, importer: Module, dotted: str) -> SourceFile | None:
        """The file next to a script inside a package that a plain ``import dotted`` means when nothing else has that name."""
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names or self.knowledge.root_known(top):
            return None
        near = self.project.resolve_relative(importer.file, 1, dotted)
        found = self.project.find_module(near, importer.file) if near else None
        return None if found is importer.file else found

    @cached_property
    def own_libraries(self) -> frozenset[str]:
        """Libraries that the project itself is: its demos and scripts use them like everybody else."""
        by_name = {module.name: module for module in self.modules.values()}
        found: dict[str, int] = {}
        for name in self.knowledge.class_names:
            owner, _, member = name.rpartition(".")
            if owner in by_name and member in by_name[owner].scope:
                top = owner.partition(".")[0]
                found[top] = found.get(top, 0) + 1
        return frozenset(top for top, classes in found.items() if classes > 2)

    def library(self, dotted: str) -> Value:
        """A library's name: its sketch where there is one."""
        name = self.knowledge.canonical(dotted)
        return self.sketches.value(name) or t.lib(name)

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
            source = self.project.resolve_relative(module.file, statement.level, statement.module)
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
        constant = self.knowledge.constant(f"{source}.{name}")
        if constant is not None:
            return t.const(constant)
        fact = self.knowledge.fact(f"{source}.{name}")
        if fact is None or fact.kind not in ("attribute", "accessor") or not fact.identity:
            return ()
        node = n.Name(n.NOWHERE, name)
        return self.libraries.member(self.body(module), t.lib(source)[0], source, name, node)

    def module_attribute(self, module: Module, name: str) -> Value:
        """``module.name``: a global of it, or a submodule."""
        found = self._global(module, name)
        if found:
            return found
        submodule = f"{module.name}.{name}" if module.name else name
        inner = self.module_of(self.project.find_module(submodule, module.file))
        if inner is not None and inner is not module:
            return (Atom(t.ModuleRef(inner)),)
        return t.ANYTHING

    def global_value(self, module: Module, name: str) -> Value:
        """A global name as code of the module sees it; built-ins last."""
        found = self._global(module, name)
        return found or t.lib(self.knowledge.canonical(name))

    def _global(self, module: Module, name: str) -> Value:
        key = (module.path, name)
        if key not in self._globals:
            self._globals[key] = ()
            bindings = module.scope.get(name, ())
            value = self._bound_values(self.body(module), name, bindings)
            if name in module.rebound and not any(isinstance(x.shape, t.Func | t.ClassRef | t.Wrapped) for x in value):
                self._globals[key] = t.join(value, t.unknown())
                value = t.join(value, self._rebindings(module, name))
            elif value and self.slots.set_from_outside(module, name):
                value = t.join(value, t.unknown())
            self._globals[key] = value or self._through_star(module, name)
        return self._globals[key]

    def _rebindings(self, module: Module, name: str) -> Value:
        """What functions put into a global name (``global engine``); literals among it are never the last word."""
        found = t.join(
            *(self.final_variables(f).get(name, ()) for f in module.functions() if name in f.globals_declared)
        )
        known = found and not any(isinstance(x.shape, t.Const) and not t.is_none(x) for x in found)
        return found if known else t.join(found, t.unknown())

    def _through_star(self, module: Module, name: str) -> Value:
        for statement in module.stars:
            source: str | None = statement.module
            if statement.level:
                source = self.project.resolve_relative(module.file, statement.level, statement.module)
            if not source:
                continue
            for atom in self.import_name(module, source):
                if isinstance(atom.shape, t.ModuleRef) and atom.shape.module is not module:
                    inner = atom.shape.module
                    exported = inner.exported
                    visible = name in exported if exported is not None else not name.startswith("_")
                    if visible and (found := self._global(inner, name)):
                        return found
                elif isinstance(atom.shape, t.Lib) and self.knowledge.is_known(f"{source}.{name}"):
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
        from threadly_lint.program.assignment import assign
        from threadly_lint.program.containers import element
        from threadly_lint.program.contexts import enter_context
        from threadly_lint.program.expressions import evaluate

        node = binding.node
        scope.revive()
        if isinstance(node, n.Import | n.ImportFrom) and binding.alias is not None:
            return self.imported(scope.module, node, binding.alias)[1]
        if isinstance(node, n.Function):
            info = scope.module.function(node, None, scope.class_scope)
            return self.decorated(info, scope, ())
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
            found = self._bodies[module.path] = Activation(self, module.body, {})
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

    # Classes -----------------------------------------------------------------------------------------------------------------

    def mro(self, info: Class) -> list[Class | str]:
        """The class, its bases and theirs, nearest first; library bases by dotted name (they answer for their own bases)."""
        found = self._mros.get(info)
        if found is None:
            self._mros[info] = [info]
            parents = [p for base in info.node.bases for p in self._base_classes(info, base)]
            own = [info.symbol] if info.module.is_sketch else []
            found = self._mros[info] = linearised(info, parents, self.mro, own, self.knowledge.is_subclass)
        return found

    def _base_classes(self, info: Class, base: n.Expr) -> Iterator[Class | str]:
        from threadly_lint.program.expressions import evaluate

        scope = self.scope_of(info)
        for atom in evaluate(scope, base):
            if isinstance(atom.shape, t.ClassRef):
                yield atom.shape.info
            elif isinstance(atom.shape, t.Lib):
                yield atom.shape.name
            elif isinstance(atom.shape, t.LibMethod):
                yield atom.shape.owner
            elif isinstance(atom.shape, t.Obj):
                yield atom.shape.name
            elif isinstance(atom.shape, t.Func):
                continue

    def scope_of(self, info: Class) -> Activation:
        """The scope around a class statement."""
        parent = info.parent
        if isinstance(parent, Function):
            return Activation(self, parent, dict(self.final_variables(parent)))
        if isinstance(parent, Class):
            return Activation(self, info.module.body, {}, class_scope=parent)
        body = self.body(info.module)
        body.revive()
        return body

    def own_class_attribute(self, info: Class, name: str) -> Value:
        """What the class body itself binds ``name`` to: functions unbound, decorated."""
        key = (info, name)
        if key not in self._members:
            self._members[key] = ()
            scope = Activation(self, info.module.body, {}, class_scope=info)
            bindings = info.scope.get(name, ())
            accessors = [b for b in bindings if isinstance(b.node, n.Function)]
            if len(accessors) == len(bindings) and len(accessors) > 1:
                bindings = accessors[:1] if self._is_accessor(info, accessors[-1]) else accessors[-1:]
            self._members[key] = self._bound_values(scope, name, bindings)
        return self._members[key]

    def _is_accessor(self, info: Class, binding: Binding) -> bool:
        node = binding.node
        return isinstance(node, n.Function) and any(
            isinstance(d, n.Attribute) and d.attr in ("setter", "deleter", "getter") for d in node.decorators
        )

    def class_attribute(self, info: Class, name: str) -> tuple[Class | None, Value]:
        """Where along the project part of the resolution order ``name`` is bound, and to what."""
        for base in self.mro(info):
            if isinstance(base, Class) and name in base.scope:
                return base, self.own_class_attribute(base, name)
        return None, ()

    def library_bases(self, info: Class) -> list[str]:
        return [b for b in self.mro(info) if isinstance(b, str)]

    def class_makers(self, info: Class) -> list[str]:
        """Library decorators and the metaclass that shape a class, by dotted name."""
        from threadly_lint.program.expressions import evaluate

        makers = [d.func if isinstance(d, n.Call) else d for d in info.node.decorators]
        makers += [k.value for k in info.node.keywords if k.name == "metaclass"]
        scope = self.scope_of(info)
        shapes = [x.shape for maker in makers for x in evaluate(scope, maker)]
        return [s.name if isinstance(s, t.Lib) else s.owner for s in shapes if isinstance(s, t.Lib | t.LibMethod)]

    def metaclasses(self, info: Class) -> tuple[Class, ...]:
        """Metaclasses with code that can be read, of the class and its bases."""
        from threadly_lint.program.expressions import evaluate

        key = ("metaclasses", info)
        if key not in self.memo:
            classes = [c for c in self.mro(info) if isinstance(c, Class)]
            given = [(c, k.value) for c in classes for k in c.node.keywords if k.name == "metaclass"]
            shapes = [x.shape for c, expr in given for x in evaluate(self.scope_of(c), expr)]
            self.memo[key] = tuple(s.info for s in shapes if isinstance(s, t.ClassRef))
        return tuple(self.memo[key])

    def inherits(self, info: Class, *names: str) -> bool:
        """Whether a library class among ``names`` is an ancestor."""
        return any(self.knowledge.is_subclass(base, name) for base in self.library_bases(info) for name in names)

    def closed(self, info: Class) -> bool:
        """Whether all bases are known, so that a missing attribute is really missing."""
        return all(
            base in EMPTY_BASES or self.knowledge.class_of(base) is not None or self.sketches.knows(base)
            for base in self.library_bases(info)
        ) and not any(isinstance(b, n.Starred) for b in info.node.bases)

    def has_attribute(self, shape: t.Inst, name: str) -> bool:
        if any(key == f".{name}" for key, _ in shape.keywords):
            return True
        if any(isinstance(base, Class) and name in base.scope for base in self.mro(shape.info)):
            return True
        if any(name in base.names_stored for base in self.mro(shape.info) if isinstance(base, Class)):
            return True
        return any(self.knowledge.is_known(f"{base}.{name}") for base in self.library_bases(shape.info))

    def constructor(self, info: Class) -> Function | None:
        owner, value = self.class_attribute(info, "__init__")
        if owner is None:
            return None
        return next((x.shape.info for x in value if isinstance(x.shape, t.Func)), None)

    def remembered_arguments(
        self, args: tuple[Value, ...], keywords: dict[str, Value], levels: int
    ) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
        """Constructor arguments as an instance keeps them: without what nests too deeply, or is too much to tell instances apart."""
        if all(is_within(v, levels) for v in (*args, *keywords.values())):
            return args, tuple(keywords.items())
        kept = (
            tuple(clipped(v, levels) for v in args),
            tuple((name, clipped(v, levels)) for name, v in keywords.items()),
        )
        return kept if all(is_within(v, levels) for v in (*kept[0], *(v for _, v in kept[1]))) else ((), ())

    def instance_stores(self, shape: t.Inst) -> dict[str, Value]:
        """What the constructor stores on ``self``, for these arguments."""
        key = (shape.info, shape.args, shape.keywords)
        if key not in self._stores:
            self._stores[key] = {}
            init = self.constructor(shape.info)
            if init is not None:
                keywords = {k: v for k, v in shape.keywords if not k.startswith(".")}
                given = shape.args or keywords or shape.keywords == t.AS_DEFAULT
                is_running = self.runner.is_running(init)
                func = t.Func(init, (Atom(shape),))
                outcome = self.run(func, shape.args, keywords, generic=not given, patient=only_keeps(init))
                self._stores[key] = outcome.stores
                if is_running:
                    return self._stores.pop(key)
            elif shape.args or shape.keywords:
                self._stores[key] = self._field_values(shape)
        return self._stores[key]

    def _field_values(self, shape: t.Inst) -> dict[str, Value]:
        """Dataclass-like: arguments fill the annotated fields in order."""
        fields = [
            s.targets[0].id
            for base in reversed(self.mro(shape.info))
            if isinstance(base, Class)
            for s in base.node.body
            if isinstance(s, n.Assign) and s.annotation is not None and isinstance(s.targets[0], n.Name)
        ]
        return {**dict(zip(fields, shape.args, strict=False)), **{k: v for k, v in shape.keywords if k in fields}}

    def method_stores(self, info: Class, name: str) -> Value:
        """What methods other than the constructor store under ``self.name``."""
        key = (info, name)
        if key not in self._stores:
            self._stores[key] = {}
            found: list[Value] = []
            for base in self.mro(info):
                if isinstance(base, Class) and name in base.names_stored:
                    for method in base.names_stored[name]:
                        func = t.Func(base.module.function(method, None, base), (Atom(t.Inst(info)),))
                        found.append(self.run(func, (), {}, generic=True).stores.get(name, ()))
            self._stores[key] = {name: t.join(*found)}
        return self._stores[key].get(name, ())

    def instances_of(self, classes: Value) -> Value:
        """Instances of classes, as ``except (A, B) as error`` binds them."""
        flat: list[Value] = []
        for atom in classes:
            items = atom.shape.items if isinstance(atom.shape, t.Seq) else None
            flat.append(t.join(*(self.libraries.instances(i) for i in items)) if items else ())
            if items is None:
                flat.append(self.libraries.instances((atom,)))
        return t.join(*flat)

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
            return self.own_class_attribute(function.owner, function.name)
        if function.parent is not None:
            found = self.final_variables(function.parent).get(function.name, ())
            if any(isinstance(x.shape, t.Func | t.Wrapped | t.Inst) for x in found):
                return found
            return (Atom(t.Func(function)),)
        return self.decorated(function, self.body(function.module), ())

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
        from threadly_lint.program.answered_errors import answered_statuses

        self.behaviour.exception_statuses.update(answered_statuses(self))
        return list(entry_points(self))

    @cached_property
    def imports(self) -> ImportGraph:
        """Which module imports which, and how."""
        from threadly_lint.program.imports import ImportGraph

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
