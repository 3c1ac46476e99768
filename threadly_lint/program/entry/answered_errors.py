"""Which status the caller sees when an exception reaches a handler that the project has registered for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.entry.registered_handlers import CALLS, DECORATORS
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.failures import EVERYTHING

if TYPE_CHECKING:
    from threadly_lint.program.entry.registrations import Registration
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function


def answered_statuses(program: Program) -> dict[str, int]:
    """Statuses by exception class, where a handler always answers with the same; catch-all handlers tell nothing."""
    from threadly_lint.program.entry.registrations import call_registrations, decorator_registrations, underlying

    found: dict[str, int] = {}
    for registration in decorator_registrations(program, DECORATORS):
        if registration.function is not None:
            found.update(_answers(program, registration, registration.function))
    for registration in call_registrations(program, CALLS):
        function = underlying(registration.argument(1, "handler", "f", "func"))
        if function is not None and not function.module.is_sketch:
            found.update(_answers(program, registration, function))
    return found


def _answers(program: Program, registration: Registration, function: Function) -> Iterator[tuple[str, int]]:
    classes = registration.argument(0, "exception", "exc_class_or_status_code", "code_or_exception", "exc_class")
    status = _only_status(program, function)
    if registration.receiver is not None and status:
        yield from ((name, status) for name in program.failures.names(classes) - EVERYTHING)


def _only_status(program: Program, function: Function) -> int:
    """The status of every answer of a handler; 0 when there are several or it is not known."""
    exits = program.generic_outcome(function).exits
    statuses = {e.status for e in exits if not t.is_none(e.value[0] if e.value else t.NONE[0])}
    return statuses.pop() if len(statuses) == 1 else 0
