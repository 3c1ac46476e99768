"""What binary operators make of two values: numbers, texts, lists, paths and alternatives of types."""

from __future__ import annotations

import operator
import re

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value

CALCULATED = {"+": operator.add, "-": operator.sub, "*": operator.mul}
PLACES = re.compile(r"%%|%[sdir]")


def combine(left: Value, right: Value, op: str) -> Value:
    """The value of ``left op right`` where no class of the project says what that is."""
    first, second = t.text_of(left), t.text_of(right)
    if op == "+" and first is not None and second is not None:
        return t.const(first + second)
    if op == "+" and (joined := _concatenate(left, right)):
        return joined
    if op == "*" and len(left) == 1 and isinstance(repeated := left[0].shape, t.Seq):
        return (left[0]._replace(shape=t.Seq(repeated.kind, None, t.join(*(repeated.items or ()), repeated.elem))),)
    if op in CALCULATED and (number := _calculated(left, right, op)):
        return number
    if op == "|" and (alternatives := _type_union(left, right)):
        return alternatives
    tags = t.tags_of(left) | t.tags_of(right)
    if op == "/" and (path := next((x for x in (*left, *right) if _is_path(x)), None)) is not None:
        return (Atom(t.Obj(path.shape.name), tags, path.proof),)  # type: ignore[union-attr]
    is_text = first is not None or second is not None or any(_is_text(x) for x in (*left, *right))
    proof = t.common_proof(left) | t.common_proof(right)
    return t.text_like(_shape_of(left, right, op), tags, proof) if is_text else t.unknown(tags, proof)


def _calculated(left: Value, right: Value, op: str) -> Value:
    """``60 * 5``; of ``300 + chance`` at least what is known."""
    first, second = t.only_number(left), t.only_number(right)
    if first is not None and second is not None:
        return t.const(CALCULATED[op](first, second))
    known = first if first is not None else second
    other = right if first is not None else left
    if op != "+" or known is None or not all(isinstance(x.shape, t.Unknown) for x in other):
        return ()
    return t.tagged(t.obj("int", least=t.const(known)), t.tags_of(other))


def _shape_of(left: Value, right: Value, op: str) -> str | None:
    """The constant parts of ``left + right`` or ``template % values``."""
    before = t.shape_text(left)
    if op == "%":
        return before and _filled_in(before, right)
    after = t.shape_text(right)
    return None if before is None and after is None else f"{before or '{}'}{after or '{}'}"


def _filled_in(template: str, values: Value) -> str:
    """``template % values`` with the texts that are known in their places."""
    held = values[0].shape if len(values) == 1 else None
    items = held.items if isinstance(held, t.Seq) and held.kind == "tuple" else (values,)
    texts = [t.shape_text(x) for x in items or ()]
    return PLACES.sub(lambda place: _filling(place[0], texts), template)


def _filling(place: str, texts: list[str | None]) -> str:
    """What stands in one place of a template; ``texts`` loses what has been used."""
    if place == "%%":
        return "%"
    text = texts.pop(0) if texts else None
    return text if text is not None else place


def _is_path(atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and atom.shape.name.startswith("pathlib.")


def _is_text(atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and atom.shape.name == "str"


def _concatenate(left: Value, right: Value) -> Value:
    if len(left) != 1 or len(right) != 1:
        return ()
    x, y = left[0].shape, right[0].shape
    if isinstance(x, t.Seq) and isinstance(y, t.Seq):
        if x.items is not None and y.items is not None:
            return (Atom(t.Seq(x.kind, x.items + y.items)),)
        return (Atom(t.Seq(x.kind, None, t.join(*(x.items or ()), x.elem, *(y.items or ()), y.elem))),)
    return ()


def _type_union(left: Value, right: Value) -> Value:
    """``A | B`` between classes, as annotations use it."""
    both = (*left, *right)
    if both and all(isinstance(x.shape, t.ClassRef | t.Lib) or t.is_none(x) for x in both):
        return both
    return ()
