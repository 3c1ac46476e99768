"""Permission classes: objects that say of a request whether it may pass (functions that only sketches call)."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, merge
from threadly_lint.program.interpreter.attributes import class_value
from threadly_lint.program.interpreter.calls import SPECIAL, call_value
from threadly_lint.program.interpreter.containers import fixed_items
from threadly_lint.program.interpreter.types import Atom, Guard, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted, walk

Args = tuple[Value, ...]
Keywords = dict[str, Value]
SAFE = "SAFE_METHODS"
CALLER = ("credential", "session", "identity")
NAMES = ("permission_classes", "throttle_classes", "authentication_classes")


def _granted(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``granted(permission, request, view[, obj])``: true and false, with what being let through proves."""
    permission, *given = args
    method = "has_object_permission" if len(given) > 2 else "has_permission"
    found = [_verdict(a, atom, method, tuple(given), expr) for atom in permission]
    return t.join(*found) or _unseen(a, "permission", expr)


def _verdict(a: Activation, atom: Atom, method: str, given: Args, node: n.Expr) -> Value:
    shape = atom.shape
    if isinstance(shape, t.Inst):
        answer = _project_verdict(a, atom, shape, method, given, node)
        if answer is not None:
            return answer
        names = [b for b in a.program.hierarchy.library_bases(shape.info) if b != "object"]
    else:
        names = [shape.name] if isinstance(shape, t.Obj | t.Lib) else []
    if method != "has_permission":
        return (*t.TRUE, *t.FALSE)
    effects = {f.effect for name in names for f in a.knowledge.facts(name)}
    if effects & {"guard", "guard-weak"} or ("guard-partial" in effects and not _is_safe(given[0])):
        strength = "strong" if "guard-weak" not in effects else "weak"
        guard = Guard(f"permission `{names[0]}`", strength=strength)  # type: ignore[arg-type]
        return (*t.proven(t.TRUE, frozenset({guard})), *t.FALSE)
    if effects & {"guard-none", "guard-partial"}:
        return t.TRUE
    return _unseen(a, names[0] if names else "permission", node)


def _project_verdict(a: Activation, atom: Atom, shape: t.Inst, method: str, given: Args, node: n.Expr) -> Value | None:
    """What the permission's own code answers; a test of the caller whose failure is a 403 is a guard whatever it is made of."""
    code = class_value(a, atom, shape.info, method, node) or ()
    if not any(isinstance(x.shape, t.Func | t.Wrapped) for x in code):
        return None
    answer = call_value(a, code, given, {}, node)
    about = t.tags_of(answer)
    if a.state is None:
        return ()
    letting = t.keep(answer, lambda x: t.truthiness(x) is not False)
    if letting and not t.common_proof(letting):
        if any(tag.kind in CALLER for tag in about):
            return (*t.proven(t.tagged(t.TRUE, about), frozenset({Guard(f"permission `{shape.info.name}`")})), *t.FALSE)
        if all(isinstance(x.shape, t.Unknown) for x in letting):
            return _unseen(a, shape.info.name, node)
    return answer


def _is_safe(request: Value) -> bool:
    methods = [
        v for x in request if isinstance(x.shape, t.Obj) for v in t.constants(dict(x.shape.attrs).get("method", ()))
    ]
    return bool(methods) and all(m in ("GET", "HEAD", "OPTIONS") for m in methods)


def _unseen(a: Activation, label: str, node: n.Expr) -> Value:
    """Code that cannot be seen may check the caller."""
    return (*t.proven(t.TRUE, frozenset({Guard(f"permission `{label}`", strength="unknown")})), *t.FALSE)


def _permitted(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``permitted(permissions, request, view[, obj])``: who is let through has passed every permission of the list."""
    permissions, *given = args
    before, ends, may_deny = a.state, [], False
    asked: list[t.Shape] = []
    for atom in permissions or t.ANYTHING:
        a.state = before.copy() if before is not None else None
        items = fixed_items((atom,))
        for item in items if items is not None else (_element(atom),):
            asked += [x.shape for x in item]
            may_deny |= _pass(a, expr, item, tuple(given), keywords)
        ends.append(a.state)
    a.state = merge(*ends)
    if may_deny:
        a.emit("reject", "permission_denied", expr, status=403)
    if any(_is_own(a, shape, "has_object_permission" if given[2:] else "has_permission") for shape in asked):
        a.emit("ownership-test" if given[2:] else "role-test", "permission", expr)
    if _is_safe(given[0]) and any(_welcomes_readers(a, shape) for shape in asked):
        a.emit("open-to-readers", "permission", expr)
    if a.state is None:
        a.die(403)
    return t.NONE


def _is_own(a: Activation, shape: t.Shape, method: str) -> bool:
    """Whether the project has written this method of a permission."""
    _, found = a.program.hierarchy.class_attribute(shape.info, method) if isinstance(shape, t.Inst) else ("", ())
    return any(isinstance(x.shape, t.Func) and not x.shape.info.module.is_sketch for x in found)


def _welcomes_readers(a: Activation, shape: t.Shape) -> bool:
    """Whether a permission makes a difference between those who only read and others."""
    if isinstance(shape, t.Obj | t.Lib):
        return a.knowledge.fact(shape.name, "guard-partial") is not None
    classes = a.program.hierarchy.mro(shape.info) if isinstance(shape, t.Inst) else []
    nodes = (x for c in classes if not isinstance(c, str) for x in walk(*c.node.body))
    return any(isinstance(x, n.Name | n.Attribute) and (dotted(x) or "").endswith(SAFE) for x in nodes)


def _element(atom: Atom) -> Value:
    return atom.shape.elem if isinstance(atom.shape, t.Seq) and atom.shape.elem else t.ANYTHING


def _pass(a: Activation, expr: n.Call, permission: Value, given: Args, keywords: Keywords) -> bool:
    """Go on only where a permission lets through; whether it may turn anybody away."""
    if a.state is None:
        return True
    answer = _granted(a, expr, (permission, *given), keywords)
    letting = t.keep(answer, lambda x: t.truthiness(x) is not False)
    if not letting:
        a.state = None
        return True
    a.prove(t.common_proof(letting))
    return any(t.truthiness(x) is not True for x in answer)


def _tried(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``tried(authenticators, request)``: the project's own ones look at the request; nobody is turned away for lack of one."""
    for atom in args[0]:
        for authenticator in t.join(*(fixed_items((atom,)) or ())):
            _try(a, expr, authenticator, args[1])
    return t.NONE


def _try(a: Activation, expr: n.Call, authenticator: Atom, request: Value) -> None:
    shape = authenticator.shape
    if a.state is None or not isinstance(shape, t.Inst) or not _is_own(a, shape, "authenticate"):
        return
    before = a.state.copy()
    call_value(a, class_value(a, authenticator, shape.info, "authenticate", expr) or (), (request,), {}, expr)
    a.state = merge(before, a.state)


def _limited(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``limited(throttles)``: each throttle limits the rate."""
    for atom in args[0]:
        items = fixed_items((atom,))
        for throttle in [x for i in items for x in i] if items is not None else []:
            name = throttle.shape.name if isinstance(throttle.shape, t.Obj | t.Lib) else ""
            bases = (
                a.program.hierarchy.library_bases(throttle.shape.info) if isinstance(throttle.shape, t.Inst) else [name]
            )
            fact = next((f for b in bases for f in a.knowledge.facts(b) if f.effect == "rate-limit"), None)
            a.emit("rate-limit", bases[0] if bases else "throttle", expr, fact=fact)
    return t.NONE


def _setting(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``setting(name, key, default)``: classes that an entry of a dict setting names."""
    from threadly_lint.program.entry.django_settings import all_settings

    name, key = t.text_of(args[0]) or "", t.text_of(args[1]) or ""
    for _, settings in all_settings(a.program):
        value = settings.entry(name, key)
        items = fixed_items(value)
        if items is not None:
            named = (settings.named(text) if (text := t.text_of(i)) else i for i in items)
            return (Atom(t.Seq("list", tuple(named))),)
        if value:
            return (Atom(t.Seq("list", (t.ANYTHING,))),)
    return args[2]


def _declared(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``declared(function)``: what decorators below say about permissions and throttles, as a mapping."""
    found: dict[object, Value] = {}
    _collect(args[0], found)
    return (Atom(t.Map(tuple(found.items()), False)),)


def _collect(value: Value, found: dict[object, Value], depth: int = 8) -> None:
    for atom in value if depth else ():
        shape = atom.shape
        if isinstance(shape, t.Func):
            outer = shape.info.qualname.partition(".")[0]
            captured = dict(shape.captured)
            if shape.info.module.is_sketch and outer in NAMES and "classes" in captured:
                found.setdefault(outer, captured["classes"])
            for inner in captured.values():
                _collect(inner, found, depth - 1)
        elif isinstance(shape, t.Wrapped):
            _collect(shape.inner, found, depth - 1)


SPECIAL.update(
    {
        "threadly.declared": _declared,
        "threadly.granted": _granted,
        "threadly.limited": _limited,
        "threadly.permitted": _permitted,
        "threadly.setting": _setting,
        "threadly.tried": _tried,
    }
)
