"""Databases that knowledge does not list: whoever is given an SQL statement to execute reaches one."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.sql import is_statement
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

EXECUTING = frozenset(
    "execute executemany execute_many executescript fetch fetchall fetch_all fetchone fetch_one fetchrow fetch_row "
    "fetchval fetch_val query query_one select scalar scalars iterate".split()
)
EXEMPLAR = "sqlite3.Cursor.execute"
STATEMENTS = ("build-read", "build-write", "build-raw")


def note_statement(a: Activation, call: Call) -> None:
    """``anything.execute("UPDATE ...")``: the effect of the statement, unless the callee is known."""
    node = call.node
    if a.state is None or not call.args or not isinstance(node, n.Call) or not isinstance(node.func, n.Attribute):
        return
    if node.func.attr not in EXECUTING or not _is_unseen(a, call) or not _states(a, call.args[0]):
        return
    fact = a.knowledge.fact(EXEMPLAR, "read-or-write")
    assert fact is not None
    name = call.name or f"?.{node.func.attr}"
    named = Call(call.module, name, call.receiver, call.args, call.keywords, node)
    a.program.behaviour.library_effect(a, named, fact, t.ANYTHING)


def _is_unseen(a: Activation, call: Call) -> bool:
    if not call.name:
        return True
    return not a.knowledge.facts(call.name) and not a.knowledge.root_known(call.name.partition(".")[0])


def _states(a: Activation, value: Value) -> bool:
    text = t.shape_text(value)
    if text is not None:
        return is_statement(text)
    names = [x.shape.name for x in value if isinstance(x.shape, t.Obj)]
    return any(a.knowledge.fact(name, *STATEMENTS) is not None for name in names)
