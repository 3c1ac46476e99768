"""Which names of a function hold which results, as its assignments spell it out."""

from __future__ import annotations

from collections.abc import Iterable

from threadly_lint.program.interpreter.effects import Event, Inlined
from threadly_lint.program.symbols.names import Assignment, Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk


def assignments(function: Function) -> list[Assignment]:
    """What a function gives names to, in source order.

    Loops and ``with`` give names too, and a method called for its own sake puts its arguments into its object.
    """
    if function._assignments is None:
        pairs = (_given(node) for node in walk(function.node))
        function._assignments = [
            Assignment(names_in(*targets), value, names_in(value)) for targets, value in pairs if value is not None
        ]
    return function._assignments


def _given(node: n.Node) -> tuple[tuple[n.Expr, ...], n.Expr | None]:
    if isinstance(node, n.Assign):
        return node.targets, node.value
    if isinstance(node, n.Assignment):
        return (node.target,), node.value
    if isinstance(node, n.For):
        return (node.target,), node.iterable
    if isinstance(node, n.WithItem) and node.target is not None:
        return (node.target,), node.context
    if isinstance(node, n.ExprStmt) and isinstance(node.value, n.Call) and isinstance(node.value.func, n.Attribute):
        return (node.value.func.value,), node.value
    return (), None


def names_in(*nodes: n.Node) -> frozenset[str]:
    """The variables that expressions mention."""
    return frozenset(x.id for x in walk(*nodes) if isinstance(x, n.Name))


def names_given(function: Function, node: n.Node) -> frozenset[str]:
    """The variables that hold the result of a call."""
    if function._holders is None:
        function._holders = {}
        for names, value, _ in assignments(function):
            for inner in walk(value):
                function._holders.setdefault(id(inner), names)
    return function._holders.get(id(node), frozenset())


def derived(function: Function, names: Iterable[str]) -> frozenset[str]:
    """``names`` and everything that is computed from them further down."""
    known = set(names)
    for targets, _, used in assignments(function):
        if not known.isdisjoint(used):
            known |= targets
    return frozenset(known)


def behind(function: Function, call: n.Call | n.Assign) -> list[n.Expr]:
    """What a call or an item of a mapping is given, and what the variables in it were computed from."""
    if isinstance(call, n.Assign):
        given, target = [call.value] if call.value is not None else [], call.targets[0]
    else:
        given, target = [*call.args, *(k.value for k in call.keywords)], call.func
    names = names_in(*given, target)
    return given + [value for targets, value, _ in assignments(function) if targets & names]


def flows(source: Event | Inlined, sink: Event | Inlined) -> bool:
    """Whether the result of one call goes into the arguments of a later one in the same function."""
    if not isinstance(sink.node, n.Call | n.Assign):
        return True
    given = behind(sink.function, sink.node)
    if any(x is source.node for expr in given for x in walk(expr)):
        return True
    held = names_given(source.function, source.node) or _receiver(source.node)
    return any(derived(source.function, held) & names_in(expr) for expr in given)


def _receiver(node: n.Node) -> frozenset[str]:
    """The object of a call whose result is not kept: a cursor holds what it has selected."""
    return names_in(node.func.value) if isinstance(node, n.Call) and isinstance(node.func, n.Attribute) else frozenset()


def made_here(event: Event) -> bool:
    """Whether the row whose attribute is set was made by its class in the same function."""
    changed = _changed_row(event.node)
    if not isinstance(changed, n.Name):
        return False
    values = [value for names, value, _ in assignments(event.function) if names == {changed.id}]
    return any(_constructs(value, event.model) for value in values)


def _changed_row(node: n.Node) -> n.Expr | None:
    """The row in ``row.name = value`` and ``setattr(row, name, value)``."""
    if isinstance(node, n.Assign | n.AugAssign):
        target = node.targets[0] if isinstance(node, n.Assign) else node.target
        return target.value if isinstance(target, n.Attribute) else None
    return node.args[0] if isinstance(node, n.Call) and node.args else None


def _constructs(value: n.Expr, model: str) -> bool:
    func = value.func if isinstance(value, n.Call) else None
    return (isinstance(func, n.Name) and func.id == model) or (isinstance(func, n.Attribute) and func.attr == model)
