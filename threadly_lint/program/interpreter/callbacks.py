"""Functions handed to a library: it calls them, now or later, with what else it was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

CALLS_NOW = frozenset({"adapter", "background", "enqueue"})
OF_INTEREST = frozenset({"external-call", "user-check", "token-check", "guard", "hash", "read", "write"})
LIMITS = frozenset({"background", "timeout"})


def around_arguments(a: Activation, func: Value, node: n.Call) -> AbstractContextManager[None]:
    """The construct in which the arguments of a call stand.

    ``wait_for(load(), 5)`` and ``create_task(load())`` are given a coroutine: what it does happens under their rule.
    """
    for atom in func:
        shape = atom.shape
        name = shape.name if isinstance(shape, t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
        if name and (_has_effect(a, name, LIMITS) or any(_isolates(a, name, k) for k in node.keywords)):
            return a.inside("callback", node, value=t.lib(name))
    return nullcontext()


def _has_effect(a: Activation, name: str, effects: frozenset[str]) -> bool:
    return any(fact.effect in effects for fact in a.knowledge.facts(name))


def _isolates(a: Activation, name: str, keyword: n.Keyword) -> bool:
    fact = a.knowledge.keyword(name, keyword.name) if keyword.name else None
    return fact is not None and fact.effect == "fallback"


def handed_functions(a: Activation, call: Call) -> list[Value]:
    """The functions among a library call's arguments that it calls; a library's own only where they reach out."""
    if any(fact.effect == "adapter" and not fact.is_async for fact in a.knowledge.facts(call.name)):
        return []
    runs = _has_effect(a, call.name, CALLS_NOW)
    return [v for v in call.given if any(_is_function(a, x, runs=runs) for x in v)]


def _is_function(a: Activation, atom: t.Atom, *, runs: bool) -> bool:
    shape = atom.shape
    if isinstance(shape, t.Func | t.Partial | t.Wrapped):
        return True
    name = shape.name if isinstance(shape, t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
    return runs and bool(name) and _has_effect(a, name, OF_INTEREST)


def run_callbacks(a: Activation, call: Call, handed: list[Value]) -> Value:
    """Call the functions that a library was handed; what they prove holds afterwards only where the caller waits for it."""
    from threadly_lint.program.interpreter.calls import call_value

    before = a.state.auth if a.state is not None else t.NO_PROOF
    results = []
    with a.inside("callback", call.node, value=t.lib(call.name)):
        for value in handed:
            saved = a.state.copy() if a.state is not None else None
            results.append(call_value(a, value, *_arguments_for(a, call, value, handed), _as_called(call, value)))
            a.state = a.state or saved
    if a.state is not None and not _has_effect(a, call.name, frozenset({"adapter"})):
        a.state.auth = before
    return t.join(*results)


def _arguments_for(
    a: Activation, call: Call, value: Value, handed: list[Value]
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """What follows the function is meant for it; keywords are where the library passes them on."""
    if value in call.args:
        args = tuple(v for v in call.args[call.args.index(value) + 1 :] if v not in handed)
    else:
        args = tuple(_items(call.keywords.get("args", ())))
    passed_on = _has_effect(a, call.name, CALLS_NOW)
    return args, {k: v for k, v in call.keywords.items() if passed_on and v not in handed and k not in ("args", "name")}


def _as_called(call: Call, value: Value) -> n.Expr:
    """The call as the function that is handed over sees it: ``to_thread(load, key)`` means ``load(key)``."""
    node = call.node
    if not isinstance(node, n.Call) or value not in call.args or len(node.args) != len(call.args):
        return n.Name(node.span, call.name)
    position = call.args.index(value)
    return n.Call(node.span, node.args[position], node.args[position + 1 :], node.keywords)


def _items(value: Value) -> Iterator[Value]:
    for atom in value[:1]:
        if isinstance(atom.shape, t.Seq):
            yield from atom.shape.items or ()
