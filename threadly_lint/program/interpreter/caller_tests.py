"""Tests of the caller that only somebody signed in passes: a flag that is set, a name, being the owner of a row."""

from __future__ import annotations

from threadly_lint.program.access.credentials import is_account
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, State
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Guard, Value
from threadly_lint.skeleton import nodes as n

CALLER = "identity"
FLAG = "is_authenticated"
OF_NOBODY = frozenset({"is_anonymous", "groups", "objects", "user_permissions"})
"""Attributes that anonymous users have too, and that count as true."""
ALWAYS_THERE = frozenset({"path", "typed", "url"})
"""Parts of a request that are never empty."""


def learn_from_flag(a: Activation, test: n.Expr, value: Value, when_true: State | None) -> None:
    """``if user.is_manager``: an attribute of the caller that is set is the attribute of somebody."""
    if when_true is None or not isinstance(test, n.Attribute) or not _is_of_somebody(a, test, value):
        return
    when_true.auth |= {_guard(a, test)}


def learn_from_equality(
    a: Activation, test: n.Compare, op: str, left: Value, right: Value, when_true: State | None
) -> None:
    """``user.role == "editor"``, ``row.owner == user``: nobody who is anonymous is equal to that."""
    if when_true is None or op not in ("==", "is", "in"):
        return
    sides = (
        ((test.left, left, right), (test.comparators[0], right, left)) if op != "in" else ((test.left, left, right),)
    )
    for node, caller, other in sides:
        is_user = all(isinstance(x.shape, t.Inst | t.Obj) for x in caller if not t.is_none(x))
        if _is_somebody(other, but_none=is_user) and _is_caller(a, node, caller):
            when_true.auth |= {_guard(a, test)}


def _guard(a: Activation, test: n.Expr) -> Guard:
    return a.guard("test of the caller", test)


def _is_caller(a: Activation, node: n.Expr, value: Value) -> bool:
    """The user of the request, or an attribute of it."""
    there = [x for x in value if not t.is_none(x)]
    if there and all(_is_account(a, x) and not isinstance(x.shape, t.Unknown) for x in there):
        return True
    return isinstance(node, n.Attribute) and _is_of_somebody(a, node, value)


def _is_of_somebody(a: Activation, test: n.Attribute, value: Value) -> bool:
    """Whether an attribute belongs to a user, and no alternative of it is one that counts as true for anybody."""
    if test.attr in OF_NOBODY or not t.has_tag(value, CALLER):
        return False
    if any(isinstance(x.shape, t.Const) and x.shape.value and not x.proof for x in value):
        return False
    return _belongs_to_user(a, test.value)


def _belongs_to_user(a: Activation, owner: n.Expr) -> bool:
    """Whether an expression is the user of the request, or leads there: ``user.profile``."""
    with a.trial(a.state):
        there = [x for x in evaluate(a, owner) if not t.is_none(x)]
    if there and all(_is_account(a, x) for x in there):
        return True
    return isinstance(owner, n.Attribute) and _belongs_to_user(a, owner.value)


def _is_account(a: Activation, atom: Atom) -> bool:
    shape = atom.shape
    if not any(tag.kind == CALLER for tag in atom.tags):
        return False
    if isinstance(shape, t.Inst):
        return is_account(a.program, shape.info) or a.program.hierarchy.has_attribute(shape, FLAG)
    return isinstance(shape, t.Unknown) or (isinstance(shape, t.Obj) and a.knowledge.is_known(f"{shape.name}.{FLAG}"))


def _is_somebody(value: Value, *, but_none: bool) -> bool:
    """Whether a value cannot be what an anonymous user has instead: no empty literal, nothing that the caller may leave empty."""
    value = t.keep(value, lambda x: not t.is_none(x)) if but_none else value
    tags = t.tags_of(value)
    if not value or any(tag.kind in (CALLER, "session", "credential") for tag in tags):
        return False
    if any(tag.kind == "request" and tag.detail not in ALWAYS_THERE for tag in tags):
        return False
    return not any(isinstance(x.shape, t.Const) and not x.shape.value for x in value)
