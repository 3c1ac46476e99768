"""Schema checks on the way of an endpoint: which part of the request each is given, and what becomes of its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.interpreter.request_data import raw_tags
from threadly_lint.program.interpreter.types import Tags
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

SCHEMA_LIBRARIES = (
    "cattrs.", "cerberus.", "django.forms.", "flask_wtf.", "jsonschema.", "marshmallow.", "msgspec.", "pydantic.",
    "rest_framework.serializers.", "trafaret.", "voluptuous.", "wtforms.",
)  # fmt: skip
APART = frozenset({"headers", "cookies", "path", "url"})
FORM = frozenset({t.Tag("request", "form")})


@dataclass(frozen=True, eq=False)
class SchemaCheck:
    """A check of whole request data at ``position`` among the occurrences of a run.

    ``sources`` are the raw parts of the request that it is given; a decorator is given all. ``in_place`` checks let the
    data itself pass, others give a checked copy.
    """

    position: int
    occurrence: Occurrence
    sources: Tags
    in_place: bool
    everything: bool = False

    def covers(self, sources: Tags) -> bool:
        """Whether it is about this data: a schema that is given a header is no schema for headers."""
        is_body = bool(sources) and not any(x.detail in APART for x in sources)
        return self.everything or (is_body and sources <= self.sources)


def schema_checks(program: Program, occurrences: Iterable[Occurrence]) -> Iterator[SchemaCheck]:
    """All schema checks of a run, in order."""
    for position, occurrence in enumerate(occurrences):
        event = occurrence.event
        if event.effect != "validation":
            continue
        if event.fact is not None and event.fact.kind == "decorator":
            yield SchemaCheck(position, occurrence, t.NO_TAGS, in_place=True, everything=True)
        elif is_schema(program, event):
            given = (*event.args, *(v for _, v in event.keywords))
            sources = frozenset().union(*(raw_tags(v) for v in given)) or _read_by_itself(program, event)
            yield SchemaCheck(position, occurrence, sources, in_place=_is_in_place(event) or _is_refusal(event))


def _read_by_itself(program: Program, event: Event) -> Tags:
    """``FlaskForm()`` takes the form from the request that is being answered."""
    name = event.fact.name if event.fact is not None and event.fact.kind == "class" else ""
    return FORM if name.startswith("flask_wtf.") else t.NO_TAGS


def is_schema(program: Program, event: Event) -> bool:
    """Whether a validator takes a whole mapping: a schema class, form or serializer; not ``UUID`` or an enumeration."""
    names = [event.fact.name] if event.fact is not None else []
    for atom in event.receiver:
        if isinstance(atom.shape, t.Inst | t.ClassRef):
            names += program.hierarchy.library_bases(atom.shape.info)
    names = [program.knowledge.canonical(name) for name in names]
    return any(f"{name}.".startswith(SCHEMA_LIBRARIES) for name in names)


def _is_in_place(event: Event) -> bool:
    fact = event.fact
    return fact is not None and fact.returns is None and fact.identity == "raises" and fact.kind != "class"


def _is_refusal(event: Event) -> bool:
    """``if not validator.validate(data): raise``, as in a hook: who reads the data after that reads what has passed."""
    if event.fact is None or event.fact.identity not in ("bool", "not-bool") or not event.args:
        return False
    tests = (
        s for s in walk(event.function.node) if isinstance(s, n.If) and any(isinstance(x, n.Raise) for x in s.body[-1:])
    )
    return any(x.span == event.node.span for s in tests for x in walk(s.test) if isinstance(x, n.Call))


def ignored_verdict(event: Event) -> bool:
    """Whether a check that only answers true or false stands as a statement of its own."""
    fact = event.fact
    if event.effect != "validation" or fact is None or fact.identity not in ("bool", "not-bool"):
        return False
    if any(True in t.constants(v) for k, v in event.keywords if k == "raise_exception"):
        return False
    if _is_about_own_data(event):
        return False
    return any(isinstance(s, n.ExprStmt) and _called(s.value) == event.node.span for s in walk(event.function.node))


def _is_about_own_data(event: Event) -> bool:
    """Whether the code has put together itself what a serializer is given, which only shows it."""
    given = [dict(x.shape.keywords).get("data", ()) for x in event.receiver if isinstance(x.shape, t.Inst)]
    return any(given) and all(
        isinstance(x.shape, t.Map) and not x.shape.open and not raw_tags((x,)) for v in given for x in v
    )


def _called(expr: n.Expr) -> n.Span | None:
    return expr.value.span if isinstance(expr, n.Await) else expr.span
