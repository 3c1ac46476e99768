"""GraphQL: resolvers and mutations of Graphene, Strawberry and Ariadne, as the places that serve their schema let callers in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.base import (
    decorator_registrations,
    handler_behind,
    imports,
    items_of,
    made_with,
    registered_value,
    scope_in,
    texts_of,
)
from threadly_lint.frameworks.graphql_hosts import EXECUTING, Host, hosts
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.program import types as t
from threadly_lint.program.activation import Activation
from threadly_lint.program.annotations import annotated
from threadly_lint.program.attributes import attribute
from threadly_lint.program.calls import arguments, call_value
from threadly_lint.program.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.expressions import evaluate
from threadly_lint.program.names import Class, Function
from threadly_lint.program.parameters import definition_scope
from threadly_lint.program.request_data import is_text
from threadly_lint.program.types import Atom, Proof, Tag, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = ("graphene", "graphene_django", "graphene_sqlalchemy", "strawberry", "strawberry_django", "ariadne")
MUTATIONS = ("graphene.Mutation", "graphene.relay.ClientIDMutation")
MUTATE = ("mutate_and_get_payload", "mutate")
STRAWBERRY_FIELDS = ("strawberry.field", "strawberry.mutation", "strawberry.subscription")
OPERATIONS = {"query": "query", "mutation": "mutation", "subscription": "subscription"}
ARIADNE_TYPES = {
    "ariadne.QueryType": "query",
    "ariadne.MutationType": "mutation",
    "ariadne.SubscriptionType": "subscription",
}
TYPED, TEXT = frozenset({Tag("request", "typed")}), frozenset({Tag("request", "text")})
REQUESTS = {"django": "django.http.HttpRequest", "flask": "flask.Request", "quart": "flask.Request"}
BODY = ("body", "data", "form", "json")


class Resolver(NamedTuple):
    """One root field: ``call`` runs its resolver with ``(program, info)``; ``guards`` are its permission classes."""

    operation: str
    name: str
    function: Function
    value: Value
    owner: Class | None = None
    permissions: Value = ()
    middleware: Value = ()


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every root field with a resolver of the project, mounted once for each place that serves a schema."""
    if imports(program, *LIBRARIES):
        yield from merged(_endpoint(program, r) for r in (*_graphene(program), *_strawberry(program), *_ariadne(program)))


def _endpoint(program: Program, resolver: Resolver) -> EntryPoint:
    call = _calling(program, resolver)
    name = _camel(resolver.name)
    mounts = tuple(_mounts(program, resolver, name, call))
    group = resolver.owner.symbol if resolver.owner is not None and resolver.operation == "query" else resolver.function.path
    return EntryPoint(program, "graphql", "graphql", resolver.function, call, (resolver.operation,), mounts, group)


def _camel(name: str) -> str:
    first, *rest = name.lstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _mounts(program: Program, resolver: Resolver, name: str, call: Rest) -> Iterator[Mount]:
    own = tuple(_permission_steps(program, resolver.permissions))
    around = tuple(_middleware_step(x, resolver) for item in items_of(resolver.middleware) for x in item)
    found = hosts(program)
    for host in found:
        yield Mount(name, (*host.steps, *around, *_host_middleware(host, resolver), *own), host.path, host.conditional, call)
    if not found:
        yield Mount(name, (_executed(program), *around, *own), "schema", call=call)


# Steps before a resolver -------------------------------------------------------------------------------------------------------


def _executed(program: Program) -> Step:
    """A schema that functions execute: what is proven wherever they do so is proven for its resolvers."""

    def step(a: Activation, rest: Rest) -> Value:
        a.prove(_proof_of_execution(program))
        return rest(a)

    return step


def _proof_of_execution(program: Program) -> Proof:
    found: Proof | None = program.memo.get("graphql execution")
    if found is None:
        program.memo["graphql execution"] = t.NO_PROOF
        proofs = [
            o.auth
            for entry in program.entry_points
            if entry.is_endpoint and entry.kind != "graphql"
            for run in entry.runs
            for o in run.occurrences
            if o.effect == "graphql" or (o.event.api.startswith(LIBRARIES) and o.event.api.rpartition(".")[2] in EXECUTING)
        ]
        found = frozenset().union(*proofs) if proofs and all(proofs) else t.NO_PROOF
        program.memo["graphql execution"] = found
    return found


def _host_middleware(host: Host, resolver: Resolver) -> Iterator[Step]:
    """``GraphQLView.as_view(schema=schema, middleware=[...])``."""
    if host.view is not None:
        for item in items_of(made_with(host.view, "middleware")):
            yield from (_middleware_step(x, resolver) for x in item if not isinstance(x.shape, t.Unknown))


def _middleware_step(atom: Atom, resolver: Resolver) -> Step:
    """Graphene middleware: ``resolve(next, root, info, **args)`` of an object or class, or a function like it."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        instance: Value = (Atom(t.Inst(atom.shape.info)),) if isinstance(atom.shape, t.ClassRef) else (atom,)
        func = attribute(a, instance, "resolve", node) if isinstance(atom.shape, t.Inst | t.ClassRef) else instance
        if not any(isinstance(x.shape, t.Func | t.Wrapped) for x in func):
            return rest(a)
        onward: Value = (Atom(t.Rest(rest)),)
        return call_value(a, func, (onward, t.ANYTHING, info_value(a.program)), {}, node)

    return step


def _permission_steps(program: Program, declared: Value) -> Iterator[Step]:
    """``permission_classes=[...]`` and ``extensions=[PermissionExtension(permissions=[...])]``: each has to say yes."""
    for item in items_of(declared):
        for atom in item:
            nested = made_with(atom, "permissions", 0) if isinstance(atom.shape, t.Obj) else ()
            if nested:
                yield from _permission_steps(program, nested)
            elif isinstance(atom.shape, t.ClassRef | t.Inst):
                yield _permission_step(atom)
            elif isinstance(atom.shape, t.Lib | t.Obj):
                yield _library_permission(program, atom.shape.name)


def _permission_step(atom: Atom) -> Step:
    instance: Value = (Atom(t.Inst(atom.shape.info)),) if isinstance(atom.shape, t.ClassRef) else (atom,)

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        method = attribute(a, instance, "has_permission", node)
        verdict = call_value(a, method, (t.ANYTHING, info_value(a.program)), {}, node)
        yes = t.keep(verdict, lambda x: t.truthiness(x) is not False)
        if a.state is None or (verdict and not yes):
            return ()
        a.prove(t.common_proof(yes))
        return rest(a)

    return step


def _library_permission(program: Program, name: str) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        if program.knowledge.fact(name, "guard") is not None:
            a.prove(frozenset({t.Guard(f"`{name}`")}))
        return rest(a)

    return step


# Running a resolver ------------------------------------------------------------------------------------------------------------


def info_value(program: Program) -> Value:
    """``info``: its ``context`` is the request of the framework that serves the schema, or a mapping that holds it."""
    return t.obj("graphql.GraphQLResolveInfo", context=_context(program))


def _context(program: Program) -> Value:
    name = _request_class(program)
    request = t.obj(name, **dict.fromkeys(BODY, t.unknown(TYPED)))
    if imports(program, "graphene"):
        return request
    if given := _given_context(program):
        return given
    if name.startswith("django."):
        return t.obj("strawberry.types.Context", request=request)
    return (Atom(t.Map((("request", request),))),)


def _request_class(program: Program) -> str:
    """The request of the framework that serves the schema; without a host that is seen, of one that the project uses."""
    serving = {h.view.shape.name for h in hosts(program) if h.view is not None and isinstance(h.view.shape, t.Obj)}
    for word, name in REQUESTS.items():
        if any(word in x for x in serving) or (not serving and imports(program, word)):
            return name
    return "starlette.requests.Request"


def _given_context(program: Program) -> Value:
    """What the project's ``context_getter`` or ``context_value`` makes of the request."""
    found: list[Value] = []
    for host in hosts(program):
        for keyword in ("context_getter", "context_value"):
            for atom in made_with(host.view, keyword) if host.view is not None else ():
                if isinstance(atom.shape, t.Func):
                    found.append(program.run(atom.shape, (), {}, generic=True).value)
    return t.join(*found)


def _calling(program: Program, resolver: Resolver) -> Rest:
    """Call the resolver with a root object, ``info`` and arguments that the schema has typed."""
    function = resolver.function

    def call(a: Activation) -> Value:
        root: Value = (Atom(t.Inst(resolver.owner)),) if resolver.owner is not None else t.ANYTHING
        args, keywords = _arguments(program, resolver, root)
        return call_value(a, resolver.value, args, keywords, handler_node(function))

    return call


def _arguments(program: Program, resolver: Resolver, root: Value) -> tuple[tuple[Value, ...], dict[str, Value]]:
    params = list(resolver.function.params)
    kind = program.kind(resolver.function)
    args: list[Value] = []
    if kind == "class" and params:
        params = params[1:]
    scope = definition_scope(program, resolver.function)
    keywords: dict[str, Value] = {}
    for position, param in enumerate(params):
        if param.kind in ("args", "kwargs"):
            continue
        declared = annotated(scope, param.annotation) if param.annotation is not None else ()
        if _is_info(param, declared):
            keywords[param.name] = info_value(program)
        elif position == 0 and _takes_root(resolver, params, declared):
            args.append(root)
        else:
            keywords[param.name] = t.tagged(declared or t.obj("str"), TYPED if declared and not is_text(declared) else TEXT)
    return tuple(args), keywords


def _is_info(param: n.Parameter, declared: Value) -> bool:
    return param.name in ("info", "_info") or any(
        isinstance(x.shape, t.Obj) and x.shape.name.endswith(("Info", "ResolveInfo")) for x in declared
    )


def _takes_root(resolver: Resolver, params: list[n.Parameter], declared: Value) -> bool:
    """A first parameter without a type stands for the parent object, as does ``self``."""
    return not declared or resolver.function.owner is not None or params[0].name in ("self", "root", "parent", "obj", "_")


# Graphene ----------------------------------------------------------------------------------------------------------------------


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
        if info not in mutations and program.inherits(info, *MUTATIONS):
            yield from _mutate(program, info.name[:1].lower() + info.name[1:], info)


def _resolvers(program: Program, operation: str, info: Class) -> Iterator[Resolver]:
    names = dict.fromkeys(name for base in program.mro(info) if isinstance(base, Class) for name in base.scope)
    for name in names:
        if name.startswith("resolve_"):
            owner, value = program.class_attribute(info, name)
            function = handler_behind(value)
            if owner is not None and function is not None:
                yield Resolver(operation, name.removeprefix("resolve_"), function, value, owner)


def _mutation_fields(program: Program, info: Class) -> Iterator[tuple[str, Class]]:
    """``create = CreateThing.Field()`` in a root type."""
    for base in program.mro(info):
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
        owner, value = program.class_attribute(info, method)
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


# Strawberry --------------------------------------------------------------------------------------------------------------------


def _strawberry(program: Program) -> Iterator[Resolver]:
    for operation, info in _schema_types(program, "strawberry"):
        for base in program.mro(info):
            if isinstance(base, Class):
                yield from _fields(program, operation, base)


def _fields(program: Program, operation: str, info: Class) -> Iterator[Resolver]:
    scope = Activation(program, info.module.body, {}, class_scope=info)
    for statement in info.node.body:
        if isinstance(statement, n.Function):
            function = info.module.function(statement, None, info)
            for decorator in function.decorators:
                options = _field_options(scope, decorator)
                if options is not None:
                    value = program.own_class_attribute(info, function.name)
                    yield Resolver(operation, function.name, function, value, info, _permissions(options))
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
    if not any(x.startswith("strawberry") and x.rpartition(".")[2] in ("field", "mutation", "subscription") for x in names):
        return None
    return arguments(scope, expr)[1] if isinstance(expr, n.Call) else {}


def _permissions(options: dict[str, Value]) -> Value:
    return t.join(*(options.get(x, ()) for x in ("permission_classes", "extensions")))


# Ariadne -----------------------------------------------------------------------------------------------------------------------


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
