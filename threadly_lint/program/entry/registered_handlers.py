"""Exception handlers that a project registers with its framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.failures import EVERYTHING
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.entry.registrations import Registration
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function, Module

DECORATORS = frozenset({"errorhandler", "app_errorhandler", "exception_handler", "exception"})
CALLS = frozenset({"register_error_handler", "add_exception_handler", "add_error_handler"})
CONSTRUCTORS = frozenset({"FastAPI", "Starlette", "Litestar", "Router", "Controller"})
FAMILIES = {
    "apiflask": "flask",
    "flask_restful": "flask",
    "flask_restx": "flask",
    "flask_smorest": "flask",
    "quart": "flask",
    "starlette": "fastapi",
}
LOCAL = ("Blueprint.errorhandler", "Blueprint.register_error_handler", "Blueprint.exception")


@dataclass(frozen=True)
class RegisteredHandler:
    """Exceptions that a framework turns into answers. ``owner`` is the group of endpoints to which it is limited."""

    classes: frozenset[str]
    family: str = ""
    owner: str = ""

    def serves(self, entry_point: EntryPoint | None) -> bool:
        """Whether errors of this entry point come to the handler (of code that nothing calls: whether they might)."""
        if entry_point is None:
            return True
        if not entry_point.is_endpoint:
            return False
        family = FAMILIES.get(entry_point.framework, entry_point.framework)
        return (not self.owner or self.owner in entry_point.group) and self.family in ("", family)


def registered_handlers(program: Program) -> Iterator[RegisteredHandler]:
    """Handlers registered by decorators, calls and constructors, in settings and as hooks of middleware."""
    from threadly_lint.program.entry.registrations import call_registrations, decorator_registrations

    for registration in (*decorator_registrations(program, DECORATORS), *call_registrations(program, CALLS)):
        if registration.receiver is not None:
            yield _registered(program, registration)
    for registration in call_registrations(program, CONSTRUCTORS):
        yield from _in_mapping(program, registration)
    for module in program.modules.values():
        yield from _of_rest_framework(program, _setting(program, module, "REST_FRAMEWORK"))
    yield from _of_django_middleware(program)


def _setting(program: Program, module: Module, name: str) -> Value:
    return program.bindings.module_attribute(module, name) if name in module.scope else ()


def _registered(program: Program, registration: Registration) -> RegisteredHandler:
    from threadly_lint.program.entry.registrations import identity

    name = registration.name
    given = registration.argument(0, "exception", "exc_class_or_status_code", "code_or_exception", "exc_class")
    classes = program.failures.names(given) if registration.args or registration.keywords else set(EVERYTHING)
    owner = str(identity(registration.receiver)) if registration.receiver is not None and name.endswith(LOCAL) else ""
    return RegisteredHandler(frozenset(classes), _family(name), owner)


def _family(name: str) -> str:
    root = name.partition(".")[0]
    return FAMILIES.get(root, root)


def _in_mapping(program: Program, registration: Registration) -> Iterator[RegisteredHandler]:
    """``exception_handlers={SomeError: answer}``: its keys, read from the display."""
    from threadly_lint.program.interpreter.expressions import evaluate

    keywords = registration.node.keywords if isinstance(registration.node, n.Call) else ()
    for keyword in keywords:
        display = _display(registration, keyword.value) if keyword.name == "exception_handlers" else None
        for key in display.keys if display is not None else ():
            if key is not None:
                names = program.failures.names(evaluate(registration.scope, key))
                yield RegisteredHandler(frozenset(names), _family(registration.name))


def _display(registration: Registration, expr: n.Expr) -> n.Dict | None:
    if isinstance(expr, n.Dict):
        return expr
    bindings = registration.module.scope.get(expr.id, ()) if isinstance(expr, n.Name) else ()
    values = [b.node.value for b in bindings if isinstance(b.node, n.Assign)]
    return next((v for v in values if isinstance(v, n.Dict)), None)


def _of_rest_framework(program: Program, settings: Value) -> Iterator[RegisteredHandler]:
    for atom in settings:
        entries = dict(atom.shape.entries) if isinstance(atom.shape, t.Map) else {}
        path = t.text_of(entries.get("EXCEPTION_HANDLER", ()))
        function = _function_at(program, path) if path else None
        if function is not None:
            yield RegisteredHandler(frozenset(_answered(program, function)), "drf")


def _function_at(program: Program, dotted: str) -> Function | None:
    module_name, _, name = dotted.rpartition(".")
    module = program.bindings.module_of(program.project.find_module(module_name))
    value = program.bindings.module_attribute(module, name) if module is not None else ()
    return next((x.shape.info for x in value if isinstance(x.shape, t.Func)), None)


def _answered(program: Program, function: Function) -> set[str]:
    """What a general handler answers: all when it never returns None, else what it asks for by ``isinstance``."""
    outcome = program.generic_outcome(function)
    if outcome.returns and not any(t.is_none(x) or isinstance(x.shape, t.Unknown) for x in outcome.value):
        return set(EVERYTHING)
    return set().union(*(program.failures.names(v) for v in _asked_for(program, function)))


def _asked_for(program: Program, function: Function) -> Iterator[Value]:
    from threadly_lint.program.entry.registrations import scope_in
    from threadly_lint.program.interpreter.expressions import evaluate

    for node in walk(function.node):
        if (
            isinstance(node, n.Call)
            and isinstance(node.func, n.Name)
            and node.func.id == "isinstance"
            and len(node.args) == 2
        ):
            yield evaluate(scope_in(program, function.module, function), node.args[1])


def _of_django_middleware(program: Program) -> Iterator[RegisteredHandler]:
    """``process_exception`` of a middleware that is switched on."""
    from threadly_lint.program.entry.registrations import texts_of

    switched_on = {
        path for module in program.modules.values() for path in texts_of(_setting(program, module, "MIDDLEWARE"))
    }
    for info in program.classes if switched_on else ():
        _, method = program.hierarchy.class_attribute(info, "process_exception")
        function = next((x.shape.info for x in method if isinstance(x.shape, t.Func)), None)
        if function is not None and info.symbol in switched_on:
            classes = frozenset(_answered(program, function))
            yield from (RegisteredHandler(classes, family) for family in ("django", "drf"))
