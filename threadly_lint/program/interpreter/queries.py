"""Lazy queries: a query reaches the database where its rows are wanted, not where it is built."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

CONSUMERS = frozenset("len any all sum min max next dict json.dumps".split())
MAX_DEPTH = 4


def consume(a: Activation, value: Value, node: n.Node, depth: int = MAX_DEPTH) -> None:
    """Somebody wants the rows of every lazy query in ``value``: an effect ``read`` for each, where it is there at all."""
    for atom in value if depth else ():
        shape = atom.shape
        if (name := lazy_class(a, atom)) is not None:
            fact = a.knowledge.fact(f"{name}.__iter__", "read")
            model = a.program.models.name_in((atom,))
            with a.proving(atom.proof):
                a.emit("read", f"{name}.__iter__", node, fact=fact, receiver=(atom,), model=model)
        elif isinstance(shape, t.Seq | t.Map):
            with a.proving(atom.proof):
                for inner in parts_of(shape):
                    consume(a, inner, node, depth - 1)


def awaited(a: Activation, value: Value, node: n.Node) -> Value:
    """What awaiting an object of a library gives: the rows of a lazy query, the connection that a pool acquires."""
    return (
        t.join(*(_awaited(a, atom, node) for atom in value))
        if any(isinstance(x.shape, t.Obj) for x in value)
        else value
    )


def _awaited(a: Activation, atom: Atom, node: n.Node) -> Value:
    known = a.knowledge.class_of(atom.shape.name) if isinstance(atom.shape, t.Obj) else None
    if known is None or known.awaited is None:
        return (atom,)
    consume(a, (atom,), node, 1)
    return t.proven(t.tagged(a.program.libraries.typed(known.awaited, (atom,)), atom.tags), atom.proof)


def lazy_class(a: Activation, atom: Atom) -> str | None:
    """The library class of a query that runs when its rows are wanted; None for anything else."""
    shape = atom.shape
    names = [shape.name] if isinstance(shape, t.Obj) else []
    if isinstance(shape, t.Inst) and not a.program.models.is_model(shape.info):
        names = a.program.hierarchy.library_bases(shape.info)
    return next((name for name in names if a.knowledge.fact(name, "query", "manager") is not None), None)
