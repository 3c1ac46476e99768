"""Forms and serializers that take every column of their model, where requests fill them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.request_data import raw_tags
from threadly_lint.program.symbols.names import Class
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.interpreter.effects import Event
    from threadly_lint.program.program import Program

MODEL_FORMS = ("django.forms.ModelForm", "rest_framework.serializers.ModelSerializer")
EDITING_VIEWS = (
    "django.views.generic.CreateView",
    "django.views.generic.UpdateView",
    "django.views.generic.edit.CreateView",
    "django.views.generic.edit.UpdateView",
)
EVERYTHING = "__all__"
WRITES = frozenset({"write", "upsert"})


@dataclass(frozen=True, eq=False)
class OpenInput:
    """A class whose ``fields`` are all columns of a model, and the endpoint that fills it."""

    info: Class
    path: str
    span: Span
    symbol: str
    endpoint: str


def open_inputs(program: Program, endpoints: list[EntryPoint]) -> Iterator[OpenInput]:
    """One for each class, at its ``fields``."""
    seen: set[Class] = set()
    by_symbol = {c.symbol: c for c in program.classes}
    for endpoint in endpoints:
        for info in (*_filled(program, endpoint, by_symbol), *_edited(program, endpoint)):
            if info not in seen and (found := _declared(program, info, endpoint)) is not None:
                seen.add(info)
                yield found


def _filled(program: Program, endpoint: EntryPoint, classes: dict[str, Class]) -> Iterator[Class]:
    """Forms and serializers that are made with raw request data, and whose rows are written afterwards."""
    for run in endpoint.runs:
        for position, occurrence in enumerate(run.occurrences):
            event = occurrence.event
            if event.effect != "validation" or event.api not in classes or not _is_given_data(event):
                continue
            info = classes[event.api]
            model = _model(program, info)
            if any(o.effect in WRITES and model in ("", o.event.model) for o in run.occurrences[position + 1 :]):
                yield info


def _model(program: Program, info: Class) -> str:
    """The model that the class names in its ``Meta``; empty when nobody can tell."""
    for meta in _metas(program, info):
        _, model = program.hierarchy.class_attribute(meta, "model")
        return program.models.name_in(model)
    return ""


def _is_given_data(event: Event) -> bool:
    return any(raw_tags(v) for v in (*event.args, *(v for _, v in event.keywords)))


def _edited(program: Program, endpoint: EntryPoint) -> Iterator[Class]:
    """The class of a view that edits rows by itself."""
    info = endpoint.function.owner or next((c for c in program.classes if c.symbol == endpoint.symbol), None)
    if info is not None and program.hierarchy.inherits(info, *EDITING_VIEWS):
        yield info


def _declared(program: Program, info: Class, endpoint: EntryPoint) -> OpenInput | None:
    for holder in _holders(program, info):
        owner, value = program.hierarchy.class_attribute(holder, "fields")
        if owner is not None and t.text_of(value) == EVERYTHING:
            node = owner.scope["fields"][0].node
            return OpenInput(info, owner.module.path, Span(*node.span), owner.symbol, endpoint.label)
    return None


def _holders(program: Program, info: Class) -> Iterator[Class]:
    """Where ``fields`` stands: in ``Meta``, or in the view itself."""
    if program.hierarchy.inherits(info, *EDITING_VIEWS):
        yield info
    elif program.hierarchy.inherits(info, *MODEL_FORMS):
        yield from _metas(program, info)


def _metas(program: Program, info: Class) -> Iterator[Class]:
    _, meta = program.hierarchy.class_attribute(info, "Meta")
    yield from (x.shape.info for x in meta if isinstance(x.shape, t.ClassRef))
