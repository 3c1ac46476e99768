"""Infrastructure clients that business code makes for itself, call by call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.swallowing import own_nodes
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf, walk
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint

CLIENTS = frozenset({"client", "engine"})
PER_MESSAGE = frozenset({"mail"})
PER_MESSAGE_PACKAGES = frozenset(
    {"smtplib", "aiosmtplib", "imaplib", "poplib", "ftplib", "paramiko", "sqlite3", "statsd", "ldap3", "ldap"}
)
SHARED = frozenset({"channels.layers.get_channel_layer", "django_redis.get_redis_connection"})
CLOSING = frozenset({"close", "aclose", "quit", "dispose", "disconnect", "shutdown", "wait_closed"})
CACHING = frozenset({"cache", "lru_cache", "cached", "cached_property", "memoize", "alru_cache"})


@dataclass(frozen=True, eq=False)
class OwnClient:
    """One construction on the trail of an endpoint."""

    function: Function
    span: Span
    api: str
    trail: tuple[Step, ...]

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def own_clients(endpoint: EntryPoint) -> Iterator[OwnClient]:
    """Clients that are made anew for each request, from settings alone, and neither shared nor handed on."""
    for run in endpoint.runs:
        for occurrence in run.inside:
            event = occurrence.event
            if event.effect in CLIENTS and isinstance(event.node, n.Call) and not _is_composed(occurrence, event.node):
                yield OwnClient(event.function, Span(*event.node.span), event.api, occurrence.trail)


def _is_composed(occurrence: Occurrence, call: n.Call) -> bool:
    event = occurrence.event
    fact, function = event.fact, event.function
    if event.api in SHARED or event.api.startswith("azure.identity."):
        return True
    if event.api.partition(".")[0] in PER_MESSAGE_PACKAGES or (fact is not None and fact.service in PER_MESSAGE):
        return True
    if any(f.kind == "with" for f in occurrence.frames if f.function is function and _enters(f.node, call)):
        return True
    if isinstance(function.node, n.Lambda) or (function.owner is not None and function.name == "__init__"):
        return True
    return function is function.module.body or _is_cached(function) or _is_kept(function, call)


def _enters(node: n.Node, call: n.Call) -> bool:
    return any(x is call for x in walk(node)) if isinstance(node, n.WithItem) else False


def _is_cached(function: Function) -> bool:
    """Whether results of the function are remembered, or it fills a global name."""
    return any(leaf(x) in CACHING for x in function.decorators) or bool(function.globals_declared)


def _is_kept(function: Function, call: n.Call) -> bool:
    """Whether the function is there to make the client, keeps it, closes it, or makes it for one caller's data."""
    body = function.node.body
    nodes = list(own_nodes(body)) if isinstance(body, tuple) else []
    holders = [x for x in nodes if _holds(x, call)]
    names = {x.id for s in holders if isinstance(s, n.Assign) for x in s.targets if isinstance(x, n.Name)}
    if any(isinstance(s, n.Return | n.Yield | n.WithItem) for s in holders):
        return True
    if any(isinstance(x, n.Attribute | n.Subscript) for s in holders if isinstance(s, n.Assign) for x in s.targets):
        return True
    return any(_passes_on(x, names) for x in nodes) or _depends_on_locals(function, nodes, call)


def _holds(node: n.Node, call: n.Call) -> bool:
    if isinstance(node, n.Assign | n.Return | n.Yield):
        return node.value is not None and any(x is call for x in walk(node.value))
    return isinstance(node, n.WithItem) and any(x is call for x in walk(node.context))


def _passes_on(node: n.Node, names: set[str]) -> bool:
    """Whether a statement returns, yields, enters, stores or closes what one of the names holds."""
    if isinstance(node, n.Return | n.Yield):
        return isinstance(node.value, n.Name) and node.value.id in names
    if isinstance(node, n.WithItem):
        given = node.context.args if isinstance(node.context, n.Call) else (node.context,)
        return any(isinstance(x, n.Name) and x.id in names for x in given)
    if isinstance(node, n.Assign):
        stored = any(isinstance(x, n.Attribute | n.Subscript) for x in node.targets)
        return stored and isinstance(node.value, n.Name) and node.value.id in names
    if isinstance(node, n.Attribute):
        return node.attr in CLOSING and isinstance(node.value, n.Name) and node.value.id in names
    return False


def _depends_on_locals(function: Function, nodes: list[n.Node], call: n.Call) -> bool:
    """Whether the client is made for this call's data: its arguments mention parameters or variables of the function."""
    local = {p.name for p in function.params}
    local |= {x.id for s in nodes if isinstance(s, n.Assign) for x in s.targets if isinstance(x, n.Name)}
    given = [*call.args, *(k.value for k in call.keywords)]
    return any(isinstance(x, n.Name) and x.id in local for g in given for x in walk(g))
