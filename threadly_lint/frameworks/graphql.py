"""GraphQL: resolvers of Graphene, Strawberry and Ariadne, behind what the places that serve their schema demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.graphql_fields import Resolver, resolvers
from threadly_lint.frameworks.graphql_hosts import EXECUTING, Host, hosts
from threadly_lint.frameworks.performed import merged
from threadly_lint.frameworks.requests import object_with
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.registrations import (
    imports,
    items_of,
    made_with,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.annotations import annotated
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.parameters import OPEN, definition_scope
from threadly_lint.program.interpreter.queries import consume
from threadly_lint.program.interpreter.request_data import is_text
from threadly_lint.program.interpreter.types import Atom, Proof, Tag, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = ("graphene", "graphene_django", "graphene_sqlalchemy", "strawberry", "strawberry_django", "ariadne")
TYPED, TEXT = frozenset({Tag("request", "typed")}), frozenset({Tag("request", "text")})
REQUESTS = {
    "django": "django.http.HttpRequest",
    "flask": "flask.Request",
    "quart": "flask.Request",
    "aiohttp": "aiohttp.web.Request",
}
CONTEXT_IS_REQUEST = ("django.", "flask.")
APPLICATION = "aiohttp.web.Application"
BODY = ("body", "data", "form", "json")


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every root field with a resolver of the project, mounted once for each place that serves a schema."""
    if imports(program, *LIBRARIES):
        yield from merged(_endpoint(program, r) for r in resolvers(program))


def _endpoint(program: Program, resolver: Resolver) -> EntryPoint:
    call = _calling(program, resolver)
    name = _camel(resolver.name)
    mounts = tuple(_mounts(program, resolver, name, call))
    group = (
        resolver.owner.symbol
        if resolver.owner is not None and resolver.operation == "query"
        else resolver.function.path
    )
    return EntryPoint(program, "graphql", "graphql", resolver.function, call, (resolver.operation,), mounts, group)


def _camel(name: str) -> str:
    first, *rest = name.lstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _mounts(program: Program, resolver: Resolver, name: str, call: Rest) -> Iterator[Mount]:
    own = tuple(_permission_steps(program, resolver.permissions))
    around = tuple(_middleware_step(x, resolver) for item in items_of(resolver.middleware) for x in item)
    found = hosts(program)
    for host in found:
        yield Mount(
            name, (*host.steps, *around, *_host_middleware(host, resolver), *own), host.path, host.conditional, call
        )
    if not found:
        yield Mount(name, (_executed(program), *around, *own), "schema", call=call)


# Steps before a resolver --------------------------------------------------------------------------------------------


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
            if o.effect == "graphql"
            or (o.event.api.startswith(LIBRARIES) and o.event.api.rpartition(".")[2] in EXECUTING)
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


# Running a resolver -------------------------------------------------------------------------------------------------


def info_value(program: Program) -> Value:
    """``info``: its ``context`` is the request of the framework that serves the schema, or a mapping that holds it."""
    return t.obj("graphql.GraphQLResolveInfo", context=_context(program))


def _context(program: Program) -> Value:
    name = _request_class(program)
    known = dict.fromkeys(BODY, t.unknown(TYPED))
    request = object_with(name, known if not name.startswith("aiohttp.") else {**known, "app": t.obj(APPLICATION)})
    if imports(program, "graphene") and name.startswith(CONTEXT_IS_REQUEST):
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
            getters = made_with(host.view, keyword) if host.view is not None else ()
            shapes = (atom.shape for atom in getters)
            found.extend(program.run(x, (), {}, generic=True).value for x in shapes if isinstance(x, t.Func))
    return t.join(*found)


def _calling(program: Program, resolver: Resolver) -> Rest:
    """Call the resolver with a root object, ``info`` and arguments that the schema has typed."""
    function = resolver.function

    def call(a: Activation) -> Value:
        root: Value = (Atom(t.Inst(resolver.owner)),) if resolver.owner is not None else t.ANYTHING
        args, keywords = _arguments(program, resolver, root)
        value = call_value(a, resolver.value, args, keywords, handler_node(function))
        consume(a, value, handler_node(function))
        return value

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
        if param.kind == "kwargs":
            keywords[OPEN] = t.unknown(TEXT)
        if param.kind in ("args", "kwargs"):
            continue
        declared = annotated(scope, param.annotation) if param.annotation is not None else ()
        if _is_info(param, declared):
            keywords[param.name] = info_value(program)
        elif position == 0 and _takes_root(resolver, params, declared):
            args.append(root)
        else:
            keywords[param.name] = t.tagged(
                declared or t.obj("str"), TYPED if declared and not is_text(declared) else TEXT
            )
    return tuple(args), keywords


def _is_info(param: n.Parameter, declared: Value) -> bool:
    return param.name in ("info", "_info") or any(
        isinstance(x.shape, t.Obj) and x.shape.name.endswith(("Info", "ResolveInfo")) for x in declared
    )


def _takes_root(resolver: Resolver, params: list[n.Parameter], declared: Value) -> bool:
    """A first parameter without a type stands for the parent object, as does ``self``."""
    return (
        not declared or resolver.function.owner is not None or params[0].name in ("self", "root", "parent", "obj", "_")
    )
