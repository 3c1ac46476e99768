"""Handlers that report an error to the monitoring tool and then go on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.failures.swallowing import own_nodes
from threadly_lint.program.interpreter.effects import Frame, Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.subjects import Call

LOGGERS = frozenset({"logging", "structlog", "loguru", "django", "aws_lambda_powertools"})


@dataclass(frozen=True, eq=False)
class HiddenFailure:
    """A capture after which the function gives ``answer`` instead of failing."""

    function: Function
    span: Span
    answer: str

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def hidden_failures(calls: Iterable[Call]) -> Iterator[HiddenFailure]:
    """Every capture in a handler of a function whose caller wants a result and gets a substitute."""
    seen: set[tuple[str, Span]] = set()
    for call in calls:
        if call.effect != "report" or call.event.api.partition(".")[0] in LOGGERS:
            continue
        for _, occurrence in call.ways:
            found = _hidden(occurrence)
            if found is not None and (found.path, found.span) not in seen:
                seen.add((found.path, found.span))
                yield found


def _hidden(occurrence: Occurrence) -> HiddenFailure | None:
    frame = next((f for f in occurrence.frames if f.kind == "handler"), None)
    handler = frame.node if frame is not None else None
    if frame is None or not isinstance(handler, n.Handler):
        return None
    if _is_in_loop(frame) or not _wants_result(frame, handler) or (answer := _answer(handler)) is None:
        return None
    here = (c.node for c in occurrence.calls if c.function is frame.function)
    node = occurrence.event.node if occurrence.event.function is frame.function else next(here, handler)
    return HiddenFailure(frame.function, Span(*node.span), answer)


def _is_in_loop(frame: Frame) -> bool:
    """Whether the failure costs one round of a loop only."""
    return any(f.kind == "loop" and f.function is frame.function for f in frame.chain())


def _wants_result(frame: Frame, handler: n.Handler) -> bool:
    """Whether the ``try`` that the handler belongs to returns something when all goes well."""
    guarded = _try_of(frame.function, handler)
    body = (*guarded.body, *guarded.orelse) if guarded is not None else ()
    return any(isinstance(x, n.Return) and _is_result(x.value) for x in own_nodes(body))


def _try_of(function: Function, handler: n.Handler) -> n.Try | None:
    body = function.node.body
    statements = own_nodes(body) if isinstance(body, tuple) else ()
    return next((x for x in statements if isinstance(x, n.Try) and handler in x.handlers), None)


def _is_result(value: n.Expr | None) -> bool:
    return value is not None and not (isinstance(value, n.Constant) and value.kind in ("None", "bool"))


def _answer(handler: n.Handler) -> str | None:
    """What the handler gives back: text of an empty or missing value; None when it raises or answers something of its own."""
    nodes = list(own_nodes(handler.body))
    if any(isinstance(x, n.Raise) for x in nodes):
        return None
    returns = [x.value for x in nodes if isinstance(x, n.Return)]
    answers = {_substitute(value) for value in returns}
    return answers.pop() if len(answers) == 1 else None


def _substitute(value: n.Expr | None) -> str | None:
    if value is None or (isinstance(value, n.Constant) and value.kind == "None"):
        return "None"
    if isinstance(value, n.Sequence) and not value.items:
        return {"list": "[]", "tuple": "()", "set": "set()"}[value.kind]
    if isinstance(value, n.Dict) and not value.keys:
        return "{}"
    return '""' if isinstance(value, n.Constant) and value.kind == "str" and not value.value else None
