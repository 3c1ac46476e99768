"""Classes of the project: their bases, attributes and constructors, and what their instances hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import (
    built_in_functions,  # noqa: F401  (say what their calls mean)
    signatures,  # noqa: F401  (say what their calls mean)
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.nesting import clipped, is_within
from threadly_lint.program.interpreter.parameters import only_keeps
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.inheritance import linearised
from threadly_lint.program.symbols.names import Binding, Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


EMPTY_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol"})
"""Bases that have no attributes to speak of."""


class Hierarchy:
    """Questions about classes and their instances."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._members: dict[tuple[Class, str], Value] = {}
        self._mros: dict[Class, list[Class | str]] = {}
        self._stores: dict[object, dict[str, Value]] = {}

    def mro(self, info: Class) -> list[Class | str]:
        """The class, its bases and theirs, nearest first; library bases by dotted name (they answer for their own bases)."""
        found = self._mros.get(info)
        if found is None:
            self._mros[info] = [info]
            parents = [p for base in info.node.bases for p in self._base_classes(info, base)]
            own = [info.symbol] if info.module.is_sketch else []
            found = self._mros[info] = linearised(info, parents, self.mro, own, self.program.knowledge.is_subclass)
        return found

    def _base_classes(self, info: Class, base: n.Expr) -> Iterator[Class | str]:
        from threadly_lint.program.interpreter.expressions import evaluate

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
            return Activation(self.program, parent, dict(self.program.final_variables(parent)))
        if isinstance(parent, Class):
            return Activation(self.program, info.module.body, {}, class_scope=parent)
        body = self.program.bindings.body(info.module)
        body.revive()
        return body

    def own_class_attribute(self, info: Class, name: str) -> Value:
        """What the class body itself binds ``name`` to: functions unbound, decorated."""
        key = (info, name)
        if key not in self._members:
            self._members[key] = ()
            scope = Activation(self.program, info.module.body, {}, class_scope=info)
            bindings = info.scope.get(name, ())
            accessors = [b for b in bindings if isinstance(b.node, n.Function)]
            if len(accessors) == len(bindings) and len(accessors) > 1:
                bindings = accessors[:1] if self._is_accessor(info, accessors[-1]) else accessors[-1:]
            self._members[key] = self.program.bindings._bound_values(scope, name, bindings)
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
        from threadly_lint.program.interpreter.expressions import evaluate

        makers = [d.func if isinstance(d, n.Call) else d for d in info.node.decorators]
        makers += [k.value for k in info.node.keywords if k.name == "metaclass"]
        scope = self.scope_of(info)
        shapes = [x.shape for maker in makers for x in evaluate(scope, maker)]
        return [s.name if isinstance(s, t.Lib) else s.owner for s in shapes if isinstance(s, t.Lib | t.LibMethod)]

    def metaclasses(self, info: Class) -> tuple[Class, ...]:
        """Metaclasses with code that can be read, of the class and its bases."""
        from threadly_lint.program.interpreter.expressions import evaluate

        key = ("metaclasses", info)
        if key not in self.program.memo:
            classes = [c for c in self.mro(info) if isinstance(c, Class)]
            given = [(c, k.value) for c in classes for k in c.node.keywords if k.name == "metaclass"]
            shapes = [x.shape for c, expr in given for x in evaluate(self.scope_of(c), expr)]
            self.program.memo[key] = tuple(s.info for s in shapes if isinstance(s, t.ClassRef))
        return tuple(self.program.memo[key])

    def inherits(self, info: Class, *names: str) -> bool:
        """Whether a library class among ``names`` is an ancestor."""
        return any(
            self.program.knowledge.is_subclass(base, name) for base in self.library_bases(info) for name in names
        )

    def closed(self, info: Class) -> bool:
        """Whether all bases are known, so that a missing attribute is really missing."""
        return all(
            base in EMPTY_BASES
            or self.program.knowledge.class_of(base) is not None
            or self.program.sketches.knows(base)
            for base in self.library_bases(info)
        ) and not any(isinstance(b, n.Starred) for b in info.node.bases)

    def has_attribute(self, shape: t.Inst, name: str) -> bool:
        if any(key == f".{name}" for key, _ in shape.keywords):
            return True
        if any(isinstance(base, Class) and name in base.scope for base in self.mro(shape.info)):
            return True
        if any(name in base.names_stored for base in self.mro(shape.info) if isinstance(base, Class)):
            return True
        return any(self.program.knowledge.is_known(f"{base}.{name}") for base in self.library_bases(shape.info))

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
                is_running = self.program.runner.is_running(init)
                func = t.Func(init, (Atom(shape),))
                outcome = self.program.run(func, shape.args, keywords, generic=not given, patient=only_keeps(init))
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
        """What methods other than the constructor store under ``self.program.name``."""
        key = (info, name)
        if key not in self._stores:
            self._stores[key] = {}
            found: list[Value] = []
            for base in self.mro(info):
                if isinstance(base, Class) and name in base.names_stored:
                    for method in base.names_stored[name]:
                        func = t.Func(base.module.function(method, None, base), (Atom(t.Inst(info)),))
                        found.append(self.program.run(func, (), {}, generic=True).stores.get(name, ()))
            self._stores[key] = {name: t.join(*found)}
        return self._stores[key].get(name, ())

    def instances_of(self, classes: Value) -> Value:
        """Instances of classes, as ``except (A, B) as error`` binds them."""
        flat: list[Value] = []
        for atom in classes:
            items = atom.shape.items if isinstance(atom.shape, t.Seq) else None
            flat.append(t.join(*(self.program.libraries.instances(i) for i in items)) if items else ())
            if items is None:
                flat.append(self.program.libraries.instances((atom,)))
        return t.join(*flat)
