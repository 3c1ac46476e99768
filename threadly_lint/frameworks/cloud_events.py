"""Events of API gateways: which cloud functions answer HTTP requests, and what such a request holds."""

from __future__ import annotations

import re

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.behaviour import GATEWAY
from threadly_lint.program.interpreter.types import Atom, Guard, Proof, Tag, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

PARTS = {
    "body": "body",
    "headers": "headers",
    "multiValueHeaders": "headers",
    "cookies": "cookies",
    "queryStringParameters": "query",
    "multiValueQueryStringParameters": "query",
    "pathParameters": "path",
}
OF_REQUESTS = frozenset({*PARTS, "httpMethod", "rawPath", "requestContext", "resource"} - {"body"})
ANSWERS = frozenset({"statusCode"})
AUTHORIZED = re.compile(r"authorizer|cognito|aws_iam(?!_)", re.IGNORECASE)


def answers_requests(function: Function) -> bool:
    """Whether a handler reads what only a gateway's event has, or gives an answer as a gateway wants it."""
    words = {x.value for x in walk(function.node) if isinstance(x, n.Constant) and x.kind == "str"}
    return bool(words & (OF_REQUESTS | ANSWERS)) and "Records" not in words


def reads_event(function: Function, parameter: str) -> bool:
    """Whether a part of a gateway's event is looked up in a parameter: ``event["body"]``, ``event.get("headers")``."""
    for x in walk(function.node):
        base = x.value if isinstance(x, n.Subscript) else x.func if isinstance(x, n.Call) else None
        key = x.index if isinstance(x, n.Subscript) else x.args[0] if isinstance(x, n.Call) and x.args else None
        base = base.value if isinstance(base, n.Attribute) and base.attr == "get" else base
        if isinstance(base, n.Name) and base.id == parameter and isinstance(key, n.Constant) and key.value in PARTS:
            return True
    return False


def event_value() -> Value:
    """The event of a request: its parts with the source of their data; the context may know who calls."""
    entries: dict[object, Value] = {name: _part(channel) for name, channel in PARTS.items()}
    entries["requestContext"] = (Atom(t.Map((), True), frozenset({GATEWAY})),)
    return (Atom(t.Map(tuple(entries.items()), True)),)


def _part(channel: str) -> Value:
    tags = frozenset({Tag("request", channel)})
    return t.obj("str", tags=tags) if channel == "body" else (Atom(t.Map((), True), tags),)


def declared_proof(templates: str) -> Proof:
    """What deployment templates that speak of an authorizer may demand of every caller."""
    if not AUTHORIZED.search(templates):
        return t.NO_PROOF
    return frozenset({Guard("authorizer in the deployment template", strength="unknown")})
