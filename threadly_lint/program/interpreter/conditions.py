"""What a test tells: the state in which it holds and the state in which it does not."""

from __future__ import annotations

from collections.abc import Callable

from threadly_lint.program.access.credentials import CREDENTIAL_COLUMN
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import CALLER_TEST, Activation, State, merge
from threadly_lint.program.interpreter.caller_tests import learn_from_equality, learn_from_flag
from threadly_lint.program.interpreter.checks import believe, learn_from_comparison, within_range
from threadly_lint.program.interpreter.expressions import evaluate, last_name, path_of
from threadly_lint.program.interpreter.queries import consume
from threadly_lint.program.interpreter.request_data import checked_tags, is_raw
from threadly_lint.program.interpreter.switches import excuse, switch
from threadly_lint.program.interpreter.types import Atom, Guard, Proof, Value
from threadly_lint.skeleton import nodes as n

Branches = tuple[State | None, State | None]

OPPOSITE = {"!=": "==", "is not": "is", "not in": "in"}


def branch(a: Activation, test: n.Expr) -> Branches:
    """Evaluate ``test`` once; the states after it came out true and false. None is a branch that cannot be taken."""
    if isinstance(test, n.UnaryOp) and test.op == "not":
        when_true, when_false = branch(a, test.operand)
        return when_false, when_true
    if isinstance(test, n.BoolOp):
        return _branch_bool(a, test)
    if isinstance(test, n.Compare):
        return _branch_compare(a, test) if len(test.ops) == 1 else _branch_chain(a, test)
    value = evaluate(a, test)
    consume(a, value, test, 1)
    when_true, when_false = _split(a, test, value, t.truthiness)
    if isinstance(test, n.Call) and isinstance(test.func, n.Name) and test.func.id == "isinstance":
        _narrow(a, test, when_true)
    learn_from_flag(a, test, value, when_true)
    return when_true, when_false


def _narrow(a: Activation, test: n.Call, state: State | None) -> None:
    """What nothing is known of is an instance of the project's class that it is tested for."""
    path = path_of(test.args[0]) if len(test.args) == 2 else None
    before = state.env.get(path) if state is not None and path is not None else None
    if (
        state is None
        or path is None
        or not before
        or not all(x.shape in (t.Unknown(), t.Obj("object")) for x in before)
    ):
        return
    known = a.program.libraries.instances(evaluate(a, test.args[1])) if a.state is not None else ()
    if len(known) == 1 and isinstance(known[0].shape, t.Inst) and not any(map(is_raw, t.tags_of(before))):
        state.env[path] = tuple(Atom(known[0].shape, x.tags, x.proof) for x in before)


def _branch_chain(a: Activation, test: n.Compare) -> Branches:
    """``low <= x <= high``."""
    values = [evaluate(a, part) for part in (test.left, *test.comparators)]
    truths = t.tagged((*t.TRUE, *t.FALSE), checked_tags(frozenset().union(*(t.tags_of(v) for v in values))))
    when_true, when_false = _split(a, test, truths, t.truthiness)
    within_range(test, values, when_true)
    return when_true, when_false


def _branch_bool(a: Activation, test: n.BoolOp) -> Branches:
    decided: list[State | None] = []
    switches: list[Guard | None] = []
    going_on: State | None = a.state
    base = a.state.auth if a.state is not None else t.NO_PROOF
    for part in test.values:
        a.state = going_on
        if going_on is None:
            break
        outer_seen, a.seen = a.seen, set()
        when_true, when_false = branch(a, part)
        going_on, stop = (when_true, when_false) if test.op == "and" else (when_false, when_true)
        decided.append(stop)
        switches.append(switch(a, part, stop, a.seen))
        a.seen |= outer_seen
    if any(state is not None and state.auth - base for state in decided):
        a.seen |= CALLER_TEST
    excuse(decided, switches, base)
    stopped = merge(*decided)
    return (going_on, stopped) if test.op == "and" else (stopped, going_on)


def _split(
    a: Activation,
    test: n.Expr,
    value: Value,
    verdict: Callable[[Atom], bool | None],
    truths: tuple[bool | None, bool | None] = (True, False),
) -> Branches:
    """Sort the alternatives of ``value`` by a verdict; each side keeps its own and learns what they prove.

    ``truths`` says whether what is left on each side is true or false, as far as the verdict tells.
    """
    if a.state is None:
        return None, None
    when_true = t.keep(value, lambda x: verdict(x) is not False)
    when_false = t.keep(value, lambda x: verdict(x) is not True)
    path = path_of(test)
    other = a.state.copy()
    sides = _learn(a.state, path, when_true, value), _learn(other, path, when_false, value)
    for state, left, truth in zip(sides, (when_true, when_false), truths, strict=True):
        believe(a, state, left, truth)
    return sides


def _learn(state: State, path: str | None, left: Value, before: Value) -> State | None:
    if before and not left:
        return None
    if path is not None and left != before:
        state.env[path] = left
    state.auth |= t.common_proof(left)
    return state


def _branch_compare(a: Activation, test: n.Compare) -> Branches:
    op, right_node = test.ops[0], test.comparators[0]
    if op in OPPOSITE:
        same = n.Compare(test.span, test.left, (OPPOSITE[op],), test.comparators)
        when_true, when_false = _branch_compare(a, same)
        return when_false, when_true
    left, right = evaluate(a, test.left), evaluate(a, right_node)
    if op == "==" and tests_password(test, left, right):
        a.emit("password-test", "==", test, args=(left, right))
    when_true, when_false = _compared(a, test, op, left, right)
    learn_from_comparison(a, test, op, left, right, when_true)
    learn_from_equality(a, test, op, left, right, when_true)
    return when_true, when_false


def _compared(a: Activation, test: n.Compare, op: str, left: Value, right: Value) -> Branches:
    right_node = test.comparators[0]
    if op == "in" and (proof := _key_proof(a, test, left, right)):
        return _split(a, test, (t.TRUE[0]._replace(proof=proof), *t.FALSE), t.truthiness)
    if op == "in" and (present := membership(a, test, left, right)) is not None:
        return _split(a, right_node if _narrows_container(right) else test, present, _entry_verdict(right, left))
    if op == "in" and (listed := _nothings(right)):
        return _split(a, test.left, left, lambda x: _equals_any(x, listed))
    if op in ("==", "is") and (expected := t.constants(right)) and len(expected) == len(right) == 1:
        truths = (None, True if expected[0] is None else None)
        return _split(a, test.left, left, lambda x: _equals(x, expected[0], strict=op == "is"), truths)
    if op in ("==", "is") and (secret := shared_secret(a, test, left, right)):
        return _split(a, test, (t.TRUE[0]._replace(proof=frozenset({secret})), *t.FALSE), t.truthiness)
    return _split(a, test, evaluate_compare(a, op, left, right), t.truthiness)


def _equals(atom: Atom, expected: object, *, strict: bool) -> bool | None:
    shape = atom.shape
    if isinstance(shape, t.Const):
        return shape.value == expected and (shape.kind == type(expected).__name__ or expected is None)
    if isinstance(expected, str) and not t.may_equal(atom, expected):
        return False
    if expected is None or expected is False or strict:
        return None if isinstance(shape, t.Unknown) and not atom.proof else False
    return None


def _nothings(right: Value) -> list[object]:
    """The items of a display that lists what stands for nothing: ``(None, False)``."""
    items = right[0].shape.items if len(right) == 1 and isinstance(right[0].shape, t.Seq) else None
    found = [v for item in items or () for v in t.constants(item)]
    return found if items and len(found) == len(items) and all(v is None or v is False for v in found) else []


def _equals_any(atom: Atom, listed: list[object]) -> bool | None:
    verdicts = [_equals(atom, x, strict=False) for x in listed]
    return True if True in verdicts else (None if None in verdicts else False)


def _narrows_container(right: Value) -> bool:
    return any(isinstance(x.shape, t.Map) for x in right)


def _entry_verdict(right: Value, left: Value) -> Callable[[Atom], bool | None]:
    """For ``"key" in mapping``: which alternatives of the mapping (or of the truth value) agree."""
    if not _narrows_container(right):
        return t.truthiness
    keys = t.constants(left) if len(left) == 1 else []

    def verdict(atom: Atom) -> bool | None:
        if not isinstance(atom.shape, t.Map) or len(keys) != 1:
            return None
        present = any(k == keys[0] for k, _ in atom.shape.entries)
        return True if present else (None if atom.shape.open else False)

    return verdict


def _key_proof(a: Activation, test: n.Compare, left: Value, right: Value) -> Proof:
    """What ``key in session`` (headers, cookies) proves; a key that the mapping is known to have decides by itself."""
    keys = t.constants(left)
    for atom in right:
        known = isinstance(atom.shape, t.Map) and any(k in keys for k, _ in atom.shape.entries)
        if not known and (proof := a.program.behaviour.key_proof(a, atom, left, test)):
            return proof
    return t.NO_PROOF


def membership(a: Activation, test: n.Compare, left: Value, right: Value) -> Value | None:
    """The value to split for ``left in right``: the mapping itself, or a truth value."""
    if _narrows_container(right):
        return right
    sought = t.constants(left)
    if sought and len(sought) == len(left) and len(right) == 1:
        items = right[0].shape.items if isinstance(right[0].shape, t.Seq) else None
        known = [t.constants(i) for i in items] if items is not None else []
        if items is not None and all(len(k) == len(i) == 1 for k, i in zip(known, items, strict=True)):
            return t.join(*(t.const(any(k[0] == x for k in known)) for x in sought))
    return _part_of_text(left, right) or _pattern_in(left, right)


def _part_of_text(left: Value, right: Value) -> Value | None:
    """``"/login" in request.path``: what the caller fills into a built text is taken for a value, not for that word."""
    part, text = t.text_of(left), t.shape_text(right) if len(right) == 1 else None
    return None if not part or text is None else t.tagged(t.const(part in text), t.tags_of(right))


def _pattern_in(left: Value, right: Value) -> Value | None:
    """A built string cannot be in a list of literals none of which it may equal."""
    items = right[0].shape.items if len(right) == 1 and isinstance(right[0].shape, t.Seq) else None
    if items is None or len(left) != 1 or t.shape_text(left) is None:
        return None
    texts = [t.constants(i) for i in items]
    if any(len(found) != len(i) for found, i in zip(texts, items, strict=True)):
        return None
    possible = any(isinstance(x, str) and t.may_equal(left[0], x) for found in texts for x in found)
    return None if possible else t.tagged(t.FALSE, t.tags_of(left))


def shared_secret(a: Activation, test: n.Compare, left: Value, right: Value) -> Guard | None:
    """Equality of what the caller sent with what only the server knows proves a secret."""
    for sent, known in ((left, right), (right, left)):
        if not a.program.behaviour.is_secret(known) or t.has_tag(known, "request", "credential"):
            continue
        if t.has_tag(sent, "credential", "request"):
            return a.guard("shared secret", test)
    return None


def tests_password(test: n.Compare, left: Value, right: Value) -> bool:
    """Whether a password that the caller sent is compared with one that the server knows."""
    if not any(CREDENTIAL_COLUMN.search(last_name(side)) for side in (test.left, test.comparators[0])):
        return False
    sent = [t.has_tag(side, "request") for side in (left, right)]
    known = right if sent[0] else left
    return sent[0] != sent[1] and all(isinstance(x, str) and x for x in t.constants(known))


def evaluate_compare(a: Activation, op: str, left: Value, right: Value) -> Value:
    """The truth value of any other comparison: two literals are compared, the rest may be either."""
    mine, other = t.constants(left), t.constants(right)
    if op in ("==", "is") and len(mine) == len(left) == len(other) == len(right) == 1:
        return t.const(mine[0] == other[0])
    return t.tagged((*t.TRUE, *t.FALSE), checked_tags(t.tags_of(left) | t.tags_of(right)))
