"""Settings that switch a check of the caller off: who then comes through has not slipped past a guard."""

from __future__ import annotations

import re
from collections.abc import Iterable

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import ABOUT_CALLER, CALLER_TEST, Activation, State
from threadly_lint.program.interpreter.checks import place_of
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Guard, Tag
from threadly_lint.skeleton import nodes as n

SWITCH = "setting `"
SETTINGS_CLASSES = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings")


def about_caller(tags: Iterable[Tag]) -> bool:
    """Whether something that was looked at says who the caller is."""
    return any(tag.kind in ABOUT_CALLER or tag in CALLER_TEST for tag in tags)


def switch(a: Activation, test: n.Expr, state: State | None, depends_on: Iterable[Tag]) -> Guard | None:
    """The setting that a test asks (``not settings.USE_AUTH``), whose answer is the same for every caller.

    ``state`` is what holds behind the test, ``depends_on`` what is known of everything that the test looks at.
    """
    asked = _asked(test)
    path = place_of(asked)
    if state is None or path is None or not _is_the_same_for_all(depends_on):
        return None
    with a.trial(state):
        is_setting = _is_global(a, path, asked) or _is_setting(a, asked)
    return _guard(a, path, test) if is_setting else None


def way_past(a: Activation, s: n.If, state: State | None, depends_on: Iterable[Tag]) -> Guard | None:
    """The setting for which the rest of a function is skipped. A wrapper that goes on to what it wraps may ask anything."""
    if state is None or not (s.body and isinstance(s.body[-1], n.Return)):
        return None
    decided = _deciding(a, s.test, state) if isinstance(s.test, n.BoolOp) else (s.test, depends_on)
    if decided is None:
        return None
    test, depends_on = decided
    path = place_of(_asked(test))
    if path is not None and _goes_on(a, s.body[-1]) and _is_the_same_for_all(depends_on):
        return _guard(a, path, test)
    return switch(a, test, state, depends_on)


def two_ways(a: Activation, s: n.If, after_true: State | None, after_false: State | None, base: t.Proof) -> None:
    """Where the sides of an ``if`` meet of which one has checked the caller, and the other stands there for a setting."""
    if after_true is None or after_false is None or bool(after_true.auth - base) == bool(after_false.auth - base):
        return
    if (decided := _deciding(a, s.test, after_true)) is not None:
        states: list[State | None] = [after_true, after_false]
        excuse(states, [switch(a, decided[0], state, decided[1]) for state in states], base)


def _deciding(a: Activation, test: n.Expr, state: State) -> tuple[n.Expr, Iterable[Tag]] | None:
    """The part of ``this or that`` on which it depends, the others being known to be false, with what that part looks at."""
    parts: list[tuple[n.Expr, frozenset[Tag]]] = []
    for part in test.values if isinstance(test, n.BoolOp) and test.op == "or" else (test,):
        with a.trial(state):
            if any(t.truthiness(x) is not False for x in evaluate(a, part)):
                parts.append((part, frozenset(a.seen)))
    return parts[0] if len(parts) == 1 else None


def may_let_pass(a: Activation, s: n.If, depends_on: Iterable[Tag]) -> bool:
    """Whether a wrapper goes on to what it wraps because of something that nothing is known of."""
    last = s.body[-1] if s.body else None
    return isinstance(last, n.Return) and _goes_on(a, last) and _is_the_same_for_all(depends_on)


def is_excused(proof: t.Proof, entries: Iterable[t.Proof]) -> bool:
    """Whether code that cannot be seen may guard, or a setting lets pass those who are checked where it says otherwise."""
    if any(not g.label.startswith(SWITCH) for g in proof):
        return True
    return bool(proof) and any(not proof <= other and any(g.strength == "strong" for g in other) for other in entries)


def excuse(states: list[State | None], switches: list[Guard | None], base: t.Proof) -> None:
    """Several ways on, of which some prove the caller: the others are there because of their setting."""
    if not any(s is not None and s.auth - base for s in states):
        return
    for state, found in zip(states, switches, strict=True):
        if state is not None and found is not None and not state.auth - base:
            state.auth |= {found}


def _guard(a: Activation, path: str, test: n.Expr) -> Guard:
    return a.guard(f"{SWITCH}{path}`", test)._replace(strength="unknown")


def _is_the_same_for_all(depends_on: Iterable[Tag]) -> bool:
    return not any(tag.kind == "request" for tag in depends_on) and not about_caller(depends_on)


def _goes_on(a: Activation, last: n.Return) -> bool:
    """``return view(*args)`` in a wrapper around ``view``."""
    call = last.value.value if isinstance(last.value, n.Await) else last.value
    if not isinstance(call, n.Call) or not isinstance(call.func, n.Name):
        return False
    return any(isinstance(x.shape, t.Func | t.Wrapped) for x in a.captured.get(call.func.id, ()))


def _asked(test: n.Expr) -> n.Expr:
    if isinstance(test, n.UnaryOp) and test.op == "not":
        return _asked(test.operand)
    if isinstance(test, n.Compare) and len(test.ops) == 1:
        return test.left
    return test


def _is_global(a: Activation, path: str, asked: n.Expr) -> bool:
    """A module's own variable; of what a library provides, only configuration counts (``current_app.config["OPEN"]``)."""
    root, *parts = re.split(r"[.\[]", path)
    if a.state is None or root in a.state.env or root in a.captured:
        return False
    provided = any(isinstance(x.shape, t.Lib | t.LibMethod | t.Obj) for x in a.lookup(root))
    return not provided or parts[:1] == ["config"] or a.program.behaviour.is_secret(evaluate(a, asked))


def _is_setting(a: Activation, asked: n.Expr) -> bool:
    """An attribute of an object that reads the environment."""
    if not isinstance(asked, n.Attribute):
        return False
    shapes = [x.shape for x in evaluate(a, asked.value)]
    return bool(shapes) and all(
        isinstance(s, t.Inst) and a.program.hierarchy.inherits(s.info, *SETTINGS_CLASSES) for s in shapes
    )
