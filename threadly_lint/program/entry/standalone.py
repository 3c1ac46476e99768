"""Running a function that nothing in the project calls, as whoever calls it would: behind its decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.effects import Exit, Inlined, Outcome
from threadly_lint.program.interpreter.types import Atom, Value

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function


def standalone_outcome(program: Program, function: Function) -> Outcome:
    """What the function does when it is called from outside; its parameters are what annotations and defaults say."""
    plain = program.generic_outcome(function)
    if not function.decorators or program.kind(function) not in ("function", "class", "static"):
        return plain
    outcome = _behind_decorators(program, function)
    return outcome if function in entered(outcome) else plain


def entered(outcome: Outcome, seen: set[int] | None = None) -> set[Function]:
    """The functions that an outcome enters on its way. Those below outcomes that are ``seen`` already are left out."""
    found: set[Function] = set()
    stack, seen = [outcome], set() if seen is None else seen
    while stack:
        for event in stack.pop().events:
            if not isinstance(event, Inlined):
                continue
            found.add(event.outcome.function)
            if id(event.outcome) not in seen:
                seen.add(id(event.outcome))
                stack.append(event.outcome)
    return found


def _behind_decorators(program: Program, function: Function) -> Outcome:
    from threadly_lint.program.entry.entry_points import handler_node
    from threadly_lint.program.interpreter.attributes import class_value
    from threadly_lint.program.interpreter.calls import call_value
    from threadly_lint.program.interpreter.parameters import bind_parameters

    a = Activation(program, function, {})
    node = handler_node(function)
    value: Value | None = program.function_value(function)
    first = 0
    if function.owner is not None:
        value = class_value(a, Atom(t.Inst(function.owner)), function.owner, function.name, node)
        first = 0 if program.kind(function) == "static" else 1
    given = bind_parameters(program, t.Func(function), (), {}, generic=True)
    args = tuple(given[p.name] for p in function.params[first:] if p.kind in ("normal", "positional"))
    keywords = {p.name: given[p.name] for p in function.params[first:] if p.kind == "keyword"}
    result = call_value(a, value or (), args, keywords, node)
    if a.state is not None:
        a.leave(Exit("return", result, a.state.auth, program.behaviour.status_of(result), function.node))
    return outcome_of(a, is_generator_object=False)
