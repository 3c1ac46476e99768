"""Texts of exceptions that reach the caller of an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.entry.development import only_in_development
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.attributes import ERROR_TEXTS
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Operation
    from threadly_lint.program.symbols.names import Function

ANSWERS = frozenset({"abort", "response"})
SHOWING = ANSWERS | {"return", "raise", "reject"}
TRACEBACK = "traceback"
MEANT_FOR_CALLERS = (
    "pydantic.ValidationError",
    "marshmallow.ValidationError",
    "jsonschema.ValidationError",
    "django.core.exceptions.PermissionDenied",
    "django.core.exceptions.ValidationError",
    "django.http.Http404",
    "rest_framework.exceptions.APIException",
    "werkzeug.exceptions.HTTPException",
    "starlette.exceptions.HTTPException",
    "fastapi.HTTPException",
    "fastapi.exceptions.RequestValidationError",
    "oauthlib.oauth2.OAuth2Error",
    "oauthlib.oauth2.FatalClientError",
    "oauthlib.oauth2.rfc6749.errors.OAuth2Error",
    "aiohttp.web.HTTPException",
    "email_validator.EmailNotValidError",
    "jinja2.TemplateError",
    "jinja2.exceptions.TemplateError",
    "jinja2.TemplateSyntaxError",
    "jinja2.exceptions.TemplateSyntaxError",
    "xml.etree.ElementTree.ParseError",
    "yaml.YAMLError",
    "json.JSONDecodeError",
    "stripe.CardError",
    "stripe.error.CardError",
)
ABOUT_INPUT = ("ValueError", "TypeError", "KeyError", "ArithmeticError", "zipfile.BadZipFile", "csv.Error")
"""Built-in errors that speak about what the caller sent where the answer says that the request was bad."""


@dataclass(frozen=True, eq=False)
class ErrorText:
    """An answer of ``operation`` that carries the text of an exception. ``classes`` names what was caught."""

    event: Event
    operation: Operation
    classes: tuple[str, ...]
    is_traceback: bool
    trail: tuple[Step, ...]

    @property
    def path(self) -> str:
        return self.event.path

    @property
    def span(self) -> Span:
        return self.event.span

    @property
    def symbol(self) -> str:
        return self.event.symbol


def error_texts(program: Program, operation: Operation) -> Iterator[ErrorText]:
    """Answers with the text of an exception that was not written for callers, one for each handler."""
    if operation.entry_point is None or not operation.entry_point.is_endpoint:
        return
    shown = list(_shown(operation))
    handlers = _Handlers(program, operation, {place for _, place in shown})
    for occurrence, place in shown:
        classes = handlers.classes.get(place, set())
        if place == TRACEBACK or (classes and not handlers.meant_for_callers(place, occurrence.event.status)):
            names = tuple(sorted(classes))
            yield ErrorText(occurrence.event, operation, names, place == TRACEBACK, occurrence.trail)


def _shown(operation: Operation) -> Iterator[tuple[Occurrence, str]]:
    """Answers with the text of an exception, and the place of the handler that caught it: the first for each."""
    answering: set[Function] = set()
    seen: set[str] = set()
    for occurrence in operation.occurrences:
        if occurrence.effect not in SHOWING:
            continue
        answering = answering or _answering_functions(operation)
        places = _places_shown(occurrence, answering) - seen
        if places and not only_in_development(occurrence.event.frame):
            seen |= places
            yield from ((occurrence, place) for place in sorted(places))


def _answering_functions(operation: Operation) -> set[Function]:
    """The handler and the functions around it: what they return is the answer."""
    handler = operation.function
    for occurrence in operation.occurrences:
        functions = [c.outcome.function for c in occurrence.calls]
        if handler in functions:
            return {handler, *functions[: functions.index(handler)]}
    return {handler}


def _places_shown(occurrence: Occurrence, answering: set[Function]) -> set[str]:
    """The handlers whose exception's text is in what this event shows the caller."""
    event = occurrence.event
    if event.effect == "return" and event.function in answering:
        return _places_in(event.value)
    if event.effect in ANSWERS:
        status = event.fact.status_argument if event.fact is not None else None
        skip = status.keywords if status is not None else ()
        given = [v for i, v in enumerate(event.args) if status is None or status.position != i]
        given += [v for k, v in event.keywords if k not in skip and k != "headers"]
        return set().union(*map(_places_in, given))
    if event.effect in ("raise", "reject") and event.status:
        made = [v for x in event.value if isinstance(x.shape, t.Inst) for v in parts_of(x.shape)]
        return set().union(*map(_places_in, made))
    return set()


def _places_in(value: Value, levels: int = 4) -> set[str]:
    found: set[str] = set()
    for atom in value:
        if _is_text(atom):
            found |= {tag.detail for tag in atom.tags if tag.kind == "exception"}
        if levels and isinstance(atom.shape, t.Seq | t.Map):
            found |= set().union(*(_places_in(v, levels - 1) for v in parts_of(atom.shape)))
    return found


def _is_text(atom: Atom) -> bool:
    """Whether an exception's data in this form is its text: a string, the exception itself, its message."""
    shape = atom.shape
    if isinstance(shape, t.Lib):
        return shape.name.rpartition(".")[2] in ERROR_TEXTS or _is_class(shape.name)
    return isinstance(shape, t.Obj) and (shape.name == "str" or _is_class(shape.name))


def _is_class(name: str) -> bool:
    return name.rpartition(".")[2][:1].isupper()


class _Handlers:
    """What certain handlers of an operation catch, and what the project itself raises into them."""

    def __init__(self, program: Program, operation: Operation, places: set[str]) -> None:
        self.program = program
        self.classes: dict[str, set[str]] = {}
        self._own: dict[str, set[str]] = {}
        for occurrence in operation.occurrences if places else ():
            for frame in occurrence.frames:
                for handler in _handlers_of(frame):
                    place = f"{frame.function.path}:{handler.span[0]}"
                    if place in places:
                        self._note(place, handler, frame, occurrence.event)

    def meant_for_callers(self, place: str, status: int) -> bool:
        """Whether all that comes here was written for callers: the project's own errors, validation, HTTP errors.

        A ``status`` that blames the request lets errors about its content pass, and those of libraries nobody knows.
        """
        own = self._own.get(place, set())
        left = [name for name in self.classes[place] if name not in own and not self._is_public(name)]
        return all(400 <= status < 500 and self._blames_request(name, status) for name in left)

    def _is_public(self, name: str) -> bool:
        known = self.program.knowledge
        in_project = any(info.symbol == name for info in self.program.classes)
        return in_project or any(known.is_subclass(name, public) for public in MEANT_FOR_CALLERS)

    def _blames_request(self, name: str, status: int) -> bool:
        known = self.program.knowledge
        if name == "PermissionError":
            return status in (401, 403)
        is_unknown = "." in name and not known.exceptions(name)
        return is_unknown or any(known.is_subclass(name, builtin) for builtin in ABOUT_INPUT)

    def _note(self, place: str, handler: n.Handler, frame: Frame, event: Event) -> None:
        if place not in self.classes:
            self.classes[place] = self._names(handler, frame.function)
        if frame.kind == "try" and event.effect in ("raise", "reject") and isinstance(event.node, n.Raise):
            self._own.setdefault(place, set()).update(self.program.failures.names(event.value))

    def _names(self, handler: n.Handler, function: Function) -> set[str]:
        from threadly_lint.program.entry.registrations import scope_in
        from threadly_lint.program.interpreter.expressions import evaluate

        if handler.exception is None:
            return {"BaseException"}
        scope = scope_in(self.program, function.module, function)
        return self.program.failures.names(evaluate(scope, handler.exception))


def _handlers_of(frame: Frame) -> tuple[n.Handler, ...]:
    if frame.kind == "try" and isinstance(frame.node, n.Try):
        return frame.node.handlers
    return (frame.node,) if isinstance(frame.node, n.Handler) else ()
