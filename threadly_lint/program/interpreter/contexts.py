"""``with``: what a context manager hands over, what it puts around the body, and what it does at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.effects import Frame, Outcome
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n


def enter_context(a: Activation, context: Value, node: n.WithItem) -> tuple[Value, AbstractContextManager[None]]:
    """The value bound by ``as``, and a manager under which the body runs inside the context manager's own constructs."""
    entered, inner = [], []
    for atom in context:
        value, frame = _enter(a, atom, node)
        entered.append(value)
        if frame is not None:
            inner.append(frame)
    return t.join(*entered) or t.ANYTHING, _around(a, inner)


@contextmanager
def _around(a: Activation, frames: list[Frame]) -> Iterator[None]:
    outer = a.frame
    for frame in frames:
        for part in reversed(list(frame.chain())):
            a.frame = Frame(part.kind, part.node, part.function, a.frame, part.side, part.value)
    try:
        yield
    finally:
        a.frame = outer


def stay_inside(a: Activation, frame: Frame | None) -> None:
    """From here on everything stands inside these constructs too (a dependency that yields holds its context open)."""
    for part in reversed(list(frame.chain()) if frame is not None else []):
        a.frame = Frame(part.kind, part.node, part.function, a.frame, part.side, part.value)


def _enter(a: Activation, atom: Atom, node: n.WithItem) -> tuple[Value, Frame | None]:
    from threadly_lint.program.interpreter.attributes import attribute
    from threadly_lint.program.interpreter.calls import call_value

    shape = atom.shape
    if isinstance(shape, t.Wrapped) and shape.by.endswith("contextmanager()"):
        return _run_generator(a, shape, node)
    if isinstance(shape, t.Inst):
        for method in ("__enter__", "__aenter__"):
            if a.program.hierarchy.has_attribute(shape, method):
                a.later(partial(_leave_instance, a, atom, method.replace("enter", "exit"), node))
                return call_value(a, attribute(a, (atom,), method, node.context), (), {}, node.context), None
        return (atom,), None
    if isinstance(shape, t.Obj):
        lib_class = a.knowledge.class_of(shape.name)
        if lib_class is not None and lib_class.enter is not None:
            return t.tagged(a.program.libraries.typed(lib_class.enter, (atom,)), atom.tags), None
    return (atom,), None


def _run_generator(a: Activation, shape: t.Wrapped, node: n.WithItem) -> tuple[Value, Frame | None]:
    """``@contextmanager``: run to its ``yield``; the body stands where the ``yield`` stands."""
    for atom in shape.inner:
        partial = atom.shape
        if not isinstance(partial, t.Partial):
            continue
        for func in partial.func:
            if isinstance(func.shape, t.Func):
                outcome = a.program.run(func.shape, partial.args, dict(partial.keywords))
                hand_over(a, outcome, node.context, func.shape.info.qualname)
                handed = outcome.yields
                return (_handed_over(outcome), handed.frame) if handed is not None else (t.ANYTHING, None)
    return t.ANYTHING, None


def call_in_context(
    a: Activation, shape: t.Wrapped, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr
) -> Value:
    """Call a function behind ``@manager()``: it runs as the body of a ``with``."""
    from threadly_lint.program.interpreter.calls import call_value

    item, left = n.WithItem(node.span, node, None), len(a.left)
    _, frames = enter_context(a, shape.context, item)
    with a.inside("with", item, value=shape.context), a.leaving(left), frames:
        return call_value(a, shape.inner, args, keywords, node)


def _handed_over(outcome: Outcome) -> Value:
    """What any of the ``yield`` hands over: one of them is reached."""
    return t.join(*(e.value for e in outcome.exits if e.kind == "yield"))


def hand_over(a: Activation, outcome: Outcome, node: n.Expr, label: str) -> None:
    """A generator runs to its ``yield`` now, and on from there when its context is left."""
    before, after = outcome.around_yield
    a.inline(before, node, label)
    if after.events:
        a.later(lambda: a.inline(after, node, label))


def _leave_instance(a: Activation, atom: Atom, method: str, node: n.WithItem) -> None:
    """The exit method of a project's context manager, as it is called when nothing went wrong."""
    from threadly_lint.program.interpreter.attributes import attribute
    from threadly_lint.program.interpreter.calls import call_value

    call_value(a, attribute(a, (atom,), method, node.context), (t.NONE, t.NONE, t.NONE), {}, node.context)


def suppresses(a: Activation, context: Value) -> bool:
    """Whether leaving the block may swallow its exception."""
    return any(isinstance(x.shape, t.Obj) and x.shape.name == "contextlib.suppress" for x in context)
