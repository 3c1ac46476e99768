"""Commands of Click, Typer, Flask's command line and argparse: what an operator runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.handed_over import each_once, entry_point, handed_over, outside_call
from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.program.entry.registrations import call_registrations, handler_behind, imports, items_of, scope_in
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.symbols.names import Module
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = frozenset({"click", "typer", "flask", "quart"})
PARSERS = frozenset({"argparse", "optparse"})


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every function that a command line calls."""
    yield from each_once(_commands(program))


def _commands(program: Program) -> Iterator[EntryPoint]:
    if imports(program, *LIBRARIES):
        for registration in handed_over(program, LIBRARIES):
            yield entry_point(program, "command", registration.name.partition(".")[0], registration)
    if imports(program, "typer"):
        for registration in call_registrations(program, frozenset({"run"})):
            if registration.name == "typer.run":
                yield from _called(program, "typer", registration.argument(0, "function"))
    if imports(program, *PARSERS):
        yield from _parsed(program)


def _called(program: Program, framework: str, value: t.Value) -> Iterator[EntryPoint]:
    for item in items_of(value):
        function = handler_behind(item)
        if function is not None and not function.module.is_sketch:
            yield outside_call(program, "command", framework, function, item)


def _parsed(program: Program) -> Iterator[EntryPoint]:
    """Functions that parsers store for their sub-commands, and what a script with a parser calls when it is run."""
    for registration in call_registrations(program, frozenset({"set_defaults"})):
        if registration.name.partition(".")[0] in PARSERS:
            for value in registration.keywords.values():
                yield from _called(program, "argparse", value)
    for module in program.modules.values():
        if not program.project.is_exempt(module.path) and _has_parser(module):
            for call in (x for s in module.skeleton.body if _is_script(s) for x in walk(s) if isinstance(x, n.Call)):
                found = t.keep(
                    evaluate(scope_in(program, module, None), call.func), lambda x: isinstance(x.shape, t.Func)
                )
                yield from _called(program, "argparse", found)


def _has_parser(module: Module) -> bool:
    statements = (x for s in module.skeleton.body for x in walk(s))
    return any(
        (isinstance(x, n.Import) and any(a.name in PARSERS for a in x.names))
        or (isinstance(x, n.ImportFrom) and x.module in PARSERS)
        for x in statements
    )


def _is_script(statement: n.Node) -> bool:
    """``if __name__ == "__main__":``"""
    test = statement.test if isinstance(statement, n.If) else None
    return test is not None and any(isinstance(x, n.Name) and x.id == "__name__" for x in walk(test))
