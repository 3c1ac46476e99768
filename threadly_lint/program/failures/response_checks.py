"""Responses of other systems that are used as data although nobody asks whether they are errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call

RAISES_BY_ITSELF = ("urllib.request.",)
ERROR_KEYS = frozenset({"error", "errors"})
HOOKS = frozenset({"hooks", "event_hooks", "response_hook"})


@dataclass(frozen=True, eq=False)
class UncheckedResponse:
    """A call whose response is read as data in the same function. ``used`` names the first member that is read."""

    call: Call
    used: str


def unchecked_responses(program: Program, calls: Iterable[Call]) -> Iterator[UncheckedResponse]:
    """One for each call; responses that leave the function are somebody else's to check."""
    for call in calls:
        fact = call.event.fact
        if call.effect != "external-call" or fact is None or fact.returns is None:
            continue
        kind = fact.returns.name
        if not _has_status(program, kind) or fact.name.startswith(RAISES_BY_ITSELF) or _raises_itself(call.event):
            continue
        used = _members_used(call.event)
        if used and _asks_content(call.event):
            continue
        if used and not any(program.knowledge.fact(f"{kind}.{name}", "status-check") for name in used):
            read = [name for name in used if program.knowledge.fact(f"{kind}.{name}", "result")]
            if read:
                yield UncheckedResponse(call, read[0])


def _has_status(program: Program, kind: str) -> bool:
    names = ("raise_for_status", "status_code", "status")
    return any(program.knowledge.fact(f"{kind}.{name}", "status-check") for name in names)


def _raises_itself(event: Event) -> bool:
    """Whether the call, or the client, is set to raise on error responses, or has a hook that may."""
    made = [atom.shape.made for atom in event.receiver if isinstance(atom.shape, t.Obj)]
    given = [*event.keywords, *(pair for site in made if site is not None for pair in site.keywords)]
    if any(name in HOOKS or (name == "raise_for_status" and True in t.constants(value)) for name, value in given):
        return True
    return any(isinstance(atom.shape, t.Inst) for atom in event.receiver)


def _members_used(event: Event) -> list[str]:
    """The members of the response that its function reads, in order; empty when it goes elsewhere as a whole."""
    body = event.function.node.body
    statements = body if isinstance(body, tuple) else (body,)
    names = set().union(*(_names_given(x, event.node) for s in statements for x in walk(s)))
    used: list[str] = []
    bases: set[int] = set()
    for node in (x for s in statements for x in walk(s)):
        if isinstance(node, n.Attribute) and _is_response(node.value, event.node, names):
            used.append(node.attr)
            bases.add(id(node.value))
        elif (
            isinstance(node, n.Name) and node.id in names and id(node) not in bases and not _is_target(node, statements)
        ):
            return []
    return used


def _asks_content(event: Event) -> bool:
    """Whether the decoded body itself is asked whether it is an error: ``"error" in data``, ``isinstance(data, list)``."""
    body = event.function.node.body
    nodes = [x for s in (body if isinstance(body, tuple) else (body,)) for x in walk(s)]
    responses = set().union(*(_names_given(x, event.node) for x in nodes))
    decoded = {
        target.id
        for x in nodes
        if isinstance(x, n.Assign) and x.value is not None and _is_decoding(x.value, event.node, responses)
        for target in x.targets
        if isinstance(target, n.Name)
    }
    return bool(decoded) and any(_asks(x, decoded) for x in nodes)


def _is_decoding(expr: n.Expr, call: n.Node, responses: set[str]) -> bool:
    inner = _unwrapped(expr)
    if not isinstance(inner, n.Call) or not isinstance(inner.func, n.Attribute):
        return False
    return inner.func.attr == "json" and _is_response(inner.func.value, call, responses)


def _asks(node: n.Node, decoded: set[str]) -> bool:
    if isinstance(node, n.Compare):
        is_key = node.ops[0] in ("in", "not in") and isinstance(node.left, n.Constant)
        return is_key and _is_named(node.comparators[0], decoded)
    if not isinstance(node, n.Call) or not node.args:
        return False
    func, first = node.func, node.args[0]
    if isinstance(func, n.Attribute):
        is_error = func.attr == "get" and isinstance(first, n.Constant) and first.value in ERROR_KEYS
        return is_error and _is_named(func.value, decoded)
    return isinstance(func, n.Name) and func.id == "isinstance" and _is_named(first, decoded)


def _is_named(expr: n.Expr, names: set[str]) -> bool:
    return isinstance(expr, n.Name) and expr.id in names


def _names_given(node: n.Node, call: n.Node) -> set[str]:
    """The variables to which a statement gives the response."""
    if isinstance(node, n.Assign) and node.value is not None and _unwrapped(node.value) is call:
        return {target.id for target in node.targets if isinstance(target, n.Name)}
    if isinstance(node, n.WithItem) and isinstance(node.target, n.Name) and _unwrapped(node.context) is call:
        return {node.target.id}
    if isinstance(node, n.Assignment) and _unwrapped(node.value) is call:
        return {node.target.id}
    return set()


def _unwrapped(expr: n.Expr) -> n.Expr:
    return _unwrapped(expr.value) if isinstance(expr, n.Await) else expr


def _is_response(expr: n.Expr, call: n.Node, names: set[str]) -> bool:
    inner = _unwrapped(expr)
    return inner is call or (isinstance(inner, n.Name) and inner.id in names)


def _is_target(name: n.Name, statements: tuple[n.Node, ...]) -> bool:
    """Whether this mention of a name is the place where it is given a value."""
    for node in (x for s in statements for x in walk(s)):
        targets = node.targets if isinstance(node, n.Assign) else (getattr(node, "target", None),)
        if any(target is name for target in targets):
            return True
    return False
