"""Log lines about failures that tell neither what failed nor why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.entry.registrations import scope_in
from threadly_lint.program.failures.captures import LOGGERS
from threadly_lint.program.failures.swallowing import own_nodes
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call

NARROW = frozenset(
    """FileNotFoundError FileExistsError PermissionError KeyError IndexError StopIteration ImportError
    ModuleNotFoundError DoesNotExist MultipleObjectsReturned""".split()
)
WITH_EXCEPTION = "exception"
LEVELS = frozenset({"error", "critical", "fatal", "aerror", "acritical"})


def bare_failure_logs(program: Program, calls: Iterable[Call]) -> Iterator[Call]:
    """Error-level log calls in a handler whose text is fixed, where nothing else there passes the exception on.

    One for each handler.
    """
    seen: set[int] = set()
    for call in calls:
        name, package = call.event.api.rpartition(".")[2], call.event.api.partition(".")[0]
        if call.effect != "report" or package not in LOGGERS or name not in LEVELS:
            continue
        frame = call.event.frame
        handler = next((f for f in frame.chain() if f.kind == "handler"), None) if frame is not None else None
        node = handler.node if handler is not None else None
        if not isinstance(node, n.Handler) or id(node) in seen:
            continue
        if _is_bare(call.event.node) and not _is_passed_on(node) and not _tells_by_its_class(program, call, node):
            seen.add(id(node))
            yield call


def _is_bare(node: n.Node) -> bool:
    """Whether a call has fixed text for its only argument: no values, no ``exc_info``, no ``extra``."""
    if not isinstance(node, n.Call) or node.keywords:
        return False
    return len(node.args) == 1 and isinstance(node.args[0], n.Constant)


def _tells_by_its_class(program: Program, call: Call, handler: n.Handler) -> bool:
    """Whether only one kind of failure gets here, of the project's own or so narrow that the text can tell it all."""
    if not isinstance(handler.exception, n.Name | n.Attribute):
        return False
    if leaf(handler.exception) in NARROW:
        return True
    function = call.event.function
    caught = evaluate(scope_in(program, function.module, function), handler.exception)
    return bool(caught) and all(isinstance(x.shape, t.ClassRef) for x in caught)


def _is_passed_on(handler: n.Handler) -> bool:
    """Whether the handler raises, or hands the exception to something else."""
    for node in own_nodes(handler.body):
        if isinstance(node, n.Raise) or (isinstance(node, n.Name) and node.id == handler.name):
            return True
        if isinstance(node, n.Call) and any(k.name == "exc_info" for k in node.keywords):
            return True
        if isinstance(node, n.Attribute) and node.attr in (WITH_EXCEPTION, "format_exc", "print_exc", "exc_info"):
            return True
    return False
