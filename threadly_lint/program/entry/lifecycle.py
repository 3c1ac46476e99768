"""Functions with a life of their own: what runs when the program starts, and tasks that are tried again."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIFESPAN_KEYWORDS = frozenset({"lifespan", "on_startup", "on_shutdown", "on_cleanup"})
RETRY_KEYWORDS = frozenset(
    "autoretry_for retry_backoff retry_kwargs max_retries retries retry retry_for retry_strategy max_tries".split()
)
COMMANDS = frozenset({"command", "group", "callback"})
RETRIED_BY_DEFAULT = frozenset({"dramatiq.actor"})


def runs_at_start(program: Program, function: Function) -> bool:
    """Whether the function runs when the program starts or stops: it may fail loudly."""
    if any("lifecycle" in _effects(program, decorator, function) for decorator in function.decorators):
        return True
    if function.name == "ready" and function.owner is not None:
        return program.hierarchy.inherits(function.owner, "django.apps.AppConfig")
    return function.name in _given_at_start(program)


def _given_at_start(program: Program) -> frozenset[str]:
    """Names that are passed as ``lifespan=`` and the like, or to ``add_event_handler``."""
    if "lifespans" not in program.memo:
        program.memo["lifespans"] = frozenset(_names_given(program))
    found: frozenset[str] = program.memo["lifespans"]
    return found


def _names_given(program: Program) -> Iterator[str]:
    for call, _, _ in program.calls_named("add_event_handler"):
        yield from _names_in(*call.args)
    for module in program.modules.values():
        for node in walk(*module.skeleton.body):
            if isinstance(node, n.Keyword) and node.name in LIFESPAN_KEYWORDS:
                yield from _names_in(node.value)


def _names_in(*nodes: n.Node) -> Iterator[str]:
    for node in walk(*nodes):
        if isinstance(node, n.Name):
            yield node.id
        elif isinstance(node, n.Attribute):
            yield node.attr


def tried_again(program: Program, function: Function) -> bool:
    """Whether the decorator that makes the function a task gives it a retry policy."""
    return any(_retries(program, decorator, function) for decorator in function.decorators)


def _retries(program: Program, decorator: n.Expr, function: Function) -> bool:
    names = library_names(program, decorator, function)
    if names & RETRIED_BY_DEFAULT:
        return True
    keywords = decorator.keywords if isinstance(decorator, n.Call) else ()
    makes_task = any("boundary" in {f.effect for f in program.knowledge.facts(x)} for x in names)
    return makes_task and any(keyword.name in RETRY_KEYWORDS for keyword in keywords)


def called_by_others(program: Program, function: Function) -> bool:
    """Whether a decorator hands the function to a command line, or to somebody who may do anything with its errors."""
    return any(_hands_over(program, decorator, function) for decorator in function.decorators)


def _hands_over(program: Program, decorator: n.Expr, function: Function) -> bool:
    shapes = [x.shape for x in _decorator_value(program, decorator, function)]
    names = library_names(program, decorator, function)
    if any(name.rpartition(".")[2] in COMMANDS for name in names):
        return True
    return any(isinstance(s, t.Unknown) for s in shapes) or not all(_is_familiar(program, name) for name in names)


def _is_familiar(program: Program, name: str) -> bool:
    root = name.partition(".")[0]
    return root in sys.stdlib_module_names or hasattr(builtins, root) or program.knowledge.root_known(root)


def _effects(program: Program, decorator: n.Expr, function: Function) -> set[str]:
    return {f.effect for name in library_names(program, decorator, function) for f in program.knowledge.facts(name)}


def library_names(program: Program, decorator: n.Expr, function: Function) -> set[str]:
    """What a decorator is called in its library."""
    shapes = [x.shape for x in _decorator_value(program, decorator, function)]
    return {s.name for s in shapes if isinstance(s, t.Lib)} | {s.owner for s in shapes if isinstance(s, t.LibMethod)}


def _decorator_value(program: Program, decorator: n.Expr, function: Function) -> Value:
    from threadly_lint.program.entry.registrations import scope_in
    from threadly_lint.program.interpreter.expressions import evaluate

    target = decorator.func if isinstance(decorator, n.Call) else decorator
    return evaluate(scope_in(program, function.module, function.parent), target)
