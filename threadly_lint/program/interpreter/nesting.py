"""How deep and how large values may be: recursive structures would grow for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Shape, Value

MAX_DEPTH = 9
MAX_SIZE = 400


def bounded(value: Value) -> Value:
    """``value``, or an unknown with its tags when values nest in it too deeply, or there are too many of them."""
    return value if is_within(value, MAX_DEPTH) else (*t.keep(value, t.is_none), Atom(t.Unknown(), t.tags_of(value)))


def is_within(value: Value, depth: int) -> bool:
    """Whether values nest at most ``depth`` levels deep in this one, itself included, and are no more than ``MAX_SIZE``."""
    level, size = [value] if value else [], 0
    for _ in range(depth):
        level = [inner for outer in level for atom in outer for inner in parts_of(atom.shape) if inner]
        if not level:
            return True
        size += len(level)
        if size > MAX_SIZE:
            return False
    return not level


def clipped(value: Value, depth: int) -> Value:
    """``value`` without what nests in it more than ``depth`` levels deep."""
    return t.join(*((_clipped(atom, depth),) for atom in value))


def _clipped(atom: Atom, depth: int) -> Atom:
    if is_within((atom,), depth):
        return atom
    shape = atom.shape
    if depth > 1 and isinstance(shape, t.Seq):
        items = tuple(clipped(v, depth - 1) for v in shape.items) if shape.items is not None else None
        return atom._replace(shape=shape._replace(items=items, elem=clipped(shape.elem, depth - 1)))
    if depth > 1 and isinstance(shape, t.Inst):
        keywords = tuple((name, clipped(v, depth - 1)) for name, v in shape.keywords)
        return atom._replace(shape=t.Inst(shape.info, tuple(clipped(v, depth - 1) for v in shape.args), keywords))
    if isinstance(shape, t.Inst):
        return atom._replace(shape=t.Inst(shape.info))
    if isinstance(shape, t.Obj):
        return atom._replace(shape=t.Obj(shape.name, clipped(shape.elem, depth - 1) if depth > 1 else ()))
    return Atom(t.Unknown(), t.tags_of((atom,)), atom.proof)


def parts_of(shape: Shape) -> list[Value]:
    """Values inside a shape."""
    read = _PARTS.get(shape.__class__)
    return read(shape) if read is not None else []


def _within(pairs: tuple[tuple[Any, Value], ...]) -> list[Value]:
    return [value for _, value in pairs]


_PARTS: dict[type, Callable[[Any], list[Value]]] = {
    t.Seq: lambda shape: [*(shape.items or ()), shape.elem],
    t.Map: lambda shape: _within(shape.entries),
    t.Func: lambda shape: [shape.bound, *_within(shape.captured)],
    t.Inst: lambda shape: [*shape.args, *_within(shape.keywords)],
    t.Partial: lambda shape: [shape.func, *shape.args, *_within(shape.keywords)],
    t.Wrapped: lambda shape: [shape.inner],
    t.Obj: lambda shape: [shape.elem, *_within(shape.attrs), *(shape.made.args if shape.made else ())],
    t.LibMethod: lambda shape: [(shape.receiver,)],
    t.Super: lambda shape: [shape.receiver],
}
