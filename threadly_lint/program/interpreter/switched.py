"""What a library's decorator does only when it is told to: by a keyword, by its object's constructor, or by a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.knowledge import Fact
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


def is_on(program: Program, fact: Fact, by: Atom | None, keywords: dict[str, Value]) -> bool:
    """Whether ``fact`` holds for a decorator that is taken from ``by`` and called with ``keywords``."""
    knowledge = program.knowledge
    told = {name: knowledge.keyword(fact.name, name) for name in knowledge.keywords(fact.name, fact.effect)}
    switches = [name for name, meaning in told.items() if meaning is not None and meaning.default is False]
    if not switches:
        return True
    made = _made_with(by)
    given = [v for name in switches for v in (keywords.get(name, ()), made.get(name, ())) if v]
    if given:
        return any(False not in t.constants(v) for v in given)
    return bool(_settings(program, fact.effect))


def _made_with(by: Atom | None) -> dict[str, Value]:
    """The keywords with which the object was made whose method decorates."""
    receiver = by.shape.receiver.shape if by is not None and isinstance(by.shape, t.LibMethod) else None
    return dict(receiver.made.keywords) if isinstance(receiver, t.Obj) and receiver.made is not None else {}


def _settings(program: Program, effect: str) -> frozenset[str]:
    """Settings with this effect that the project mentions anywhere."""
    known: dict[str, frozenset[str]] = program.memo.setdefault("settings mentioned", {})
    if effect not in known:
        words = (_word(x) for m in program.modules.values() for s in m.skeleton.body for x in walk(s))
        known[effect] = frozenset(w for w in words if w and (f := program.knowledge.setting(w)) and f.effect == effect)
    return known[effect]


def _word(node: n.Node) -> str:
    if isinstance(node, n.Name):
        return node.id
    return node.value if isinstance(node, n.Constant) and node.kind == "str" else ""
