"""Where GraphQL libraries keep root fields: Graphene classes, Strawberry types, Ariadne's bindable objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.performed import performed
from threadly_lint.program.entry.registrations import (
    decorator_registrations,
    handler_behind,
    items_of,
    made_with,
    registered_value,
    scope_in,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import arguments
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

MUTATIONS = ("graphene.Mutation", "graphene.relay.ClientIDMutation")
MUTATE = ("mutate_and_get_payload", "mutate")
OPERATIONS = {"query": "query", "mutation": "mutation", "subscription": "subscription"}
ARIADNE_TYPES = {
    "ariadne.QueryType": "query",
    "ariadne.MutationType": "mutation",
    "ariadne.SubscriptionType": "subscription",
}


class Resolver(NamedTuple):
    """One root field: ``call`` runs its resolver with ``(program, info)``; ``guards`` are its permission classes."""

    operation: str
    name: str
    function: Function
    value: Value
    owner: Class | None = None
    permissions: Value = ()
    middleware: Value = ()


def resolvers(program: Program) -> Iterator[Resolver]:
    """Every root field with a resolver of the project."""
    yield from _graphene(program)
    yield from _strawberry(program)
    yield from _ariadne(program)


# Graphene -----------------------------------------------------------------------------------------------------------


def _schema_types(program: Program, library: str) -> Iterator[tuple[str, Class]]:
    """The root types of every schema: operation and class."""
    for call, module, function in program.calls_named("Schema"):
        if program.project.is_exempt(module.path):
            continue
        for schema in evaluate(scope_in(program, module, function), call):
            if not isinstance(schema.shape, t.Obj) or schema.shape.name.partition(".")[0] != library:
                continue
            for position, operation in enumerate(OPERATIONS):
                for atom in made_with(schema, operation, position if library == "graphene" else None):
                    yield from ((operation, info) for info in _classes(atom))


def _classes(atom: Atom) -> Iterator[Class]:
    """A root type, or those that ``merge_types`` puts together."""
    if isinstance(atom.shape, t.ClassRef):
        yield atom.shape.info
    elif isinstance(atom.shape, t.Obj) and atom.shape.name.endswith("merge_types"):
        for item in items_of(made_with(atom, "types", 1)):
            for inner in item:
                yield from _classes(inner)


def _graphene(program: Program) -> Iterator[Resolver]:
    mutations: set[Class] = set()
    for operation, info in _schema_types(program, "graphene"):
        if operation == "mutation":
            for name, mutation in _mutation_fields(program, info):
                mutations.add(mutation)
                yield from _mutate(program, name, mutation)
        yield from _resolvers(program, operation, info)
    for info in program.classes:
        if info not in mutations and program.hierarchy.inherits(info, *MUTATIONS):
            yield from _mutate(program, info.name[:1].lower() + info.name[1:], info)


def _resolvers(program: Program, operation: str, info: Class) -> Iterator[Resolver]:
    names = dict.fromkeys(
        name for base in program.hierarchy.mro(info) if isinstance(base, Class) for name in base.scope
    )
    for name in names:
        if name.startswith("resolve_"):
            owner, value = program.hierarchy.class_attribute(info, name)
            function = handler_behind(value)
            if owner is not None and function is not None:
                yield Resolver(operation, name.removeprefix("resolve_"), function, value, owner)


def _mutation_fields(program: Program, info: Class) -> Iterator[tuple[str, Class]]:
    """``create = CreateThing.Field()`` in a root type."""
    for base in program.hierarchy.mro(info):
        for statement in base.node.body if isinstance(base, Class) else ():
            if not isinstance(statement, n.Assign) or not isinstance(statement.targets[0], n.Name):
                continue
            value = statement.value
            if isinstance(value, n.Call) and isinstance(value.func, n.Attribute) and value.func.attr == "Field":
                assert isinstance(base, Class)
                scope = Activation(program, base.module.body, {}, class_scope=base)
                for atom in evaluate(scope, value.func.value):
                    if isinstance(atom.shape, t.ClassRef):
                        yield statement.targets[0].id, atom.shape.info


def _mutate(program: Program, name: str, info: Class) -> Iterator[Resolver]:
    for method in MUTATE:
        owner, value = program.hierarchy.class_attribute(info, method)
        function = handler_behind(value)
        if owner is not None and function is not None:
            bound = tuple(_bound_to_class(program, x, info) for x in value)
            yield Resolver("mutation", name, function, bound, info)
            return


def _bound_to_class(program: Program, atom: Atom, info: Class) -> Atom:
    if isinstance(atom.shape, t.Func) and program.kind(atom.shape.info) == "class":
        return atom._replace(shape=atom.shape._replace(bound=(Atom(t.ClassRef(info)),)))
    if isinstance(atom.shape, t.Wrapped):
        inner = tuple(_bound_to_class(program, x, info) for x in atom.shape.inner)
        return atom._replace(shape=atom.shape._replace(inner=inner))
    return atom


# Strawberry ---------------------------------------------------------------------------------------------------------


def _strawberry(program: Program) -> Iterator[Resolver]:
    for operation, info in _schema_types(program, "strawberry"):
        for base in program.hierarchy.mro(info):
            if isinstance(base, Class):
                yield from _fields(program, operation, base)


def _fields(program: Program, operation: str, info: Class) -> Iterator[Resolver]:
    scope = Activation(program, info.module.body, {}, class_scope=info)
    for statement in info.node.body:
        if isinstance(statement, n.Function):
            method = info.module.function(statement, None, info)
            for decorator in method.decorators:
                options = _field_options(scope, decorator)
                if options is not None:
                    value = program.hierarchy.own_class_attribute(info, method.name)
                    yield Resolver(operation, method.name, method, value, info, _permissions(options))
        elif isinstance(statement, n.Assign) and isinstance(statement.value, n.Call):
            options = _field_options(scope, statement.value)
            target = statement.targets[0]
            function = handler_behind(options.get("resolver", ())) if options is not None else None
            if options is not None and function is not None and isinstance(target, n.Name):
                yield Resolver(operation, target.id, function, options["resolver"], None, _permissions(options))


def _field_options(scope: Activation, expr: n.Expr) -> dict[str, Value] | None:
    """The keywords of ``strawberry.field(...)``; None for anything else."""
    scope.revive()
    target = expr.func if isinstance(expr, n.Call) else expr
    names = {x.shape.name for x in evaluate(scope, target) if isinstance(x.shape, t.Lib)}
    if not any(
        x.startswith("strawberry") and x.rpartition(".")[2] in ("field", "mutation", "subscription") for x in names
    ):
        return None
    return arguments(scope, expr)[1] if isinstance(expr, n.Call) else {}


def _permissions(options: dict[str, Value]) -> Value:
    return t.join(*(options.get(x, ()) for x in ("permission_classes", "extensions")))


# Ariadne ------------------------------------------------------------------------------------------------------------


def _ariadne(program: Program) -> Iterator[Resolver]:
    for r in decorator_registrations(program, frozenset({"field", "source"})):
        operation = _ariadne_operation(r.receiver) if r.receiver is not None else ""
        if operation and r.function is not None:
            name = next(iter(texts_of(r.argument(0, "name"))), r.function.name)
            yield Resolver(operation, name, r.function, registered_value(program, r))
    for r in performed(program, frozenset({"set_field", "set_source"})):
        operation = _ariadne_operation(r.receiver) if r.receiver is not None else ""
        value = r.argument(1, "resolver")
        function = handler_behind(value)
        if operation and function is not None:
            yield Resolver(operation, next(iter(texts_of(r.argument(0, "name"))), function.name), function, value)


def _ariadne_operation(atom: Atom) -> str:
    shape = atom.shape
    if not isinstance(shape, t.Obj):
        return ""
    if shape.name == "ariadne.ObjectType":
        return OPERATIONS.get(next(iter(texts_of(made_with(atom, "name", 0))), "").lower(), "")
    return ARIADNE_TYPES.get(shape.name, "")
