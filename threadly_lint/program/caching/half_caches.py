"""Cache-asides with a half missing: never stored, or a hit taken for a miss because it is false."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.caching.cache_keys import may_match
from threadly_lint.program.caching.caches import Lookup, caches, stored_value, tests
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Inlined
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted, walk
from threadly_lint.values import Confidence

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

MAYBE_EMPTY = frozenset("int float str bool list set tuple Sequence List Set Tuple Iterable Decimal".split())
TURNED_INTO = frozenset("int float str list set tuple len sum sorted".split())


def never_stored(program: Program) -> Iterator[Lookup]:
    """Look-ups after which a value is loaded that nothing in the program puts under their key."""
    known = caches(program)
    for lookup in known.lookups:
        if lookup.store is None and lookup.shapes and not may_match(lookup.shapes, known.stored) and lookup.answers:
            yield lookup


def tested_for_truth(program: Program) -> Iterator[tuple[Lookup, Confidence]]:
    """Look-ups whose hit counts as a miss when the cached value is empty, zero or false."""
    for lookup in caches(program).lookups:
        if lookup.store is None or not _is_tested(lookup) or _is_raw(lookup):
            continue
        verdict = _may_be_false(lookup)
        if verdict is not None:
            yield lookup, verdict if lookup.loads else "low"


def _is_tested(lookup: Lookup) -> bool:
    """Whether truth tells hit from miss: where the value is told from something by ``is``, that does."""
    asked = list(tests(lookup.point.item.function))
    return any(_asks_for_truth(lookup, test) for test in asked) and not any(_asks_which(lookup, test) for test in asked)


def _asks_which(lookup: Lookup, test: n.Expr) -> bool:
    compared = (x for x in walk(test) if isinstance(x, n.Compare) and isinstance(x.left, n.Name))
    return any(
        x.left.id in lookup.names and {"is", "is not"} & set(x.ops) for x in compared if isinstance(x.left, n.Name)
    )


def _asks_for_truth(lookup: Lookup, test: n.Expr) -> bool:
    if isinstance(test, n.BoolOp):
        return any(_asks_for_truth(lookup, part) for part in test.values)
    if isinstance(test, n.UnaryOp) and test.op == "not":
        return _asks_for_truth(lookup, test.operand)
    if isinstance(test, n.Await):
        return _asks_for_truth(lookup, test.value)
    if isinstance(test, n.Assignment):
        return test.target.id in lookup.names or _asks_for_truth(lookup, test.value)
    return test is lookup.point.item.node or (isinstance(test, n.Name) and test.id in lookup.names)


def _is_raw(lookup: Lookup) -> bool:
    """Whether what comes back are the bytes as they were stored: never empty."""
    item = lookup.point.item
    value = item.outcome.value if isinstance(item, Inlined) else item.value
    there = [x.shape for x in value if not t.is_none(x)]
    return bool(there) and all(isinstance(s, t.Obj) and s.name == "bytes" for s in there)


def _may_be_false(lookup: Lookup) -> Confidence | None:
    """How sure it is that an empty or zero value is stored; None when it cannot be."""
    store = lookup.store
    if store is None:
        return None
    value = stored_value(store)
    direct = store.points[-1] is store.points[lookup.level]
    verdicts = {_truth_of(atom) for atom in value if not t.is_none(atom)} if direct else {None}
    if False in verdicts or _says_so(lookup):
        return "high"
    return "low" if None in verdicts else None


def _truth_of(atom: t.Atom) -> bool | None:
    """True for what is never false in a test, False for what may well be, None when nothing is known."""
    shape = atom.shape
    if isinstance(shape, t.Inst | t.ClassRef | t.Func):
        return True
    if isinstance(shape, t.Map):
        return bool(shape.entries) or None
    if isinstance(shape, t.Const):
        return bool(shape.value)
    if isinstance(shape, t.Seq):
        return bool(shape.items)
    if isinstance(shape, t.Obj):
        return False if shape.name in MAYBE_EMPTY else None
    return None


def _says_so(lookup: Lookup) -> bool:
    """Whether the function declares, or treats what it found as, a number, a text or a collection."""
    function = lookup.point.item.function
    if isinstance(function.node, n.Function) and _head(function.node.returns) in MAYBE_EMPTY:
        return True
    return any(_turns(lookup, node) for node in walk(function.node))


def _head(annotation: n.Expr | None) -> str:
    if isinstance(annotation, n.Subscript):
        annotation = annotation.value
    return (dotted(annotation) or "").rpartition(".")[2] if annotation is not None else ""


def _turns(lookup: Lookup, node: n.Node) -> bool:
    if not isinstance(node, n.Call) or not isinstance(node.func, n.Name) or node.func.id not in TURNED_INTO:
        return False
    return any(isinstance(x, n.Name) and x.id in lookup.names for x in node.args)
