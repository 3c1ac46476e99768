"""Coroutines from before ``async def``: a decorator makes a generator one, ``yield`` awaits and ``raise Return(...)`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

DECORATORS = frozenset(
    """asyncio.coroutine tornado.gen.coroutine tornado.gen.engine twisted.internet.defer.inlineCallbacks
    types.coroutine""".split()
)
RETURN = "tornado.gen.Return"


def is_coroutine(program: Program, function: Function) -> bool:
    """Whether a decorator makes this generator function a coroutine."""
    from threadly_lint.program.interpreter.wrappers import library_name

    if not function.decorators:
        return False
    key = ("coroutine", function)
    if key not in program.memo:
        scope = program.bindings.body(function.module)
        program.memo[key] = any(library_name(scope, x) in DECORATORS for x in function.decorators)
    return bool(program.memo[key])


def returned(raised: Value) -> Value | None:
    """The value of ``raise Return(value)``; None for any other exception."""
    shape = raised[0].shape if len(raised) == 1 else None
    if not isinstance(shape, t.Obj) or shape.name != RETURN:
        return None
    made = shape.made
    return (made.args[0] if made and made.args else made.keyword("value") if made else ()) or t.NONE
