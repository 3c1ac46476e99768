"""Whether a call is handed something of a row that is not committed yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter.variables import behind, derived, names_given, names_in
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.transactions.pairs import Pair


def gets_pending_row(found: Pair) -> bool:
    """Whether an argument comes from what the transaction's write has written: its result, the row, a column of it."""
    call, write = found.point.item, found.write.points[found.level].item
    if not isinstance(call.node, n.Call):
        return False
    results = derived(call.function, names_given(call.function, write.node))
    rows = frozenset(_rows(write.node))
    given = behind(call.function, call.node)
    return any(names_in(expr) & results or _reads_column(expr, rows) for expr in given)


def _rows(write: n.Node) -> Iterator[str]:
    """The variables that the write is handed, or is called on, as they are."""
    if isinstance(write, n.Assign | n.AugAssign):
        target = write.targets[0] if isinstance(write, n.Assign) else write.target
        candidates: tuple[n.Expr, ...] = (target.value,) if isinstance(target, n.Attribute) else ()
    elif isinstance(write, n.Call):
        receiver = (write.func.value,) if isinstance(write.func, n.Attribute) else ()
        candidates = (*receiver, *write.args, *(k.value for k in write.keywords))
    else:
        candidates = ()
    yield from (x.id for x in candidates if isinstance(x, n.Name))


def _reads_column(expr: n.Expr, rows: frozenset[str]) -> bool:
    reads = (x for x in walk(expr) if isinstance(x, n.Attribute) and isinstance(x.value, n.Name))
    whole = isinstance(expr, n.Name) and expr.id in rows
    return whole or any(x.value.id in rows for x in reads if isinstance(x.value, n.Name))
