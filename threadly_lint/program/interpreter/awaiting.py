"""Coroutines that are made in one place and awaited in another: what they do stands where they are awaited.

``tasks = [load(x) for x in xs]`` does nothing yet; ``await gather(*tasks, return_exceptions=True)`` does it all, and catches its
failures. A coroutine's value carries a tag that tells which of the activation's events are its own.
"""

from __future__ import annotations

from dataclasses import replace

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import COROUTINE, Activation
from threadly_lint.program.interpreter.types import Tag, Value
from threadly_lint.skeleton import nodes as n


def made(a: Activation, expr: n.Call, func: Value, value: Value, mark: int) -> Value:
    """The value of a call whose events begin at ``mark``: of an ``async`` function that is not awaited at once, a coroutine."""
    if not a.function.is_async or expr is a.awaited or len(a.events) == mark or not any(_is_async(a, x) for x in func):
        return value
    a.coroutines.append((mark, len(a.events)))
    return t.tagged(value, frozenset({Tag(COROUTINE, _name(a, len(a.coroutines) - 1))}))


def awaited_here(
    a: Activation, args: tuple[Value, ...], keywords: dict[str, Value]
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """Move what coroutines among the values do into the constructs around this point. Returns the values without their tags."""
    sought = {x.detail for value in (*args, *keywords.values()) for x in t.tags_of(value) if x.kind == COROUTINE}
    for number, (start, end) in enumerate(a.coroutines):
        if _name(a, number) in sought:
            a.events[start:end] = [replace(event, frame=a.frame) for event in a.events[start:end]]
    return tuple(t.untagged(x, COROUTINE) for x in args), {k: t.untagged(v, COROUTINE) for k, v in keywords.items()}


def _name(a: Activation, number: int) -> str:
    return f"{a.function.symbol}#{number}"


def _is_async(a: Activation, atom: t.Atom) -> bool:
    match atom.shape:
        case t.Func(info):
            return info.is_async
        case t.Lib(name) | t.LibMethod(_, name, _):
            return any(fact.is_async for fact in a.knowledge.facts(name))
    return False
