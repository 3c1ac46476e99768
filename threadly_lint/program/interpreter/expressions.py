"""The value of an expression. An awaited call has the value that it yields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, merge
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.awaiting import awaited_here
from threadly_lint.program.interpreter.containers import element, fixed_items, item
from threadly_lint.program.interpreter.coroutines import is_coroutine
from threadly_lint.program.interpreter.effects import Exit
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.operators import combine
from threadly_lint.program.interpreter.queries import awaited, consume, lazy_class
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import constant

MAX_MAPPED = 16
OPERATORS = {"&": "__and__", "|": "__or__", "~": "__invert__"}


def evaluate(a: Activation, expr: n.Expr) -> Value:
    """What ``expr`` may be at this point of the activation, whose state moves on."""
    value = EVALUATORS[type(expr)](a, expr)
    for atom in value:
        if atom.tags:
            a.seen |= atom.tags
    return value


def path_of(expr: n.Expr) -> str | None:
    """The text under which a test can refine an expression: ``user``, ``self.user``, ``session['id']``."""
    if isinstance(expr, n.Name):
        return expr.id
    if isinstance(expr, n.Await):
        return path_of(expr.value)
    if isinstance(expr, n.Assignment):
        return expr.target.id
    if isinstance(expr, n.Attribute):
        base = path_of(expr.value)
        return base and f"{base}.{expr.attr}"
    if isinstance(expr, n.Subscript) and isinstance(expr.index, n.Constant):
        base = path_of(expr.value)
        return base and f"{base}[{expr.index.value!r}]"
    return None


def last_name(expr: n.Expr) -> str:
    """The name under which an expression finds its value: ``password`` of ``row.password`` and ``row["password"]``."""
    if isinstance(expr, n.Name):
        return expr.id
    if isinstance(expr, n.Attribute):
        return expr.attr
    if isinstance(expr, n.Subscript):
        return expr.index.value if isinstance(expr.index, n.Constant) else last_name(expr.value)
    if isinstance(expr, n.Call) and isinstance(expr.func, n.Attribute):
        first = expr.args[0] if expr.args else None
        is_get = expr.func.attr == "get" and isinstance(first, n.Constant)
        return first.value if is_get and isinstance(first, n.Constant) else last_name(expr.func.value)
    return ""


def _refined(a: Activation, expr: n.Expr) -> Value | None:
    path = path_of(expr)
    return a.state.env.get(path) if path and a.state is not None else None


def _name(a: Activation, expr: n.Name) -> Value:
    return a.lookup(expr.id)


def _attribute(a: Activation, expr: n.Attribute) -> Value:
    refined = _refined(a, expr)
    if refined is not None:
        return refined
    return attribute(a, evaluate(a, expr.value), expr.attr, expr)


def _subscript(a: Activation, expr: n.Subscript) -> Value:
    refined = _refined(a, expr)
    if refined is not None:
        return refined
    base = evaluate(a, expr.value)
    key = evaluate(a, expr.index)
    if isinstance(expr.index, n.Slice) and base and all(lazy_class(a, x) is not None for x in base):
        return base
    consume(a, base, expr, 1)
    return item(a, base, key, expr)


def _call(a: Activation, expr: n.Call) -> Value:
    from threadly_lint.program.interpreter.calls import evaluate_call

    return evaluate_call(a, expr)


def _constant(a: Activation, expr: n.Constant) -> Value:
    return t.const(constant(expr)) if expr.kind != "..." else t.ANYTHING


def _fstring(a: Activation, expr: n.FString) -> Value:
    parts = [evaluate(a, part) for part in expr.parts]
    text = "".join((t.shape_text(p) if len(p) == 1 else None) or "{}" for p in parts)
    return t.text_like(text, frozenset().union(*(t.tags_of(p) for p in parts)))


def _slice(a: Activation, expr: n.Slice) -> Value:
    for bound in (expr.lower, expr.upper, expr.step):
        if bound is not None:
            evaluate(a, bound)
    return t.obj("slice")


def _sequence(a: Activation, expr: n.Sequence) -> Value:
    if len(expr.items) > 64:
        return (Atom(t.Seq(expr.kind, None, t.melt(t.join(*(evaluate(a, i) for i in expr.items[:64])) or t.ANYTHING))),)
    items: list[Value] = []
    fixed = True
    for node in expr.items:
        if isinstance(node, n.Starred):
            spread = evaluate(a, node.value)
            known = spread[0].shape.items if len(spread) == 1 and isinstance(spread[0].shape, t.Seq) else None
            fixed = fixed and known is not None
            items.extend(known if known is not None else (element(a, spread),))
        else:
            items.append(evaluate(a, node))
    shape = t.Seq(expr.kind, tuple(items)) if fixed else t.Seq(expr.kind, None, t.join(*items))
    return (Atom(shape),)


def _dict(a: Activation, expr: n.Dict) -> Value:
    entries: dict[object, Value] = {}
    is_open = len(expr.keys) > 64
    tags: t.Tags = t.NO_TAGS
    for key, node in zip(expr.keys[:64], expr.values[:64], strict=True):
        value = evaluate(a, node)
        if key is None:
            is_open |= _spread(entries, value)
            tags |= frozenset().union(*(x.tags for x in value))
            continue
        name = evaluate(a, key)
        if len(names := t.constants(name)) == 1:
            entries[names[0]] = value
        else:
            is_open = True
            tags |= t.tags_of(name) | t.keyed(t.tags_of(value), by=t.tags_of(name))
    return (Atom(t.Map(tuple(entries.items()), is_open), tags),)


def _spread(entries: dict[object, Value], value: Value) -> bool:
    """Copy a mapping's known entries; whether there may be more."""
    is_open = not value
    for atom in value:
        if isinstance(atom.shape, t.Map):
            entries.update(atom.shape.entries)
            is_open |= atom.shape.open
        else:
            is_open = True
    return is_open


def _starred(a: Activation, expr: n.Starred) -> Value:
    return evaluate(a, expr.value)


def _await(a: Activation, expr: n.Await) -> Value:
    """What is awaited has the value that it yields; a lazy query runs now."""
    outer, a.awaited = a.awaited, expr.value
    value = evaluate(a, expr.value)
    a.awaited = outer
    if a.coroutines:
        (value,), _ = awaited_here(a, (value,), {})
    return awaited(a, value, expr)


def _yield(a: Activation, expr: n.Yield) -> Value:
    value = evaluate(a, expr.value) if expr.value is not None else t.NONE
    if is_coroutine(a.program, a.function):
        return awaited(a, value, expr)
    if a.state is not None:
        value = element(a, value) if expr.is_from else value
        a.exits.append(Exit("yield", value, a.state.auth, 0, expr, a.frame, len(a.events)))
    return t.ANYTHING


def _compare(a: Activation, expr: n.Compare) -> Value:
    from threadly_lint.program.interpreter.capabilities import query_condition

    if len(expr.ops) == 1:
        return query_condition(a, expr) or _truth(a, expr)
    parts = [evaluate(a, part) for part in (expr.left, *expr.comparators)]
    return t.tagged((*t.TRUE, *t.FALSE), frozenset().union(*(t.tags_of(p) for p in parts)))


def _truth(a: Activation, expr: n.Expr) -> Value:
    """A test used as a value: true and false, each with what it proves."""
    from threadly_lint.program.interpreter.conditions import branch

    before = a.state.auth if a.state is not None else t.NO_PROOF
    known = a.state.checked if a.state is not None else frozenset()
    when_true, when_false = branch(a, expr)
    found: list[Value] = []
    for state, value, kind in ((when_true, t.TRUE, "vouches"), (when_false, t.FALSE, "refutes")):
        if state is not None:
            learned = [place for place in state.checked - known if place in state.env]
            a.places.update((place, state.env[place]) for place in learned)
            tags = frozenset(t.Tag(kind, place) for place in learned)
            found.append(t.tagged(t.proven(value, state.auth - before), tags))
    a.state = merge(when_true, when_false)
    return t.join(*found)


def _boolop(a: Activation, expr: n.BoolOp) -> Value:
    """``x or y`` is x where x is true, else y; the parts keep their proofs."""
    from threadly_lint.program.interpreter.conditions import branch

    if all(isinstance(v, n.Compare | n.BoolOp) or _is_not(v) for v in expr.values):
        return _truth(a, expr)
    results: list[Value] = []
    ended = []
    for position, part in enumerate(expr.values):
        if a.state is None:
            break
        if position == len(expr.values) - 1:
            before = a.state.auth
            value = evaluate(a, part)
            results.append(t.proven(value, before))
            break
        value = evaluate(a, part)
        if not a.alive:
            break
        wanted = expr.op == "or"
        if value and all(t.truthiness(x) is wanted for x in value):
            results.append(value)
            break
        results.append(t.keep(value, partial(_may_be, wanted=wanted)))
        when_true, when_false = branch(a, part) if path_of(part) else (a.state, a.state.copy())
        stop, a.state = (when_true, when_false) if wanted else (when_false, when_true)
        ended.append(stop)
    a.state = merge(a.state, *ended)
    return t.join(*results) or t.ANYTHING


def _may_be(atom: Atom, *, wanted: bool) -> bool:
    return t.truthiness(atom) is not (not wanted)


def _is_not(expr: n.Expr) -> bool:
    return isinstance(expr, n.UnaryOp) and expr.op == "not"


def _unary(a: Activation, expr: n.UnaryOp) -> Value:
    if expr.op == "not":
        return _truth(a, expr)
    value = evaluate(a, expr.operand)
    if expr.op == "~" and (inverted := _inverted(a, value, expr)):
        return inverted
    numbers = t.constants(value)
    if expr.op == "-" and len(numbers) == 1 and isinstance(numbers[0], int | float):
        return t.const(-numbers[0])
    return t.unknown(t.tags_of(value))


def _inverted(a: Activation, value: Value, expr: n.UnaryOp) -> Value:
    from threadly_lint.program.interpreter.attributes import operator_method
    from threadly_lint.program.interpreter.calls import call_value

    method = operator_method(a, value, OPERATORS["~"], expr)
    return call_value(a, method, (), {}, expr) if method else ()


def _binary(a: Activation, expr: n.BinOp) -> Value:
    chain = [expr.right]
    left: n.Expr = expr.left
    while isinstance(left, n.BinOp):
        chain.append(left.right)
        left = left.left
    value = evaluate(a, left)
    for node in reversed(chain):
        other = evaluate(a, node)
        value = _overloaded(a, value, other, expr) or combine(value, other, expr.op)
    return value


def _overloaded(a: Activation, left: Value, right: Value, expr: n.BinOp) -> Value:
    """``x & y`` where the class (for a class: the metaclass) of x says what that is."""
    from threadly_lint.program.interpreter.attributes import operator_method
    from threadly_lint.program.interpreter.calls import call_value

    if expr.op not in OPERATORS or not any(isinstance(x.shape, t.Inst | t.ClassRef) for x in left):
        return ()
    method = operator_method(a, left, OPERATORS[expr.op], expr)
    return call_value(a, method, (right,), {}, expr) if method else ()


def _conditional(a: Activation, expr: n.IfExp) -> Value:
    from threadly_lint.program.interpreter.conditions import branch

    when_true, when_false = branch(a, expr.test)
    results: list[Value] = []
    states = []
    for state, node in ((when_true, expr.body), (when_false, expr.orelse)):
        a.state = state
        if state is not None:
            before = state.auth
            results.append(t.proven(evaluate(a, node), before))
        states.append(a.state)
    a.state = merge(*states)
    return t.join(*results)


def _assignment(a: Activation, expr: n.Assignment) -> Value:
    value = evaluate(a, expr.value)
    a.bind(expr.target.id, value)
    return value


def _lambda(a: Activation, expr: n.Lambda) -> Value:
    info = a.module.function(expr, a.function if a.function.name != "<module>" else None, None)
    return (Atom(t.Func(info, (), captured_by(a, info))),)


def captured_by(a: Activation, info: Any) -> tuple[tuple[str, Value], ...]:
    """The enclosing variables that a nested function uses."""
    if a.state is None or a.function.name == "<module>":
        return ()
    known = {**a.captured, **{k: v for k, v in a.state.env.items() if k.isidentifier()}}
    names = sorted((info.names_used - info.names_bound) & known.keys())
    return tuple((name, bounded(known[name])) for name in names)


def _comprehension(a: Activation, expr: n.Comprehension) -> Value:
    from threadly_lint.program.interpreter.assignment import assign
    from threadly_lint.program.interpreter.conditions import branch

    if a.state is None:
        return t.ANYTHING
    outer = a.state.copy()
    first = evaluate(a, expr.generators[0].iterable)
    if (mapped := _mapped(a, expr, first)) is not None:
        return mapped
    with a.inside("loop", expr):
        for generator in expr.generators:
            iterable = first if generator is expr.generators[0] else evaluate(a, generator.iterable)
            consume(a, iterable, generator.iterable)
            assign(a, generator.target, element(a, iterable), generator)
            for condition in generator.conditions:
                a.state = branch(a, condition)[0] or a.state
        produced = evaluate(a, expr.element)
        value = evaluate(a, expr.value) if expr.value is not None else ()
    a.state = outer
    if expr.kind == "dict":
        names = t.tags_of(produced)
        return (Atom(t.Map((), True), names | t.keyed(t.tags_of(value), by=names)),)
    return (Atom(t.Seq("list" if expr.kind == "generator" else expr.kind, None, produced), t.tags_of(produced)),)


def _mapped(a: Activation, expr: n.Comprehension, iterable: Value) -> Value | None:
    """``[f(x) for x in (a, b)]`` item by item; None unless all items are known and none is left out."""
    from threadly_lint.program.interpreter.assignment import assign

    first = expr.generators[0]
    if a.state is None or len(expr.generators) > 1 or first.conditions or expr.kind not in ("list", "generator"):
        return None
    items = fixed_items(iterable)
    if items is None or len(items) > MAX_MAPPED:
        return None
    outer, produced = a.state.copy(), []
    with a.inside("loop", expr):
        for value in items:
            assign(a, first.target, value, first)
            produced.append(evaluate(a, expr.element))
    a.state = outer
    return (Atom(t.Seq("list", tuple(produced))),)


EVALUATORS: dict[type, Callable[[Activation, Any], Value]] = {
    n.Name: _name,
    n.Attribute: _attribute,
    n.Call: _call,
    n.Constant: _constant,
    n.FString: _fstring,
    n.Subscript: _subscript,
    n.Slice: _slice,
    n.Sequence: _sequence,
    n.Dict: _dict,
    n.Starred: _starred,
    n.Await: _await,
    n.Yield: _yield,
    n.Compare: _compare,
    n.BoolOp: _boolop,
    n.UnaryOp: _unary,
    n.BinOp: _binary,
    n.IfExp: _conditional,
    n.Assignment: _assignment,
    n.Lambda: _lambda,
    n.Comprehension: _comprehension,
}
