"""gRPC: methods of servicers that are added to a server, behind the server's interceptors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.performed import merged
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.registrations import handler_behind, identity, imports, items_of, made_with, scope_in
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

GENERATED, SERVICER = "_pb2_grpc", "Servicer"
CONTEXT, DETAILS = "grpc.ServicerContext", "grpc.HandlerCallDetails"
METADATA: Value = (Atom(t.Map((), True), frozenset({Tag("request", "headers")})),)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every remote procedure of every servicer that the project adds to a server."""
    if imports(program, "grpc"):
        yield from merged(entry for info in program.classes for entry in _servicer(program, info))


def _servicer(program: Program, info: Class) -> Iterator[EntryPoint]:
    base = _generated_base(program, info)
    if base is None or info.module.name.endswith(GENERATED):
        return
    for instance, server in _added(program, info, base):
        for name, function in _procedures(program, info, base):
            path = f"/{base.removesuffix(SERVICER)}/{name}"
            call = _calling(instance, name, function)
            mount = Mount(
                path,
                tuple(_interceptors(program, server, path)),
                str(identity(server) if server is not None else "server"),
                call=call,
            )
            yield EntryPoint(program, "rpc", "grpc", function, call, (), (mount,), info.symbol, router=server)


def _generated_base(program: Program, info: Class) -> str | None:
    """The name of the class that the protocol compiler has made for the service."""
    for base in program.hierarchy.mro(info):
        owner, _, name = base.rpartition(".") if isinstance(base, str) else (base.module.name, "", base.name)
        if owner.endswith(GENERATED) and name.endswith(SERVICER):
            return name
    return None


def _procedures(program: Program, info: Class, base: str) -> Iterator[tuple[str, Function]]:
    """What the service declares, where its generated class is at hand; else public methods that take request and context."""
    classes = [c for c in program.hierarchy.mro(info) if isinstance(c, Class)]
    declared = next((c.scope for c in classes if c.name == base and c.module.name.endswith(GENERATED)), None)
    own = [c for c in classes if not c.module.name.endswith(GENERATED)]
    helpers = {name for c in own for name in _called_on_self(c)}
    for name in dict.fromkeys(name for c in own for name in c.scope):
        owner, value = program.hierarchy.class_attribute(info, name)
        function = handler_behind(value) if owner in own else None
        if function is None or name.startswith("_") or program.kind(function) != "function":
            continue
        asked = [p for p in function.params if p.kind in ("positional", "normal") and p.default is None]
        if name in declared if declared is not None else len(asked) == 3 and name not in helpers:
            yield name, function


def _called_on_self(info: Class) -> Iterator[str]:
    """Methods that the class itself uses: nobody answers a remote call by another remote procedure of the same object."""
    for node in (x for s in info.node.body for x in walk(s)):
        func = node.func if isinstance(node, n.Call) else None
        if isinstance(func, n.Attribute) and isinstance(func.value, n.Name) and func.value.id == "self":
            yield func.attr


# Servers -------------------------------------------------------------------------------------------------------------------


def _added(program: Program, info: Class, base: str) -> Iterator[tuple[Atom, Atom | None]]:
    """Instances of the servicer as they are added, with the server where it is known."""
    seen: set[object] = set()
    for call, module, function in program.calls_named(f"add_{base}_to_server"):
        if program.project.is_exempt(module.path) or len(call.args) < 2:
            continue
        scope = scope_in(program, module, function)
        server = next((x for x in evaluate(scope, call.args[1]) if isinstance(x.shape, t.Obj)), None)
        for atom in evaluate(scope, call.args[0]):
            key = (atom.shape, identity(server) if server is not None else None)
            if isinstance(atom.shape, t.Inst) and atom.shape.info is info and key not in seen:
                seen.add(key)
                yield atom, server


def _interceptors(program: Program, server: Atom | None, path: str) -> Iterator[Step]:
    if server is None:
        return
    details = t.obj(DETAILS, method=t.const(path), invocation_metadata=METADATA)
    for item in items_of(made_with(server, "interceptors")):
        for atom in item:
            if isinstance(atom.shape, t.Inst):
                yield _interceptor(atom, details)


def _interceptor(interceptor: Atom, details: Value) -> Step:
    """``intercept_service(continuation, details)``: the call goes on where it asks the continuation for a handler."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        method = attribute(a, (interceptor,), "intercept_service", node)
        return call_value(a, method, ((Atom(t.Rest(rest)),), details), {}, node)

    return step


def _calling(instance: Atom, name: str, function: Function) -> Rest:
    """The procedure gets a message whose shape the protocol has checked, and a context with the caller's metadata."""
    message = t.unknown(frozenset({Tag("request", "typed")}))

    def call(a: Activation) -> Value:
        node = handler_node(function)
        return call_value(a, attribute(a, (instance,), name, node), (message, t.obj(CONTEXT)), {}, node)

    return call
