"""Django Channels: consumers behind WebSocket routes. Whom ``connect`` accepts may send messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.django_urls import plain_route
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import imports, scope_in
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.effects import Exit, Outcome, occurrences
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Proof, Tag, Value
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

ROUTES = ("path", "re_path", "url")
OPENINGS = ("connect", "websocket_connect")
MESSAGES = ("receive", "receive_json", "websocket_receive")
REQUESTS = ("handle",)
CONSUMERS = (
    "channels.consumer.AsyncConsumer",
    "channels.consumer.SyncConsumer",
    "channels.generic.http.AsyncHttpConsumer",
    "channels.generic.websocket.AsyncWebsocketConsumer",
    "channels.generic.websocket.WebsocketConsumer",
)
ACCEPTING = frozenset({"accept"})


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """For each routed consumer: the opening of a connection, and the messages on it."""
    if not imports(program, "channels"):
        return
    for path, info in _routed(program):
        for name in (*OPENINGS, *MESSAGES, *REQUESTS):
            owner, value = program.hierarchy.class_attribute(info, name)
            function = next((x.shape.info for x in value if isinstance(x.shape, t.Func)), None)
            if owner is not None and function is not None:
                yield _entry_point(program, info, name, function, path)


def _routed(program: Program) -> Iterator[tuple[str, Class]]:
    """Consumers in ``path("ws/...", Consumer.as_asgi())``, with the route."""
    seen = set()
    for name in ROUTES:
        for call, module, function in program.calls_named(name):
            if len(call.args) > 1 and (info := _consumer(program, call.args[1], module, function)) is not None:
                scope = scope_in(program, module, function)
                path = join_paths(plain_route(t.shape_text(evaluate(scope, call.args[0])) or ""))
                if (path, info) not in seen:
                    seen.add((path, info))
                    yield path, info


def _consumer(program: Program, expr: n.Expr, module: Module, function: Function | None) -> Class | None:
    """The class behind ``Consumer.as_asgi()``; older versions route the class itself."""
    if not isinstance(expr, n.Call):
        routed = (x.shape.info for x in _evaluated(program, expr, module, function) if isinstance(x.shape, t.ClassRef))
        return next((info for info in routed if program.hierarchy.inherits(info, *CONSUMERS)), None)
    if not isinstance(expr.func, n.Attribute) or expr.func.attr != "as_asgi":
        return None
    made = _evaluated(program, expr.func.value, module, function)
    return next((x.shape.info for x in made if isinstance(x.shape, t.ClassRef)), None)


def _evaluated(program: Program, expr: n.Expr, module: Module, function: Function | None) -> Value:
    return evaluate(scope_in(program, module, function), expr)


def _entry_point(program: Program, info: Class, name: str, function: Function, path: str) -> EntryPoint:
    receiver: Value = (Atom(t.Inst(info)),)
    message = t.unknown(frozenset({Tag("request", "body")}))

    def call(a: Activation) -> Value:
        node = handler_node(function)
        given = () if name == "connect" else (message,)
        return call_value(a, attribute(a, receiver, name, node), given, {}, node)

    steps = (_accepted(receiver),) if name in MESSAGES else ()
    kind = "http" if name in REQUESTS else "websocket"
    return EntryPoint(
        program, kind, "channels", function, call, (), (Mount(path, steps, "channels"),), info.symbol  # type: ignore[arg-type]
    )  # fmt: skip


def _accepted(receiver: Value) -> Step:
    """Messages come from those whom ``connect`` accepted: what was proven where it accepts holds."""

    def step(a: Activation, rest: Rest) -> Value:
        node = handler_node(a.function)
        opening = Activation(a.program, a.function, {})
        value = call_value(opening, attribute(opening, receiver, "connect", node), (), {}, node)
        if opening.state is not None:
            opening.leave(Exit("return", value, opening.state.auth, 0, a.function.node))
        a.prove(_proof_of_acceptance(outcome_of(opening, is_generator_object=False)))
        return rest(a)

    return step


def _proof_of_acceptance(outcome: Outcome) -> Proof:
    proofs = [o.auth for o in occurrences(outcome) if o.event.api.rpartition(".")[2] in ACCEPTING]
    return frozenset().union(*proofs) if proofs and all(proofs) else t.NO_PROOF
