"""Answers 429 that the project writes by hand, and which headers they carry.

Headers may be given on the spot, set elsewhere in the function, by a function that it calls, by the handler
registered for the exception, or by a hook that sees every answer. Headers that cannot be read are believed to be
complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threadly_lint.program.access.rate_limits import TOO_MANY
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Inlined, Outcome
from threadly_lint.program.interpreter.variables import assignments
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

RETRY_AFTER = re.compile(r"retry[-_]after", re.IGNORECASE)
LIMIT_HEADER = re.compile(r"(x-)?rate-?limit-[a-z-]+", re.IGNORECASE)
STATUS_NAME = re.compile(r"(HTTP_)?(429(_TOO_MANY_REQUESTS)?|TOO_MANY_REQUESTS)|(HTTP)?TooManyRequests")
SEES_ANSWERS = frozenset(
    "after_request after_app_request middleware exception_handler errorhandler app_errorhandler error_handler".split()
)
SEES_ANSWERS_AS_METHOD = frozenset({"__call__", "dispatch", "process_response", "process_exception", "process_request"})
HTTP_EXCEPTIONS = ("starlette.exceptions.HTTPException", "fastapi.HTTPException", "werkzeug.exceptions.HTTPException")
SLOWAPI_LIMITER, SLOWAPI_ERROR = "slowapi.Limiter", "slowapi.errors.RateLimitExceeded"


@dataclass(frozen=True, eq=False)
class Refusal:
    """One answer 429: where it is written, and the header names in reach; ``sure`` when it has no others."""

    path: str
    span: Span
    symbol: str
    headers: frozenset[str] = field(default=frozenset())
    sure: bool = True

    @property
    def says_when(self) -> bool:
        return any(map(RETRY_AFTER.fullmatch, self.headers))

    @property
    def limit_headers(self) -> frozenset[str]:
        return frozenset(h for h in self.headers if LIMIT_HEADER.fullmatch(h))


def refusals(program: Program) -> Iterator[Refusal]:
    """Every answer 429 in the project's code, function by function, then exception classes that stand for one."""
    for function in program.functions:
        if not program.project.is_exempt(function.path) and _writes_status(function.node):
            yield from _in_function(program, function)
    for info in program.classes:
        if not program.project.is_exempt(info.module.path) and _is_refusal(program, info):
            headers = _headers(info.node) | _headers_everywhere(program)
            yield Refusal(
                info.module.path, Span(*info.node.name_span), info.symbol, headers, not _takes_headers(program, info)
            )


def _in_function(program: Program, function: Function) -> Iterator[Refusal]:
    outcome = program.generic_outcome(function)
    spots: dict[int, n.Node] = {}
    for node in _spots(outcome, function):
        if _writes_status(node):
            spots.setdefault(node.span[0], node)
    if not spots:
        return
    headers = _headers(function.node).union(
        _headers_everywhere(program), *(_headers(f.node) for f in _helpers(outcome, function))
    )
    for node in spots.values():
        sure = not any(map(_is_opaque, _given_headers(node))) and not _changes_given_answer(function, node)
        yield Refusal(function.path, Span(*node.span), function.symbol, headers, sure)


def _spots(outcome: Outcome, function: Function) -> Iterator[n.Node]:
    """Statements and calls that answer 429."""
    yield from (e.node for e in outcome.exits if e.status == TOO_MANY)
    for event in outcome.events:
        if isinstance(event, Event) and event.status == TOO_MANY and event.function is function:
            yield event.node


def _helpers(outcome: Outcome, function: Function) -> Iterator[Function]:
    """Functions that it calls, and those around it."""
    yield from (e.outcome.function for e in outcome.events if isinstance(e, Inlined))
    while function.parent is not None:
        function = function.parent
        yield function


def _writes_status(node: n.Node) -> bool:
    return any(_is_status(x) for x in walk(node))


def _is_status(node: n.Node) -> bool:
    if isinstance(node, n.Constant):
        return node.value.startswith(str(TOO_MANY)) and node.kind in ("int", "str")
    name = node.id if isinstance(node, n.Name) else node.attr if isinstance(node, n.Attribute) else ""
    return STATUS_NAME.fullmatch(name) is not None


# Headers


def _headers(node: n.Node) -> frozenset[str]:
    """Names of headers about limits that a piece of code writes, in their usual spelling."""
    words = (_word(x) for x in walk(node))
    return frozenset(
        w.lower().replace("_", "-") for w in words if RETRY_AFTER.fullmatch(w) or LIMIT_HEADER.fullmatch(w)
    )


def _word(node: n.Node) -> str:
    if isinstance(node, n.Constant):
        return node.value if node.kind == "str" else ""
    if isinstance(node, n.Keyword):
        return node.name or ""
    return node.attr if isinstance(node, n.Attribute) else ""


def _given_headers(node: n.Node) -> Iterator[n.Expr]:
    for inner in walk(node):
        if isinstance(inner, n.Keyword) and (inner.name is None or inner.name == "headers"):
            yield inner.value
        elif isinstance(inner, n.Return) and isinstance(inner.value, n.Sequence):
            yield from inner.value.items[2:]


def _changes_given_answer(function: Function, node: n.Node) -> bool:
    """Whether the status is put on an answer that another function made of what this one was given, headers and all."""
    target = node.targets[0] if isinstance(node, n.Assign) else None
    if not isinstance(target, n.Attribute) or not isinstance(target.value, n.Name):
        return False
    given = {p.name for p in function.params}
    values = (value for names, value, _ in assignments(function) if target.value.id in names)
    calls = (v for v in values if isinstance(v, n.Call) and v.args)
    return any(all(isinstance(x, n.Name) and x.id in given for x in call.args) for call in calls)


def _is_opaque(expr: n.Expr) -> bool:
    """Whether header names cannot be read off the expression."""
    return not isinstance(expr, n.Dict) or not all(isinstance(k, n.Constant) for k in expr.keys)


def _headers_everywhere(program: Program) -> frozenset[str]:
    """Headers that hooks and handlers put on answers whoever wrote them."""
    found = program.memo.get("headers everywhere")
    if found is None:
        functions = [f for f in program.functions if _sees_answers(f) and not program.project.is_exempt(f.path)]
        found = frozenset().union(*(_headers(f.node) for f in functions if not _writes_only_own(f)))
        program.memo["headers everywhere"] = found
    return frozenset(found)


def _sees_answers(function: Function) -> bool:
    if function.owner is not None and function.name in SEES_ANSWERS_AS_METHOD:
        return True
    targets = [d.func if isinstance(d, n.Call) else d for d in function.decorators]
    return any(isinstance(d, n.Attribute) and d.attr in SEES_ANSWERS for d in targets)


def _writes_only_own(function: Function) -> bool:
    """A middleware that answers 429 itself gives its headers to its own answer."""
    return function.owner is not None and _writes_status(function.node)


# Exceptions and limiters


def _is_refusal(program: Program, info: Class) -> bool:
    return (
        program.hierarchy.inherits(info, *HTTP_EXCEPTIONS)
        and _writes_status(info.node)
        and not any(_writes_status(s) for s in info.node.body if isinstance(s, n.Function) and s.name != "__init__")
    )


def _takes_headers(program: Program, info: Class) -> bool:
    init = program.hierarchy.constructor(info)
    return init is not None and any(p.name == "headers" or p.kind == "kwargs" for p in init.params)


def unhandled_limiters(program: Program) -> Iterator[Refusal]:
    """Limiters whose error nobody turns into a complete answer: where they are made."""
    from threadly_lint.program.entry.registered_handlers import registered_handlers
    from threadly_lint.program.entry.registrations import scope_in
    from threadly_lint.program.interpreter.expressions import evaluate

    handled = {name for handler in registered_handlers(program) for name in handler.classes}
    for call, module, function in program.calls_named("Limiter"):
        made = evaluate(scope_in(program, module, function), call.func)
        is_limiter = any(isinstance(x.shape, t.Lib) and x.shape.name == SLOWAPI_LIMITER for x in made)
        if is_limiter and SLOWAPI_ERROR not in handled and not program.project.is_exempt(module.path):
            yield Refusal(module.path, Span(*call.span), function.symbol if function is not None else module.name)
