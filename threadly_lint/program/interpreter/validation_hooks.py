"""Methods of forms and serializers that a library calls while it validates: ``validate_email``, ``clean``, ``validate``."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.request_data import checked
from threadly_lint.program.interpreter.types import NO_PROOF, Atom, Proof, Value
from threadly_lint.program.symbols.names import Class

SERIALIZER = "rest_framework.serializers.BaseSerializer"
FORM = "django.forms.BaseForm"
HOOKS = {SERIALIZER: ("validate", "validate_"), FORM: ("clean", "clean_")}


def follow_validation(a: Activation, call: Call, value: Value) -> Value:
    """Run what ``is_valid`` runs; being valid proves what these methods prove by not raising."""
    if a.state is None or not call.name.endswith(".is_valid") or not call.receiver:
        return value
    proof = frozenset().union(*(_run_hooks(a, call, atom) for atom in call.receiver))
    if not proof or a.state is None:
        return value
    if True in t.constants(call.keywords.get("raise_exception", ())):
        a.prove(proof)
        return value
    truths = value if t.constants(value) else (*t.TRUE, *t.FALSE)
    return tuple(x if t.truthiness(x) is False else x._replace(proof=x.proof | proof) for x in truths)


def _run_hooks(a: Activation, call: Call, receiver: Atom) -> Proof:
    from threadly_lint.program.interpreter.attributes import attribute
    from threadly_lint.program.interpreter.calls import call_value

    shape = receiver.shape
    if not isinstance(shape, t.Inst):
        return NO_PROOF
    sent = checked(dict(shape.keywords).get("data", ()) or next(iter(shape.args), ()) or t.ANYTHING)
    found: Proof = NO_PROOF
    for name in _hooks(a, shape.info):
        before = a.state.copy() if a.state is not None else None
        given = () if name.startswith("clean") else (t.unknown(t.tags_of(sent)),)
        call_value(a, attribute(a, (receiver,), name, call.node), given, {}, call.node)
        if a.state is not None and before is not None:
            found |= a.state.auth - before.auth
        a.state = before
    return found


def _hooks(a: Activation, info: Class) -> list[str]:
    """The project's methods that a serializer or form calls, field by field first."""
    exact, prefix = next((h for base, h in HOOKS.items() if a.program.hierarchy.inherits(info, base)), ("", ""))
    classes = (
        [c for c in a.program.hierarchy.mro(info) if isinstance(c, Class) and not c.module.is_sketch] if exact else []
    )
    names = dict.fromkeys(m.name for c in classes for m in c.method_nodes())
    return [*(n for n in names if n.startswith(prefix)), *(n for n in names if n == exact)]
