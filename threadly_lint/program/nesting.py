"""How deep and how large values may be: recursive structures would grow for ever."""

from __future__ import annotations

from threadly_lint.program import types as t
from threadly_lint.program.types import Atom, Value

MAX_DEPTH = 9
MAX_SIZE = 1500


def bounded(value: Value) -> Value:
    """``value``, or an unknown with its tags when values nest in it too deeply, or there are too many of them."""
    return value if is_within(value, MAX_DEPTH) else (*t.keep(value, t.is_none), Atom(t.Unknown(), t.tags_of(value)))


def is_within(value: Value, depth: int) -> bool:
    """Whether values nest at most ``depth`` levels deep in this one, itself included, and are no more than ``MAX_SIZE``."""
    level, size = [value] if value else [], 0
    for _ in range(depth):
        level = [inner for outer in level for atom in outer for inner in t.parts_of(atom.shape) if inner]
        if not level:
            return True
        size += len(level)
        if size > MAX_SIZE:
            return False
    return not level
