"""Assignment: names, unpacked parts, attributes and items get values."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.behaviour import key_names
from threadly_lint.program.interpreter.containers import element
from threadly_lint.program.interpreter.expressions import evaluate, path_of
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n


def assign(a: Activation, target: n.Expr, value: Value, node: n.Node) -> None:
    """Give ``value`` to a target of any form."""
    if isinstance(target, n.Name):
        if target.id in a.function.globals_declared:
            a.emit("global-write", target.id, target, args=(value,))
        a.bind(target.id, value)
    elif isinstance(target, n.Sequence):
        _unpack(a, target, value, node)
    elif isinstance(target, n.Starred):
        assign(a, target.value, (Atom(t.Seq("list", None, value)),), node)
    elif isinstance(target, n.Attribute):
        _store(a, target, evaluate(a, target.value), target.attr, value, node)
    elif isinstance(target, n.Subscript):
        if isinstance(target.value, n.Name) and a.is_global(target.value.id):
            a.emit("global-write", target.value.id, target, args=(value,))
        key = evaluate(a, target.index)
        keys = key_names(key)
        base = evaluate(a, target.value)
        if len(keys) == 1:
            _store(a, target, base, f"[{keys[0]!r}]", value, node)
        a.program.behaviour.item_changed(a, base, "__setitem__", (key, value), node)
        _put(a, target.value, base, key, value)


def _unpack(a: Activation, target: n.Sequence, value: Value, node: n.Node) -> None:
    for position, part in enumerate(target.items):
        if isinstance(part, n.Starred):
            assign(a, part.value, (Atom(t.Seq("list", None, element(a, value))),), node)
        else:
            assign(a, part, t.join(*(_part(a, x, position, target) for x in value)) or t.ANYTHING, node)


def _part(a: Activation, atom: Atom, position: int, target: n.Sequence) -> Value:
    shape = atom.shape
    if isinstance(shape, t.Seq) and shape.items is not None:
        found = shape.items[position] if position < len(shape.items) else ()
        return t.proven(t.tagged(found, atom.tags), atom.proof)
    return element(a, (atom,))


def _store(a: Activation, target: n.Expr, base: Value, key: str, value: Value, node: n.Node) -> None:
    """An attribute or item is set: remembered on this path, for the object's class and as an effect on a row."""
    if a.state is None:
        return
    path = path_of(target)
    if path is not None:
        a.state.env[path] = bounded(value)
    a.program.behaviour.stored(a, base, key, value, node)


def _put(a: Activation, container: n.Expr, base: Value, key: Value, value: Value) -> None:
    """``mapping[key] = value`` changes what the variable holds."""
    keys = t.constants(key)
    if a.state is None or not isinstance(container, n.Name) or container.id not in a.state.env:
        return
    a.state.env[container.id] = bounded(tuple(_with_entry(x, keys, key, value) for x in base))


def _with_entry(atom: Atom, keys: list[object], key: Value, value: Value) -> Atom:
    shape = atom.shape
    if not isinstance(shape, t.Map):
        return atom
    if len(keys) == 1:
        entries = {**dict(shape.entries), keys[0]: value}
        return atom._replace(shape=t.Map(tuple(entries.items()), shape.open))
    tags = t.tags_of(key) | t.keyed(t.tags_of(value), by=t.tags_of(key))
    return Atom(t.Map(shape.entries, True), atom.tags | tags, atom.proof)


def run_assignment(a: Activation, s: n.Assign) -> None:
    if s.value is None:
        if s.annotation is not None and isinstance(s.targets[0], n.Name):
            a.bind(s.targets[0].id, a.program.bindings.annotated(s.annotation, a))
        return
    value = evaluate(a, s.value)
    if s.annotation is not None and all(isinstance(x.shape, t.Unknown) for x in value):
        value = t.tagged(a.program.bindings.annotated(s.annotation, a), t.tags_of(value)) or value
    for target in s.targets:
        assign(a, target, value, s)


def run_augmented_assignment(a: Activation, s: n.AugAssign) -> None:
    before = evaluate(a, s.target)
    value = evaluate(a, n.BinOp(s.span, s.target, s.op, s.value)) if s.op else before
    assign(a, s.target, value, s)


def run_deletion(a: Activation, s: n.Delete) -> None:
    for target in s.targets:
        path = path_of(target)
        if isinstance(target, n.Subscript):
            base, key = evaluate(a, target.value), evaluate(a, target.index)
            a.program.behaviour.item_changed(a, base, "__delitem__", (key,), s)
        if a.state is not None and path in a.state.env:
            del a.state.env[path]
