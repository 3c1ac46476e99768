"""Registrations: finding the calls and decorators by which frameworks learn of handlers, and telling routers apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from threadly_lint.program.entry.development import stands_in_development
from threadly_lint.program.entry.entry_points import Rest, Step, handler_node
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.calls import arguments, call_value
from threadly_lint.program.interpreter.effects import Exit, Outcome
from threadly_lint.program.interpreter.expressions import captured_by, evaluate
from threadly_lint.program.interpreter.parameters import bind_parameters
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.wrappers import decorate
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


@dataclass(frozen=True, eq=False)
class Registration:
    """A call (or decorator) that registers something: on which object, with what, in which scope.

    ``name`` is the library's name of the method or function, ``function`` the decorated function, if any, ``value``
    what the call gives, where it is known.
    """

    name: str
    receiver: Atom | None
    args: tuple[Value, ...]
    keywords: dict[str, Value]
    node: n.Expr
    scope: Activation
    module: Module
    function: Function | None = None
    conditional: bool = False
    value: Value = ()

    def argument(self, position: int, *keywords: str) -> Value:
        """An argument by position or by one of its names; empty when not given."""
        for keyword in keywords:
            if keyword in self.keywords:
                return self.keywords[keyword]
        return self.args[position] if 0 <= position < len(self.args) else ()


def imports(program: Program, *packages: str) -> bool:
    """Whether some module of the project imports one of these packages; an adapter has nothing to do otherwise."""
    found = program.memo.get("imported packages")
    if found is None:
        found = program.memo["imported packages"] = frozenset(_imported_packages(program))
    return not found.isdisjoint(packages)


def _imported_packages(program: Program) -> Iterator[str]:
    for module in program.modules.values():
        for node in (x for s in module.skeleton.body for x in walk(s)):
            if isinstance(node, n.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, n.ImportFrom) and not node.level and node.module:
                yield node.module.partition(".")[0]


def scope_in(program: Program, module: Module, function: Function | None) -> Activation:
    """A scope in which expressions inside ``function`` (or at module level) can be evaluated."""
    if function is None or function is module.body:
        body = program.bindings.body(module)
        body.revive()
        return body
    a = Activation(program, function, dict(program.final_variables(function)))
    if function.parent is None and function.owner is not None and function.params:
        a.bind(function.params[0].name, (Atom(t.Inst(function.owner)),))
    return a


def _bind_handed(scope: Activation, node: n.Expr) -> None:
    """Make known, for code that composes an application, what callers hand to the parameters (the application) in ``node``."""
    function = scope.function
    if function is function.module.body or function.owner is not None:
        return
    mentioned = {p.name for p in function.params} & {x.id for x in walk(node) if isinstance(x, n.Name)}
    for name in sorted(mentioned):
        if value := _handed_to(scope.program, function).get(name):
            scope.bind(name, value)


def _handed_to(program: Program, function: Function) -> dict[str, Value]:
    """Parameters of a function with what its callers give for them, where that is an object that a library made."""
    known: dict[Function, dict[str, Value]] = program.memo.setdefault("handed to", {})
    if function not in known:
        known[function] = {}
        found: dict[str, Value] = {}
        for args, keywords in _arguments_of_callers(program, function):
            for name, value in bind_parameters(program, t.Func(function), args, keywords, generic=False).items():
                found[name] = t.join(found.get(name, ()), t.keep(value, _is_made))
        known[function] = {name: value for name, value in found.items() if value}
    return known[function]


def _arguments_of_callers(program: Program, function: Function) -> Iterator[tuple[tuple[Value, ...], dict[str, Value]]]:
    for call, module, caller in program.calls_named(function.name):
        if program.project.is_exempt(module.path) or caller is function or not (call.args or call.keywords):
            continue
        scope = scope_in(program, module, caller)
        _bind_handed(scope, call.func)
        if any(isinstance(x.shape, t.Func) and x.shape.info is function for x in evaluate(scope, call.func)):
            _bind_handed(scope, call)
            yield arguments(scope, call)


def _is_made(atom: Atom) -> bool:
    return isinstance(atom.shape, t.Obj) and atom.shape.made is not None


def decorations(program: Program) -> Iterator[tuple[Function, n.Expr, Activation]]:
    """Every decorator of every function, with a scope to evaluate it in."""
    for function in program.functions:
        for decorator in function.decorators:
            scope = _decorator_scope(program, function)
            _bind_handed(scope, decorator)
            yield function, decorator, scope


def class_decorations(program: Program) -> Iterator[tuple[Class, n.Expr, Activation]]:
    """Every decorator of every class, with a scope to evaluate it in."""
    for info in program.classes:
        for decorator in info.node.decorators:
            yield info, decorator, program.hierarchy.scope_of(info)


def _decorator_scope(program: Program, function: Function) -> Activation:
    if function.owner is not None:
        return Activation(program, function.module.body, {}, class_scope=function.owner)
    return scope_in(program, function.module, function.parent)


def decorator_registrations(program: Program, names: frozenset[str]) -> Iterator[Registration]:
    """Decorators that are (calls of) a method called one of ``names`` of something a library made."""
    for function in program.functions:
        for decorator in function.decorators:
            target = decorator.func if isinstance(decorator, n.Call) else decorator
            if _may_be_called(target, names, function.module):
                scope = _decorator_scope(program, function)
                yield from _registrations(program, decorator, target, scope, function.module, function, names)
    yield from _applied_registrations(program, names)


def _applied_registrations(program: Program, names: frozenset[str]) -> Iterator[Registration]:
    """Decorators that are applied by hand: ``app.route("/")(handler)``."""
    for call, module, around in program.calls_named(""):
        inner = call.func
        if not isinstance(inner, n.Call) or len(call.args) != 1 or not _may_be_called(inner.func, names, module):
            continue
        scope = scope_in(program, module, around)
        function = underlying(evaluate(scope, call.args[0]))
        for found in _registrations(program, inner, inner.func, scope, module, None, names):
            if function is not None and function.owner is None:
                yield replace(found, function=function, scope=_decorator_scope(program, function))


def _may_be_called(target: n.Expr, names: frozenset[str], module: Module) -> bool:
    """Whether an expression can, by its spelling or its import, stand for a function called one of ``names``."""
    if isinstance(target, n.Attribute):
        return target.attr in names
    if not isinstance(target, n.Name):
        return False
    imported = (b.alias.name for b in module.scope.get(target.id, ()) if b.alias is not None)
    return target.id in names or any(name in names for name in imported)


def class_registrations(program: Program, names: frozenset[str]) -> Iterator[tuple[Class, Registration]]:
    """Decorators of classes that are (calls of) a method called one of ``names`` of something a library made."""
    for info in program.classes:
        for decorator in info.node.decorators:
            target = decorator.func if isinstance(decorator, n.Call) else decorator
            if isinstance(target, n.Attribute) and target.attr in names:
                scope = program.hierarchy.scope_of(info)
                for found in _registrations(program, decorator, target, scope, info.module, None, names):
                    yield info, found


def call_registrations(program: Program, names: frozenset[str]) -> Iterator[Registration]:
    """Calls of a method or function called one of ``names``, anywhere in the project."""
    for name in sorted(names):
        for call, module, function in program.calls_named(name):
            scope = scope_in(program, module, function)
            yield from _registrations(program, call, call.func, scope, module, None, names)


def _registrations(
    program: Program,
    node: n.Expr,
    target: n.Expr,
    scope: Activation,
    module: Module,
    function: Function | None,
    names: frozenset[str],
) -> Iterator[Registration]:
    _bind_handed(scope, target)
    found = evaluate(scope, target)
    for atom in found:
        name, receiver = _registering(program, atom)
        if name.rpartition(".")[2] not in names:
            continue
        _bind_handed(scope, node)
        args, keywords = arguments(scope, node) if isinstance(node, n.Call) else ((), {})
        conditional = stands_in_development(module, node)
        yield Registration(name, receiver, args, keywords, node, scope, module, function, conditional)


def _registering(program: Program, atom: Atom) -> tuple[str, Atom | None]:
    """The library's name of a callable, and what it is bound to; a project's override stands for the method that it overrides."""
    shape = atom.shape
    if isinstance(shape, t.LibMethod):
        return shape.owner, shape.receiver
    if isinstance(shape, t.Lib):
        return shape.name, None
    if isinstance(shape, t.Func) and shape.info.owner is not None and len(shape.bound) == 1:
        receiver = shape.bound[0]
        bases = program.hierarchy.library_bases(receiver.shape.info) if isinstance(receiver.shape, t.Inst) else []
        names = (f"{base}.{shape.info.name}" for base in bases)
        return next((x for x in names if program.knowledge.facts(x)), ""), receiver
    return "", None


def registered_function(registration: Registration) -> Value:
    """The function as its route decorator receives it: decorators that stand above the route are not applied."""
    function, scope = registration.function, registration.scope
    assert function is not None
    value: Value = (Atom(t.Func(function, (), captured_by(scope, function))),)
    for decorator in reversed(function.decorators):
        if decorator is registration.node:
            break
        if function.parent is None:
            scope.revive()
        value = decorate(scope, decorator, value)
    return value


def identity(atom: Atom) -> object:
    """What tells one router, blueprint or application from another: where it was made."""
    shape = atom.shape
    if isinstance(shape, t.Obj):
        return id(shape.made.call) if shape.made is not None else shape.name
    if isinstance(shape, t.Inst):
        return (shape.info, shape.args, shape.keywords)
    if isinstance(shape, t.Lib):
        return shape.name
    return shape


def made_with(atom: Atom, keyword: str, position: int | None = None) -> Value:
    """What the constructor of an object was given."""
    shape = atom.shape
    if isinstance(shape, t.Obj) and shape.made is not None:
        found = shape.made.keyword(keyword)
        if not found and position is not None and position < len(shape.made.args):
            return shape.made.args[position]
        return found
    if isinstance(shape, t.Inst):
        found = dict(shape.keywords).get(keyword, ())
        if not found and position is not None and position < len(shape.args):
            return shape.args[position]
        return found
    return ()


def items_of(value: Value) -> list[Value]:
    """The items of a list display; those of alternatives together. A value that is no list is its own only item."""
    found: list[Value] = []
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.Seq):
            found.extend(shape.items if shape.items is not None else [(x,) for x in shape.elem])
        elif not t.is_none(atom) and not isinstance(shape, t.Unknown):
            found.append((atom,))
    return found


def texts_of(value: Value) -> list[str]:
    """String literals in a value or in the lists that it may be."""
    return [x for item in items_of(value) for x in t.constants(item) if isinstance(x, str)]


def is_library(program: Program, atom: Atom, *classes: str) -> bool:
    """Whether an object is of one of these library classes, or of a project subclass of one."""
    shape = atom.shape
    if isinstance(shape, t.Obj):
        return any(program.knowledge.is_subclass(shape.name, c) for c in classes)
    if isinstance(shape, t.Inst):
        return program.hierarchy.inherits(shape.info, *classes)
    return False


def underlying(value: Value) -> Function | None:
    """The function as written behind decorators that keep its signature: the innermost one."""
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.Wrapped) and (found := underlying(shape.inner)) is not None:
            return found
        if isinstance(shape, t.Partial) and (found := underlying(shape.func)) is not None:
            return found
        if isinstance(shape, t.Func):
            for _, captured in shape.captured:
                if (found := underlying(captured)) is not None and _keeps_signature(shape.info):
                    return found
            return shape.info
        if isinstance(shape, t.Inst):
            for given in (*shape.args, *(v for _, v in shape.keywords)):
                if (found := underlying(given)) is not None:
                    return found
    return None


def _keeps_signature(info: Function) -> bool:
    return {p.kind for p in info.params} >= {"args", "kwargs"} or any(p.kind == "kwargs" for p in info.params)


def handler_behind(value: Value) -> Function | None:
    """The handler as written, whatever wrappers of the project stand around it."""
    for atom in value:
        shape = atom.shape
        inner: Value = ()
        if isinstance(shape, t.Func) and shape.info.parent is not None:
            given = {p.name for p in shape.info.parent.params}
            inner = t.join(*(v for name, v in shape.captured if name in given))
        elif isinstance(shape, t.Inst):
            inner = t.join(*shape.args, *(v for _, v in shape.keywords))
        elif isinstance(shape, t.Wrapped):
            inner = shape.inner
        elif isinstance(shape, t.Partial):
            inner = shape.func
        if (found := handler_behind(inner)) is not None:
            return found
        if isinstance(shape, t.Func):
            return shape.info
    return None


def registered_value(program: Program, registration: Registration) -> Value:
    """The decorated function as a route decorator registers it: decorators above that one are not applied."""
    from threadly_lint.program.interpreter.wrappers import decorate

    function = registration.function
    assert function is not None
    value: Value = (Atom(t.Func(function)),)
    if function.parent is not None:
        return program.final_variables(function.parent).get(function.name) or value
    for decorator in reversed(function.decorators):
        if decorator is registration.node:
            break
        registration.scope.revive()
        value = decorate(registration.scope, decorator, value)
    return value


def calling(func: Value, args: tuple[Value, ...], keywords: dict[str, Value], function: Function) -> Rest:
    """A call of ``func`` with fixed arguments, reported at the handler's name."""

    def call(a: Activation) -> Value:
        return call_value(a, func, args, keywords, handler_node(function))

    return call


def hook_step(func: Value, args: tuple[Value, ...], node: n.Expr) -> Step:
    """A hook that runs before the handler; one that returns an answer ends the request: only its silent ends go on."""

    def step(a: Activation, rest: Rest) -> Value:
        before = a.state.auth if a.state is not None else t.NO_PROOF
        value = call_value(a, func, args, {}, node)
        if a.state is None:
            return ()
        silent = t.keep(value, t.is_none) or t.keep(value, lambda x: isinstance(x.shape, t.Unknown))
        if value and not silent:
            return ()
        a.prove(t.common_proof(silent) - before)
        return rest(a)

    return step


def once(rest: Rest) -> Rest:
    """``rest``, run only once however often a middleware goes on: where it does, the same happens."""
    known: list[Outcome] = []

    def call(a: Activation) -> Value:
        if not known:
            inner = Activation(a.program, a.function, {})
            inner.patient = True
            value = rest(inner)
            if inner.state is not None:
                status = a.program.behaviour.status_of(value)
                inner.leave(Exit("return", value, inner.state.auth, status, a.function.node))
            known.append(outcome_of(inner, is_generator_object=False))
        a.inline(known[0], handler_node(a.function), "the rest of the request")
        if not known[0].returns:
            a.die()
            return ()
        return known[0].value

    return call


def subclasses(program: Program, *bases: str) -> Iterator[Class]:
    """Project classes with one of these library classes among their ancestors."""
    for info in program.classes:
        if program.hierarchy.inherits(info, *bases):
            yield info
