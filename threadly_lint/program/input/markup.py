"""Request text that becomes markup: where it is declared safe, or put into HTML by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.interpreter.request_data import ESCAPED, plain_text, raw_tags
from threadly_lint.program.interpreter.types import Tags, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint

TEXT_IS_HTML = frozenset({"flask", "quart", "bottle"})
PLAIN_AGAIN = frozenset({"unescape", "striptags"})
CONTENT_TYPES = ("content_type", "mimetype", "media_type")
CONTENT = ("content", "body", "response", "source", "template_string")


def markup_flows(endpoint: EntryPoint) -> Iterator[tuple[Occurrence, Tags]]:
    """Effects that turn unescaped request text into markup, with the sources of the text."""
    for run in endpoint.runs:
        for occurrence in run.inside:
            sources = _text_sources(_markup_of(endpoint, occurrence))
            if sources:
                yield occurrence, sources


def _text_sources(value: Value) -> Tags:
    unescaped = tuple(x for x in value if ESCAPED not in x.tags)
    return frozenset(x for x in raw_tags(unescaped) | plain_text(unescaped) if x.detail != "url")


def _markup_of(endpoint: EntryPoint, occurrence: Occurrence) -> Value:
    event = occurrence.event
    if event.effect == "markup":
        return _content(event) if _is_html(event) and not _is_read_back(event) else ()
    if event.effect == "return" and endpoint.framework in TEXT_IS_HTML and event.function is endpoint.function:
        return tuple(x for x in _answered(event.value) if "<" in (t.shape_text((x,)) or ""))
    return ()


def _content(event: Event) -> Value:
    return event.argument(0) or next((v for k in CONTENT if (v := event.argument(None, k))), ())


def _is_html(event: Event) -> bool:
    """A response of a type of its own is no page."""
    given = next((v for k in CONTENT_TYPES if (v := event.argument(None, k))), ())
    if not given and event.api.startswith("django.http."):
        given = event.argument(1)
    return not given or "html" in (t.text_of(given) or "")


def _is_read_back(event: Event) -> bool:
    """``Markup(text).unescape()`` gives plain text again."""
    body = event.function.node.body
    nodes = (x for s in (body if isinstance(body, tuple) else (body,)) for x in walk(s))
    return any(isinstance(x, n.Attribute) and x.value is event.node and x.attr in PLAIN_AGAIN for x in nodes)


def _answered(value: Value) -> Value:
    """The text in an answer, or in an answer with a status."""
    found: list[t.Atom] = []
    for atom in value:
        items = atom.shape.items if isinstance(atom.shape, t.Seq) else None
        found.extend(items[0] if items else (atom,))
    return tuple(found)
