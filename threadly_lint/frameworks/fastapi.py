"""FastAPI: routers, nested includes, dependencies at parameter, route, router, include and application level, middleware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.asgi import Exchange, given_to_base, middleware_steps
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import (
    Registration,
    call_registrations,
    decorator_registrations,
    identity,
    is_library,
    items_of,
    made_with,
    registered_function,
    texts_of,
    underlying,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.behaviour import is_credential
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.contexts import hand_over, stay_inside
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.request_data import is_text, raw_tags
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATION, ROUTER = "fastapi.FastAPI", "fastapi.APIRouter"
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
ROUTES = VERBS | {"api_route", "websocket", "websocket_route"}
INJECTED = frozenset(
    """fastapi.Request fastapi.Response fastapi.BackgroundTasks fastapi.WebSocket starlette.requests.Request
    starlette.websockets.WebSocket fastapi.requests.HTTPConnection starlette.requests.HTTPConnection
    fastapi.security.SecurityScopes""".split()
)
SOURCES = {
    "Body": "body",
    "Form": "form",
    "File": "files",
    "Query": "query",
    "Path": "path",
    "Header": "headers",
    "Cookie": "cookies",
}
SCALARS = frozenset(
    "str int float bool bytes uuid.UUID datetime.date datetime.datetime decimal.Decimal fastapi.UploadFile".split()
)


@dataclass(eq=False)
class Node:
    """A router or application: its own prefix and dependencies, and where it is included."""

    atom: Atom
    parents: list[tuple[Node, Registration]] = field(default_factory=list)


class Way(NamedTuple):
    """A route as seen from one of the routers around it: its path, the dependencies before it, development only or not."""

    path: str
    steps: tuple[Step, ...]
    conditional: bool

    def behind(self, prefix: str, steps: tuple[Step, ...]) -> Way:
        return self._replace(path=join_paths(prefix, self.path), steps=(*steps, *self.steps))


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every route of every router, with one mount for each way from an application down to it."""
    graph = _include_graph(program)
    for registration in (*decorator_registrations(program, ROUTES), *_added_routes(program)):
        receiver = registration.receiver
        if receiver is None or not is_library(program, receiver, APPLICATION, ROUTER):
            continue
        if (found := _entry_point(program, registration, graph)) is not None:
            yield found


def _added_routes(program: Program) -> Iterator[Registration]:
    names = frozenset({"add_api_route", "add_api_websocket_route"})
    for registration in call_registrations(program, names):
        function = underlying(registration.argument(1, "endpoint"))
        if function is not None:
            yield Registration(**{**registration.__dict__, "function": function})


def _include_graph(program: Program) -> dict[object, Node]:
    graph: dict[object, Node] = {}
    for registration in call_registrations(program, frozenset({"include_router", "mount"})):
        parent = registration.receiver
        if parent is None or not is_library(program, parent, APPLICATION, ROUTER, "starlette.applications.Starlette"):
            continue
        position = 0 if registration.name.endswith("include_router") else 1
        for child in registration.argument(position, "router", "app"):
            if is_library(program, child, APPLICATION, ROUTER):
                node = graph.setdefault(identity(child), Node(child))
                node.parents.append((graph.setdefault(identity(parent), Node(parent)), registration))
    return graph


def _entry_point(program: Program, registration: Registration, graph: dict[object, Node]) -> EntryPoint | None:
    function, receiver = registration.function, registration.receiver
    if function is None or receiver is None:
        return None
    leaf = registration.name.rpartition(".")[2]
    handler = registration.argument(1, "endpoint") if leaf.startswith("add_api") else registered_function(registration)
    path = next(iter(texts_of(registration.argument(0, "path"))), "")
    own = tuple(dependency_steps(registration.argument(-1, "dependencies"), registration.node))
    node = graph.setdefault(identity(receiver), Node(receiver))
    mounts = tuple(_mounts(program, node, Way(path, own, registration.conditional), ()))
    return EntryPoint(
        program,
        "websocket" if "websocket" in leaf else "http",
        "fastapi",
        function,
        injected_call(program, handler, function),
        _methods(leaf, registration),
        mounts,
        group=str(identity(receiver)),
        router=receiver,
        registered_by=registration.node,
    )


def _given(program: Program, atom: Atom, keyword: str) -> Value:
    """What a router's constructor was given; a router subclass may hand it to its base itself."""
    found = made_with(atom, keyword)
    return found or (given_to_base(program, atom.shape.info, keyword) if isinstance(atom.shape, t.Inst) else ())


def _methods(leaf: str, registration: Registration) -> tuple[str, ...]:
    if leaf in VERBS:
        return (leaf.upper(),)
    if "websocket" in leaf:
        return ("WEBSOCKET",)
    return tuple(texts_of(registration.argument(-1, "methods"))) or ("GET",)


def _mounts(program: Program, node: Node, way: Way, seen: tuple[Node, ...]) -> Iterator[Mount]:
    """Ways from an application to ``node``; each include adds its prefix and dependencies in front."""
    prefix = next(iter(texts_of(_given(program, node.atom, "prefix"))), "")
    own = tuple(dependency_steps(_given(program, node.atom, "dependencies"), None))
    way = way.behind(prefix, own)
    if is_library(program, node.atom, APPLICATION):
        steps = (*middleware_steps(program, node.atom, Exchange(path=way.path)), *way.steps)
        yield Mount(way.path, steps, "application", way.conditional)
    elif not node.parents:
        yield Mount(way.path, way.steps, "router", way.conditional)
    for parent, registration in node.parents:
        if parent in seen or len(seen) > 8:
            continue
        added = tuple(dependency_steps(registration.argument(-1, "dependencies"), registration.node))
        inner = next(iter(texts_of(registration.argument(-1, "prefix", "path"))), "")
        if registration.name.endswith(".mount"):
            inner = next(iter(texts_of(registration.argument(0, "path"))), "")
        outside = way.behind(inner, added)._replace(conditional=way.conditional or registration.conditional)
        yield from _mounts(program, parent, outside, (*seen, node))


# Dependencies ------------------------------------------------------------------------------------------------------------------


def dependency_steps(declared: Value, node: n.Expr | None) -> Iterator[Step]:
    """One step for each ``Depends(...)`` in a ``dependencies=[...]`` list."""
    for item in items_of(declared):
        for atom in item:
            target = depends_on(atom)
            if target:
                yield _dependency_step(target)


def _dependency_step(target: Value) -> Step:
    def step(a: Activation, rest: Rest) -> Value:
        with a.leaving(len(a.left)):
            inject(a, target, handler_node(a.function))
            return rest(a) if a.state is not None else ()

    return step


def depends_on(atom: Atom) -> Value:
    """The callable inside a ``Depends`` or ``Security`` marker; empty for anything else."""
    shape = atom.shape
    if isinstance(shape, t.Obj) and shape.name in ("fastapi.Depends", "fastapi.Security") and shape.made is not None:
        return shape.made.keyword("dependency") or (shape.made.args[0] if shape.made.args else t.ANYTHING)
    return ()


def injected_call(program: Program, handler: Value, function: Function) -> Rest:
    """Run the handler as FastAPI does: dependencies first, each with its own dependencies."""

    def call(a: Activation) -> Value:
        with a.leaving(len(a.left)):
            receiver = _receiver(a, function, handler_node(function))
            keywords = _arguments(a, function, handler_node(function))
            return call_value(a, handler, receiver, keywords, handler_node(function)) if a.state is not None else ()

    return call


def _receiver(a: Activation, function: Function, node: n.Expr) -> tuple[Value, ...]:
    """The controller of a handler that is a method: dependencies in its class body and constructor come first."""
    info = function.owner
    if info is None or a.program.kind(function) == "static":
        return ()
    given: dict[str, Value] = {}
    for base in a.program.hierarchy.mro(info):
        if isinstance(base, str):
            continue
        for name in base.scope:
            target = (
                t.join(*(depends_on(x) for x in a.program.hierarchy.own_class_attribute(base, name)))
                if name not in given
                else ()
            )
            if target and a.state is not None:
                given[name] = inject(a, target, node)
    init = a.program.hierarchy.constructor(info)
    if init is not None and a.state is not None:
        given |= _arguments(a, init, node)
    return ((Atom(t.Inst(info, (), tuple(given.items()))),),)


def inject(a: Activation, target: Value, node: n.Expr, depth: int = 0) -> Value:
    """The value of a dependency, having run it and all that it depends on."""
    results = []
    for atom in target:
        if a.state is None or depth > 12:
            break
        results.append(_inject(a, atom, node, depth))
    return t.join(*results)


def _inject(a: Activation, atom: Atom, node: n.Expr, depth: int) -> Value:
    function = _signature(a.program, atom)
    if function is None:
        return call_value(a, (atom,), (), {}, node)
    keywords = _arguments(a, function, node, depth + 1)
    if a.state is None:
        return ()
    if isinstance(atom.shape, t.Func) and a.program.kind(atom.shape.info) != "context":
        outcome = a.program.run(atom.shape, (), keywords)
        if (handed := outcome.yields) is not None:
            hand_over(a, outcome, node, function.qualname)
            stay_inside(a, handed.frame)
            return t.proven(handed.value, handed.auth)
    return call_value(a, (atom,), (), keywords, node)


def _signature(program: Program, atom: Atom) -> Function | None:
    """The function whose parameters say what a dependency needs."""
    shape = atom.shape
    if isinstance(shape, t.ClassRef):
        return program.hierarchy.constructor(shape.info)
    if isinstance(shape, t.Inst):
        _, value = program.hierarchy.class_attribute(shape.info, "__call__")
        return underlying(value)
    return underlying((atom,))


def _arguments(a: Activation, function: Function, node: n.Expr, depth: int = 0) -> dict[str, Value]:
    scope = definition_scope(a.program, function)
    skip = 1 if function.owner is not None and a.program.kind(function) != "static" else 0
    keywords: dict[str, Value] = {}
    for param in function.params[skip:]:
        if param.kind in ("args", "kwargs") or a.state is None:
            continue
        marker, declared = _declared(a.program, scope, param)
        target = t.join(*(depends_on(x) for x in marker))
        if target or any(
            isinstance(x.shape, t.Obj) and x.shape.name in ("fastapi.Depends", "fastapi.Security") for x in marker
        ):
            keywords[param.name] = _with_type(inject(a, target or _type_itself(a, scope, param), node, depth), declared)
        else:
            keywords[param.name] = _from_request(scope, param, marker, declared)
            if raw_tags(keywords[param.name]):
                a.emit("source", param.name, node, value=keywords[param.name])
    return keywords


def _declared(program: Program, scope: Activation, param: n.Parameter) -> tuple[Value, Value]:
    """The marker of a parameter (default or ``Annotated`` metadata) and the value that its type declares."""
    from threadly_lint.program.interpreter.annotations import annotated

    declared = annotated(scope, param.annotation) if param.annotation is not None else ()
    markers: list[Value] = []
    if param.default is not None:
        scope.revive()
        markers.append(evaluate(scope, param.default))
    if isinstance(param.annotation, n.Subscript | n.Name | n.Attribute):
        scope.revive()
        for atom in evaluate(scope, param.annotation):
            if isinstance(atom.shape, t.Obj) and atom.shape.name == "typing.Annotated":
                markers.extend(items_of(dict(atom.shape.attrs)["metadata"]))
    return t.join(*markers), declared


def request_argument(scope: Activation, param: n.Parameter) -> Value:
    """What a parameter gets from the request, by its type and marker."""
    marker, declared = _declared(scope.program, scope, param)
    return _from_request(scope, param, marker, declared)


def _type_itself(a: Activation, scope: Activation, param: n.Parameter) -> Value:
    """``Depends()`` without a callable injects the annotated class."""
    from threadly_lint.program.interpreter.annotations import annotated

    declared = annotated(scope, param.annotation) if param.annotation is not None else ()
    return tuple(Atom(t.ClassRef(x.shape.info)) for x in declared if isinstance(x.shape, t.Inst))


def _with_type(value: Value, declared: Value) -> Value:
    known = [x for x in value if not isinstance(x.shape, t.Unknown)]
    if known or not declared:
        return value
    proof = t.common_proof(value)
    return t.proven(t.tagged(declared, t.tags_of(value)), proof)


def _from_request(scope: Activation, param: n.Parameter, marker: Value, declared: Value) -> Value:
    """A parameter that FastAPI fills from the request: typed ones are checked, ``dict`` and ``Any`` are raw."""
    if declared and all(isinstance(x.shape, t.Obj) and x.shape.name in INJECTED for x in declared if not t.is_none(x)):
        return declared
    kinds = {x.shape.name.rpartition(".")[2] for x in marker if isinstance(x.shape, t.Obj)}
    source = next((SOURCES[k] for k in sorted(kinds) if k in SOURCES), "")
    raw = _is_raw(scope, param, declared) and (
        source in ("body", "form", "") and bool(source or not _is_scalar(declared))
    )
    tag = Tag("request", source or "body") if raw else Tag("request", "text" if is_text(declared) else "typed")
    value = t.tagged(declared or t.obj("str"), frozenset({tag}))
    made = [x.shape.made for x in marker if isinstance(x.shape, t.Obj) and x.shape.made is not None]
    name = _sent_name(source, param, made)
    if not is_credential(source, name):
        return value
    defaults = (marker, *(v for site in made for v in (*site.args[:1], site.keyword("default"))))
    may_lack = any(t.is_none(x) for v in defaults for x in v)
    return scope.program.behaviour.sent(scope, name, t.maybe(value) if may_lack else value, param)


def _sent_name(source: str, param: n.Parameter, markers: list[t.Site]) -> str:
    """The name under which a parameter is sent: its alias, else its own; in headers with hyphens."""
    alias = next((text for site in markers if (text := t.text_of(site.keyword("alias"))) is not None), None)
    return alias or (param.name.replace("_", "-") if source == "headers" else param.name)


def _is_raw(scope: Activation, param: n.Parameter, declared: Value) -> bool:
    """Whether a type says nothing about the shape of the data; one that cannot be seen may say much."""
    from threadly_lint.program.interpreter.annotations import declares_anything

    if any(_is_mapping(x) for x in declared):
        return True
    unknown = any(isinstance(x.shape, t.Unknown) for x in declared)
    return unknown and param.annotation is not None and declares_anything(scope, param.annotation)


def _is_mapping(atom: Atom) -> bool:
    shape = atom.shape
    return isinstance(shape, t.Map) or (isinstance(shape, t.Seq) and any(_is_mapping(x) for x in shape.elem))


def _is_text(declared: Value) -> bool:
    """Whether any text will do."""
    return not declared or any(isinstance(x.shape, t.Obj) and x.shape.name == "str" for x in declared)


def _is_scalar(declared: Value) -> bool:
    return not declared or any(isinstance(x.shape, t.Obj) and x.shape.name in SCALARS for x in declared)
