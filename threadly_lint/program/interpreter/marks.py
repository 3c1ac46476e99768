"""Marks: attributes that the project puts on its own functions (``handler.is_public = True``), most often by a decorator.

Middleware looks for them (``getattr(handler, "is_public", False)``) to know which handlers it is to leave alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Function

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

MAX_DEPTH = 4


def is_markable(program: Program, value: Value, name: str) -> bool:
    """Whether these are functions, and the project puts an attribute of this name on something."""
    return bool(value) and all(any(functions_of(x)) for x in value) and program.slots.is_written(name)


def mark(program: Program, value: Value, name: str) -> Value:
    """What the attribute of these functions is; empty when nobody has put it there."""
    program.slots.write_by_modules(name)
    stored = program.behaviour.slots
    return t.join(*(stored.get((function.symbol, name), ()) for atom in value for function in functions_of(atom)))


def functions_of(atom: Atom, depth: int = MAX_DEPTH) -> Iterator[Function]:
    """The function that an atom is, and those that it wraps."""
    shape = atom.shape
    if isinstance(shape, t.Func):
        yield shape.info
        inner = tuple(x for _, value in shape.captured for x in value)
    elif isinstance(shape, t.Wrapped):
        inner = shape.inner
    elif isinstance(shape, t.Rest):
        inner = shape.handler
    else:
        return
    for each in inner if depth else ():
        yield from functions_of(each, depth - 1)
