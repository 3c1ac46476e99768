"""``@method_decorator(guard, name="dispatch")`` on a class: a method of it stands behind another decorator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

METHOD_DECORATOR = "django.utils.decorators.method_decorator"


def method_decorators(program: Program, info: Class) -> dict[str, list[Value]]:
    """The decorators that class decorators put around methods, by the method's name, innermost first."""
    if not info.node.decorators:
        return {}
    key = ("method decorators", info)
    if key not in program.memo:
        program.memo[key] = {}
        for decorator in reversed(info.node.decorators):
            if isinstance(decorator, n.Call) and len(decorator.args) + len(decorator.keywords) > 1:
                _add(program, info, decorator, program.memo[key])
    found: dict[str, list[Value]] = program.memo[key]
    return found


def _add(program: Program, info: Class, decorator: n.Call, found: dict[str, list[Value]]) -> None:
    from threadly_lint.program.interpreter.calls import arguments
    from threadly_lint.program.interpreter.expressions import evaluate

    scope = program.hierarchy.scope_of(info)
    shapes = [x.shape for x in evaluate(scope, decorator.func)]
    if not any(isinstance(s, t.Func) and s.info.symbol == METHOD_DECORATOR for s in shapes):
        return
    scope.revive()
    args, keywords = arguments(scope, decorator)
    given = {**dict(zip(("decorator", "name"), args, strict=False)), **keywords}
    name = t.text_of(given.get("name", ()))
    if name and given.get("decorator"):
        found.setdefault(name, []).append(given["decorator"])
