"""Statements as control flow: a guard protects only what comes after it, on every path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, State, merge
from threadly_lint.program.interpreter.assignment import assign, run_assignment, run_augmented_assignment, run_deletion
from threadly_lint.program.interpreter.callers import compared_with_caller
from threadly_lint.program.interpreter.conditions import branch
from threadly_lint.program.interpreter.containers import element, fixed_items
from threadly_lint.program.interpreter.contexts import enter_context, suppresses
from threadly_lint.program.interpreter.coroutines import returned
from threadly_lint.program.interpreter.effects import Exit
from threadly_lint.program.interpreter.expressions import captured_by, evaluate, path_of
from threadly_lint.program.interpreter.queries import consume
from threadly_lint.program.interpreter.switches import about_caller, may_let_pass, two_ways, way_past
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Function, Scope, collect_bindings
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

REJECTED = (401, 403)
MAX_UNROLLED = 8
MAX_FORESEEN = 3
MAX_SEEN_AHEAD = MAX_FORESEEN + 1
MAX_TRIED = 12


def run_block(a: Activation, body: tuple[n.Stmt, ...]) -> None:
    after = a.following
    for position, statement in enumerate(body, 1):
        if a.state is None:
            return
        a.following = (*body[position : position + MAX_SEEN_AHEAD], *after)[:MAX_SEEN_AHEAD]
        RUNNERS[type(statement)](a, statement)


# Leaving ---------------------------------------------------------------------------------------------------------------------


def _expression(a: Activation, s: n.ExprStmt) -> None:
    evaluate(a, s.value)


def _return(a: Activation, s: n.Return) -> None:
    _give_back(a, evaluate(a, s.value) if s.value is not None else t.NONE, s, is_bare=s.value is None)


def _give_back(a: Activation, value: Value, s: n.Return | n.Raise, *, is_bare: bool) -> None:
    if a.state is None:
        return
    status = a.program.behaviour.status_of(value)
    if status in REJECTED:
        a.emit("reject", "return", s, value=value, status=status)
    elif not is_bare:
        a.emit("return", "return", s, value=value, status=status)
    a.leave(Exit("return", value, a.state.auth, status, s, a.frame))


def _raise(a: Activation, s: n.Raise) -> None:
    value = evaluate(a, s.exception) if s.exception is not None else ()
    if a.state is None:
        return
    if (given := returned(value)) is not None:
        _give_back(a, given, s, is_bare=False)
        return
    status = a.program.behaviour.status_of(value)
    a.emit("reject" if status in REJECTED else "raise", "raise", s, value=value, status=status)
    a.leave(Exit("raise", value, a.state.auth, status, s, a.frame))


def _assert(a: Activation, s: n.Assert) -> None:
    """Assertions vanish under ``-O``: they prove nothing about the caller, but their calls happen."""
    before = a.state.auth if a.state is not None else t.NO_PROOF
    when_true, _ = branch(a, s.test)
    a.state = when_true
    if when_true is not None:
        when_true.auth = before


def _jump(a: Activation, s: n.Jump) -> None:
    if s.kind == "pass" or a.state is None:
        return
    if a.breaks:
        a.breaks[-1].append(a.state) if s.kind == "break" else None
    a.die()


# Branches --------------------------------------------------------------------------------------------------------------------


def _if(a: Activation, s: n.If) -> None:
    following = a.following
    before = a.state.auth if a.state is not None else t.NO_PROOF
    outer_seen, a.seen = a.seen, set()
    when_true, when_false = branch(a, s.test)
    depends_on = a.seen
    a.seen = outer_seen | depends_on
    if compared_with_caller(depends_on) and (when_true or when_false) is not None:
        a.state = when_true or when_false
        a.emit("ownership-test", "if", s.test)
    known_true, known_false = (side.auth if side is not None else t.NO_PROOF for side in (when_true, when_false))
    is_about_caller = about_caller(depends_on)
    if when_true is not None and (found := way_past(a, s, when_true, depends_on)):
        when_true.auth |= {found}
    if not known_true - known_false and _leaves(s.body) and (is_about_caller or may_let_pass(a, s, depends_on)):
        otherwise = _foreseen(a, (*s.orelse, *following), when_false)
        _survive(a, s.test, when_true, otherwise, about_caller=True, certain=is_about_caller)
    turned_away, after_true = _run_side(a, s, s.body, when_true, 1)
    turned_away_else, after_false = _run_side(a, s, s.orelse, when_false, 2)
    if is_about_caller and known_true == known_false and {403} in (turned_away, turned_away_else):
        a.program.behaviour.tested_role(a, after_true or after_false, s.test)
    if not known_true - known_false:
        _survive(a, s.test, after_false, turned_away, about_caller=is_about_caller)
    if not known_false - known_true:
        _survive(a, s.test, after_true, turned_away_else, about_caller=is_about_caller)
    two_ways(a, s, after_true, after_false, before)
    a.state = merge(after_true, after_false)


def _run_side(
    a: Activation, s: n.If, body: tuple[n.Stmt, ...], state: State | None, side: int
) -> tuple[frozenset[int], State | None]:
    """Run one side; the statuses with which it ends when it never goes on, and the state at its end."""
    a.state = state
    if state is None or not body:
        return frozenset(), state
    mark = len(a.ends)
    with a.inside("branch", s, side):
        run_block(a, body)
    return frozenset(a.ends[mark:] if a.state is None else ()), a.state


def _leaves(body: tuple[n.Stmt, ...]) -> bool:
    """Whether no path goes on behind these statements, as far as their shape tells."""
    last = body[-1] if body else None
    match last:
        case n.Return() | n.Raise():
            return True
        case n.If():
            return _leaves(last.body) and _leaves(last.orelse)
        case n.With():
            return _leaves(last.body)
        case n.Try():
            return _leaves(last.orelse or last.body) and all(_leaves(h.body) for h in last.handlers)
    return False


def _foreseen(a: Activation, path: tuple[n.Stmt, ...], state: State | None) -> frozenset[int]:
    """The statuses with which a short way out ends, tried out: ``if allowed: return view()`` goes before the answer 403."""
    short = path[: next((i for i, s in enumerate(path, 1) if isinstance(s, n.Return | n.Raise)), len(path))]
    if state is None or not short or len(short) > MAX_FORESEEN or _work(short) > MAX_TRIED:
        return frozenset()
    with a.trial(state):
        mark = len(a.ends)
        run_block(a, short)
        return frozenset(a.ends[mark:] if a.state is None else ())


def _work(path: tuple[n.Stmt, ...]) -> int:
    """How many statements a way has, those in its branches included; more than may be tried when others than simple ones are."""
    count = 0
    for statement in path:
        if isinstance(statement, n.If):
            count += 1 + _work(statement.body) + _work(statement.orelse)
        elif isinstance(statement, n.Return | n.Raise | n.ExprStmt | n.Assign):
            count += 1
        else:
            count += MAX_TRIED
        if count > MAX_TRIED:
            break
    return count


def _compares_fields(test: n.Expr) -> bool:
    """``form.password != form.again``: two parts of the same thing say nothing of who sent it."""
    if not isinstance(test, n.Compare) or len(test.ops) != 1 or test.ops[0] not in ("==", "!="):
        return False
    left, right = path_of(test.left), path_of(test.comparators[0])
    if not left or not right or "." not in left or "." not in right:
        return False
    base = left.rpartition(".")[0]
    return base == right.rpartition(".")[0] and base not in ("self", "cls")


def _survive(
    a: Activation, test: n.Expr, state: State | None, ended: frozenset[int], *, about_caller: bool, certain: bool = True
) -> None:
    """The other side always answers 401, or 403 depending on who calls: whoever is left was let through."""
    if state is None or not ended or not ended <= {401, 403} or _compares_fields(test):
        return
    if about_caller or ended == {401}:
        guard = a.guard(f"check that answers {'/'.join(map(str, sorted(ended)))}", test)
        state.auth |= {guard if certain else guard._replace(strength="unknown")}


def _match(a: Activation, s: n.Match) -> None:
    evaluate(a, s.subject)
    rest, ends = a.state, []
    for number, case in enumerate(s.cases, 1):
        if rest is None:
            break
        a.state = rest.copy()
        for name in case.names:
            a.bind(name, t.ANYTHING)
        refused = None
        if case.guard is not None:
            a.state, refused = branch(a, case.guard)
        with a.inside("branch", s, number):
            run_block(a, case.body)
        ends.append(a.state)
        if case.is_default:
            rest = refused
    a.state = merge(*ends, rest)


# Loops ------------------------------------------------------------------------------------------------------------------------


def _blur(a: Activation, body: tuple[n.Stmt, ...]) -> None:
    """Literals that the loop changes are not known inside it: the second round would differ."""
    if a.state is None:
        return
    scope: Scope = {}
    collect_bindings(body, scope, [])
    for name in scope:
        value = a.state.env.get(name)
        if value and any(isinstance(x.shape, t.Const) and not t.is_none(x) for x in value):
            a.state.env[name] = t.join(value, t.unknown())


def _for(a: Activation, s: n.For) -> None:
    iterable = evaluate(a, s.iterable)
    if a.state is None:
        return
    consume(a, iterable, s.iterable)
    _blur(a, s.body)
    before = a.state.copy()
    a.breaks.append([])
    items = fixed_items(iterable)
    unrolled = items is not None and len(items) <= MAX_UNROLLED and not _continues(s.body)
    with a.inside("loop", s):
        for value in items if unrolled and items else [element(a, iterable)]:
            assign(a, s.target, value, s)
            run_block(a, s.body)
    done = a.state if unrolled and items else merge(before, a.state)
    a.state = done.copy() if done is not None else None
    run_block(a, s.orelse)
    a.state = merge(a.state, *a.breaks.pop())


def _continues(body: tuple[n.Stmt, ...]) -> bool:
    return any(isinstance(x, n.Jump) and x.kind == "continue" for s in body for x in walk(s))


def _while(a: Activation, s: n.While) -> None:
    _blur(a, s.body)
    when_true, when_false = branch(a, s.test)
    a.breaks.append([])
    a.state = when_true
    with a.inside("loop", s):
        run_block(a, s.body)
    endless = when_false is None
    a.state = None if endless else merge(when_false, a.state)
    run_block(a, s.orelse)
    a.state = merge(a.state, *a.breaks.pop())


# Try and with --------------------------------------------------------------------------------------------------------------------


def _try(a: Activation, s: n.Try) -> None:
    before = a.state.copy() if a.state is not None else None
    mark = len(a.exits)
    with a.inside("try", s, value=_what_is_caught(a, s)) if s.handlers else a.inside("branch", s):
        run_block(a, s.body)
    _take_caught(a, s, mark)
    after_body = a.state
    entry = _entry_of_handlers(before, after_body)
    run_block(a, s.orelse)
    ends = [a.state]
    for handler in s.handlers:
        a.state = entry.copy() if entry is not None else None
        _run_handler(a, s, handler)
        ends.append(a.state)
    a.state = merge(*ends)
    _run_final(a, s, before)


def _what_is_caught(a: Activation, s: n.Try) -> Value:
    """The exception classes of each handler, in order; nothing for a bare ``except``."""
    return (
        Atom(t.Seq("tuple", tuple(evaluate(a, h.exception) if h.exception is not None else () for h in s.handlers))),
    )


def _entry_of_handlers(before: State | None, after: State | None) -> State | None:
    """A failure may come anywhere in the body: values of before or after, proofs of before only."""
    if before is None:
        return None
    joined = merge(before, after) or before
    return State(dict(joined.env), before.auth, before.checked)


def _take_caught(a: Activation, s: n.Try, mark: int) -> None:
    """A ``raise`` in the body that a handler here catches is no way out of the function."""
    kept = []
    for found in a.exits[mark:]:
        caught = found.kind == "raise" and a.program.failures.catches(a, s.handlers, found.value)
        if not caught:
            kept.append(found)
    a.exits[mark:] = kept


def _run_handler(a: Activation, s: n.Try, handler: n.Handler) -> None:
    if a.state is None:
        return
    if handler.name:
        kind = evaluate(a, handler.exception) if handler.exception is not None else ()
        caught = a.program.hierarchy.instances_of(kind)
        place = f"{a.module.path}:{handler.span[0]}"
        a.bind(handler.name, t.tagged(caught or t.ANYTHING, frozenset({t.Tag("exception", place)})))
    with a.inside("handler", handler):
        run_block(a, handler.body)


def _run_final(a: Activation, s: n.Try, before: State | None) -> None:
    if not s.final:
        return
    alive = a.state is not None
    a.state = a.state or (before.copy() if before is not None else None)
    with a.inside("finally", s):
        run_block(a, s.final)
    if not alive:
        a.state = None


def _with(a: Activation, s: n.With) -> None:
    _with_items(a, s, list(s.items))


def _with_items(a: Activation, s: n.With, items: list[n.WithItem]) -> None:
    if a.state is None:
        return
    if not items:
        run_block(a, s.body)
        return
    first, *rest = items
    before, left = a.state.copy(), len(a.left)
    context = evaluate(a, first.context)
    entered, frames = enter_context(a, context, first)
    if first.target is not None:
        assign(a, first.target, entered, first)
    with a.inside("with", first, value=context), a.leaving(left), frames:
        _with_items(a, s, rest)
    if suppresses(a, context):
        a.state = merge(before, a.state)


# Definitions -----------------------------------------------------------------------------------------------------------------------


def _function(a: Activation, s: n.Function) -> None:
    info = a.module.function(s, _outer(a), None)
    a.bind(s.name, a.program.decorated(info, a, captured_by(a, info)))


def _class(a: Activation, s: n.Class) -> None:
    a.bind(s.name, (Atom(t.ClassRef(a.module.class_(s, _outer(a)))),))


def _outer(a: Activation) -> Function | None:
    """The function in which a definition is nested; none at module level."""
    return a.function if a.function is not a.module.body else None


def _import(a: Activation, s: n.Import | n.ImportFrom) -> None:
    for alias in s.names:
        if alias.name != "*":
            name, value = a.program.bindings.imported(a.module, s, alias)
            a.bind(name, value)


def _nothing(a: Activation, s: n.Stmt) -> None:
    return


RUNNERS: dict[type, Callable[[Activation, Any], None]] = {
    n.Assign: run_assignment,
    n.AugAssign: run_augmented_assignment,
    n.Delete: run_deletion,
    n.ExprStmt: _expression,
    n.Return: _return,
    n.Raise: _raise,
    n.Assert: _assert,
    n.Jump: _jump,
    n.If: _if,
    n.Match: _match,
    n.For: _for,
    n.While: _while,
    n.Try: _try,
    n.With: _with,
    n.Function: _function,
    n.Class: _class,
    n.Import: _import,
    n.ImportFrom: _import,
    n.Scope: _nothing,
}
