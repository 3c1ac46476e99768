"""``inspect.signature(function).bind(*args, **kwargs)``: which parameters a call gives, and with what."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import METHODS, SPECIAL
from threadly_lint.program.interpreter.parameters import OPEN, SPILL
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

SIGNATURE, BOUND = "inspect.Signature", "inspect.BoundArguments"


def _signature(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    return t.obj(SIGNATURE, args[0]) if args else t.ANYTHING


def _bind(a: Activation, receiver: Atom, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    from threadly_lint.program.entry.registrations import underlying

    function = underlying(receiver.shape.elem) if isinstance(receiver.shape, t.Obj) else None
    if function is None:
        return t.obj(BOUND)
    names = [p.name for p in function.params if p.kind not in ("args", "kwargs", "keyword")]
    given = {**dict(zip(names, args, strict=False)), **{k: v for k, v in keywords.items() if k not in (OPEN, SPILL)}}
    is_open = OPEN in keywords or SPILL in keywords or len(args) > len(names)
    return t.obj(BOUND, arguments=(Atom(t.Map(tuple(given.items()), is_open)),))


SPECIAL["inspect.signature"] = _signature
METHODS.update(dict.fromkeys((f"{SIGNATURE}.bind", f"{SIGNATURE}.bind_partial"), _bind))
