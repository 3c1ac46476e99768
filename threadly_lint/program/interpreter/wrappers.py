"""Decorators: what a function becomes behind them.

A decorator of the project is simply run: what it returns is the decorated function, and what its inner function does before
and around the call happens there. A library's decorator is what knowledge says; one that nobody knows may be anything.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.switched import is_on
from threadly_lint.program.interpreter.types import Atom, Guard, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

METHOD_KINDS = {"staticmethod": "static", "classmethod": "class", "property": "property"}
CACHED_PROPERTIES = frozenset(
    """functools.cached_property django.utils.functional.cached_property werkzeug.utils.cached_property
    abc.abstractproperty sqlalchemy.ext.hybrid.hybrid_property""".split()
)
TRANSPARENT = frozenset(
    """functools.wraps functools.update_wrapper functools.singledispatch abc.abstractmethod typing.overload typing.override
    typing_extensions.override typing.final typing.no_type_check""".split()
)
UNCHANGED = frozenset(
    """route route-register adapter boundary documentation hook lifecycle error-handler registration resolver handler-base
    mount method-filter websocket csrf not-a-guard response schema middleware guard-none subscribe dependency""".split()
)
CONTEXT_DECORATOR = "contextlib.ContextDecorator"
GUARDING = frozenset({"guard", "guard-weak", "guard-partial", "guard-scope"})


def method_kind(program: Program, function: Function) -> str:
    """``static``, ``class``, ``property`` or ``function``, from the decorators that Python itself gives a meaning."""
    for decorator in function.decorators:
        if isinstance(decorator, n.Attribute) and decorator.attr in ("setter", "getter", "deleter", "expression"):
            return "property"
        if not isinstance(decorator, n.Name | n.Attribute):
            continue
        name = library_name(program.bindings.body(function.module), decorator)
        if name in METHOD_KINDS:
            return METHOD_KINDS[name]
        if name in CACHED_PROPERTIES:
            return "property"
        if name.startswith("contextlib.") or name.endswith("contextmanager"):
            return "context"
    return "function"


def library_name(scope: Activation, expr: n.Expr) -> str:
    """The dotted name of the library function that an expression stands for; empty for anything else."""
    from threadly_lint.program.interpreter.expressions import evaluate

    scope.revive()
    for atom in evaluate(scope, expr):
        if isinstance(atom.shape, t.Lib):
            return atom.shape.name
        if isinstance(atom.shape, t.LibMethod):
            return atom.shape.owner
    return ""


def apply_decorators(scope: Activation, function: Function, value: Value) -> Value:
    """``value`` behind the decorators of ``function``, the lowest first."""
    for decorator in reversed(function.decorators):
        scope.revive() if scope.function.name == "<module>" else None
        if not _is_method_kind(scope, function, decorator):
            value = decorate(scope, decorator, value)
    return value


def _is_method_kind(scope: Activation, function: Function, decorator: n.Expr) -> bool:
    kind = scope.program.kind(function)
    if kind == "property":
        return isinstance(decorator, n.Name | n.Attribute)
    if kind not in ("static", "class"):
        return False
    return METHOD_KINDS.get(library_name(scope, decorator) if isinstance(decorator, n.Name) else "") == kind


def decorate(scope: Activation, decorator: n.Expr, value: Value) -> Value:
    """``value`` behind one decorator expression."""
    from threadly_lint.program.interpreter.calls import arguments
    from threadly_lint.program.interpreter.expressions import evaluate

    args: tuple[Value, ...] = ()
    keywords: dict[str, Value] = {}
    called = isinstance(decorator, n.Call)
    func = evaluate(scope, decorator.func if isinstance(decorator, n.Call) else decorator)
    if isinstance(decorator, n.Call) and all(isinstance(x.shape, t.Lib | t.LibMethod) for x in func):
        args, keywords = arguments(scope, decorator)
        if any(isinstance(x.shape, t.Lib) and x.shape.name == "functools.partial" for x in func):
            func, called = evaluate(scope, decorator), False
    elif isinstance(decorator, n.Call):
        func, called = evaluate(scope, decorator), False
    return t.join(*(_behind(scope, x, value, args, keywords, decorator, called=called) for x in func)) or value


def behind(scope: Activation, by: Value, value: Value, node: n.Expr) -> Value:
    """``value`` behind a decorator that has been evaluated already."""
    return t.join(*(_behind(scope, x, value, (), {}, node, called=False) for x in by)) or value


def behind_all(scope: Activation, by: Value, value: Value, node: n.Expr) -> Value:
    """``value`` behind one evaluated decorator, or behind a list of them, the last one innermost."""
    from threadly_lint.program.interpreter.containers import fixed_items

    items = fixed_items(by)
    for decorator in reversed(items) if items is not None else (by,):
        value = behind(scope, decorator, value, node)
    return value


def _behind(
    scope: Activation,
    by: Atom,
    value: Value,
    args: tuple[Value, ...],
    keywords: dict[str, Value],
    node: n.Expr,
    *,
    called: bool,
) -> Value:
    from threadly_lint.program.interpreter.calls import call_value

    shape = by.shape
    name = shape.name if isinstance(shape, t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
    if name or (isinstance(shape, t.Obj) and shape.name not in ("", "str")):
        name = name or f"{shape.name}.__call__"  # type: ignore[union-attr]
        return library_wrapped(scope, name, value, args, keywords, node, by)
    if isinstance(shape, t.Unknown | t.Obj):
        return _maybe_guarded(scope, "", value, node)
    if isinstance(shape, t.Wrapped) and shape.by.endswith("contextmanager()"):
        return (Atom(t.Wrapped(value, CONTEXT_DECORATOR, context=(by,))),)
    result = call_value(scope, (by,), (value,), {}, node)
    scope.state = scope.state or None
    usable = t.keep(result, lambda x: not isinstance(x.shape, t.Const | t.Unknown))
    return usable or _maybe_guarded(scope, "", value, node)


def library_wrapped(
    scope: Activation,
    name: str,
    value: Value,
    args: tuple[Value, ...],
    keywords: dict[str, Value],
    node: n.Expr,
    by: Atom | None = None,
) -> Value:
    """``value`` behind a library's decorator, ``by`` being the decorator itself where it is known."""
    knowledge = scope.knowledge
    if name in TRANSPARENT:
        return value
    facts = [f for f in knowledge.facts(name) if f.effect != "validation" or is_on(scope.program, f, by, keywords)]
    effects = {f.effect for f in facts}
    if guard := next((f for f in facts if f.effect in GUARDING), None):
        weakened = scope.program.behaviour.is_weakened(name, keywords)
        proof = frozenset({_guard(scope, name, node, "weak" if guard.effect == "guard-weak" else "strong")})
        return (Atom(t.Wrapped(value, name, t.NO_PROOF if weakened else proof)),)
    if (made := knowledge.returns(name)) is not None and not made.is_reference and effects <= UNCHANGED:
        return (Atom(t.Wrapped(value, name)),)
    if effects and effects <= UNCHANGED:
        return value
    if effects or name.endswith("contextmanager") or name.partition(".")[0] in ("functools", "contextlib"):
        return (Atom(t.Wrapped(value, name)),)
    if knowledge.is_known(name) or name.partition(".")[0] in sys.stdlib_module_names:
        return value
    return _maybe_guarded(scope, name, value, node)


def _maybe_guarded(scope: Activation, name: str, value: Value, node: n.Expr) -> Value:
    """A decorator that cannot be seen may be a guard: what it protects is reported with low confidence only."""
    label = name or _text(node)
    return (Atom(t.Wrapped(value, name, frozenset({_guard(scope, label, node, "unknown")}))),)


def _text(node: n.Expr) -> str:
    from threadly_lint.skeleton.walk import dotted

    return dotted(node.func if isinstance(node, n.Call) else node) or "decorator"


def _guard(scope: Activation, label: str, node: n.Expr, strength: str) -> Guard:
    return Guard(f"`@{label}`", scope.module.path, node.span[0], strength)  # type: ignore[arg-type]
