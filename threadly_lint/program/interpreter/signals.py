"""What writing a row of Django sets off: receivers of the model's signals, and its own ``save`` where a row is created."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf

if TYPE_CHECKING:
    from threadly_lint.program.interpreter.activation import Activation
    from threadly_lint.program.interpreter.libraries import Call
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class, Function, Module

SAVING = frozenset({"pre_save", "post_save"})
DELETING = frozenset({"pre_delete", "post_delete"})
SENDS = {
    **dict.fromkeys(("save", "asave", "create", "acreate", "get_or_create", "aget_or_create"), SAVING),
    **dict.fromkeys(("update_or_create", "aupdate_or_create"), SAVING),
    **dict.fromkeys(("delete", "adelete"), DELETING),
}
CREATES = frozenset("create acreate get_or_create aget_or_create update_or_create aupdate_or_create".split())
RECEIVER = "django.dispatch.receiver"


class Receiver(NamedTuple):
    """A function that listens to signals of a model; of all models when there is no ``sender``."""

    signals: frozenset[str]
    sender: Class | None
    function: Value


class Signals:
    """Runs receivers where the rows they listen to are written."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def follow(self, a: Activation, call: Call) -> None:
        """What a write of one row sets off; writes of many rows at once send no signal."""
        from threadly_lint.program.interpreter.calls import call_value

        self._save(a, call)
        sent = SENDS.get(call.name.rpartition(".")[2], frozenset())
        info = self.program.models.class_in(call.receiver) if sent and call.name.startswith("django.") else None
        for receiver in self.receivers if info is not None and a.state is not None else ():
            if receiver.signals & sent and self._listens(receiver, info):
                keywords: dict[str, Value] = {
                    "sender": (Atom(t.ClassRef(info)),),  # type: ignore[arg-type]
                    "instance": (Atom(t.Inst(info)),),  # type: ignore[arg-type]
                    "created": (*t.TRUE, *t.FALSE),
                }
                state = a.state
                call_value(a, receiver.function, (), keywords, call.node)
                a.state = state

    def _save(self, a: Activation, call: Call) -> None:
        """The model's own ``save`` where a manager creates a row."""
        from threadly_lint.program.interpreter.attributes import instance_attribute
        from threadly_lint.program.interpreter.calls import call_value

        creates = call.name.startswith("django.") and call.name.rpartition(".")[2] in CREATES
        info = self.program.models.class_in(call.receiver) if creates else None
        if info is None or a.state is None or self.program.hierarchy.class_attribute(info, "save")[0] is None:
            return
        state, row = a.state, t.Inst(info)
        method = instance_attribute(a, Atom(row), row, "save", call.node)
        call_value(a, method, (), {"force_insert": t.TRUE}, call.node)
        a.state = state

    def _listens(self, receiver: Receiver, info: Class | None) -> bool:
        return receiver.sender is None or (info is not None and receiver.sender in self.program.hierarchy.mro(info))

    @cached_property
    def receivers(self) -> tuple[Receiver, ...]:
        """Those that listen to signals of models."""
        return tuple(x for x in self._all if x.signals & (SAVING | DELETING))

    @cached_property
    def listeners(self) -> frozenset[Function]:
        """Every function that listens to some signal: it is part of whatever sends that."""
        functions = (x.shape for receiver in self._all for x in receiver.function)
        return frozenset(shape.info for shape in functions if isinstance(shape, t.Func))

    def is_deleting(self, function: Function) -> bool:
        """Whether a function listens to deletions, which run in a transaction together with all that listens."""
        found = (x.shape for receiver in self.receivers if receiver.signals & DELETING for x in receiver.function)
        return any(isinstance(shape, t.Func) and shape.info is function for shape in found)

    @cached_property
    def _all(self) -> tuple[Receiver, ...]:
        """Those that a decorator declares and those that are connected by a call."""
        return (*self._declared(), *self._connected())

    def _declared(self) -> Iterator[Receiver]:
        for function in self.program.functions:
            for decorator in function.decorators:
                if isinstance(decorator, n.Call) and leaf(decorator) == "receiver":
                    scope = self._scope(function.module, function.parent)
                    if self._is_receiver(scope, decorator.func):
                        value: Value = (Atom(t.Func(function)),)
                        yield from self._receiver(scope, _names(decorator.args[:1]), decorator, value)

    def _connected(self) -> Iterator[Receiver]:
        from threadly_lint.program.interpreter.expressions import evaluate

        for call, module, function in self.program.calls_named("connect"):
            names = _names([call.func.value]) if isinstance(call.func, n.Attribute) else frozenset()
            if names and call.args and isinstance(call.args[0], n.Name | n.Attribute):
                scope = self._scope(module, function)
                yield from self._receiver(scope, names, call, evaluate(scope, call.args[0]))

    def _receiver(self, scope: Activation, names: frozenset[str], call: n.Call, function: Value) -> Iterator[Receiver]:
        from threadly_lint.program.interpreter.expressions import evaluate

        sender = next((k.value for k in call.keywords if k.name == "sender"), None)
        functions = tuple(x for x in function if isinstance(x.shape, t.Func))
        if sender is None:
            yield Receiver(names, None, functions)
            return
        senders = [x.shape.info for x in evaluate(scope, sender) if isinstance(x.shape, t.ClassRef)]
        yield from (Receiver(names, info, functions) for info in senders)
        if not senders:
            yield Receiver(frozenset(), None, functions)

    def _is_receiver(self, scope: Activation, func: n.Expr) -> bool:
        from threadly_lint.program.interpreter.expressions import evaluate

        return any(isinstance(x.shape, t.Lib) and x.shape.name == RECEIVER for x in evaluate(scope, func))

    def _scope(self, module: Module, function: Function | None) -> Activation:
        from threadly_lint.program.entry.registrations import scope_in

        return scope_in(self.program, module, function)


def _names(exprs: list[n.Expr] | tuple[n.Expr, ...]) -> frozenset[str]:
    """The last names of one signal or of a list of them."""
    flat = [part for expr in exprs for part in (expr.items if isinstance(expr, n.Sequence) else (expr,))]
    return frozenset(leaf(expr) for expr in flat)
