"""Requests as a route's steps see them: with method and path, so that exceptions for some paths are decided."""

from __future__ import annotations

import re
from dataclasses import replace

from threadly_lint.program.entry.entry_points import Mount
from threadly_lint.program.entry.paths import placeholders
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Guard, Tag, Value

PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]*>")
HEADERS = frozenset({Tag("request", "headers")})


def path_value(path: str) -> Value:
    """A URL path as a value; parts that the caller chooses are open."""
    text = PLACEHOLDER.sub("{}", path)
    return t.text_like(text) if "{}" in text else t.const(path)


def request(name: str, method: str, path: str, **attrs: Value) -> Value:
    """A request object of library class ``name``. An empty method or path is one that is not known."""
    known = {"method": t.const(method)} if method else {}
    if path:
        known["path"] = path_value(path)
    return object_with(name, {**known, **attrs})


def served(path: str, endpoint: str) -> tuple[tuple[str, Value], ...]:
    """What a request kept in a global says when it comes to this route. Empty texts are not known."""
    known: dict[str, Value] = {}
    if path:
        known["path"] = path_value(path)
        known["view_args"] = (Atom(t.Map(tuple(placeholders(path)), False)),)
    if endpoint:
        known["endpoint"] = t.const(endpoint)
        known["blueprint"] = t.const(endpoint.rpartition(".")[0] or None)
    if path and endpoint:
        known["url_rule"] = t.obj("werkzeug.routing.Rule", rule=t.const(path), endpoint=known["endpoint"])
    return tuple(known.items())


def served_by_method(mount: Mount, methods: tuple[str, ...]) -> Mount:
    """The mount for an endpoint that answers these methods: no request by another one comes to it."""
    return replace(mount, served=(*mount.served, ("method", t.join(*map(t.const, methods))))) if methods else mount


def object_with(name: str, attributes: dict[str, Value]) -> Value:
    """An instance of a library class of which some attributes are known."""
    return (Atom(t.Obj(name, (), None, tuple(sorted(attributes.items())))),)


def environ(method: str, path: str) -> Value:
    """A WSGI environment: what the server and session middleware put there."""
    entries: dict[object, Value] = {
        "beaker.session": t.obj("beaker.session.Session", tags=frozenset({Tag("session", "beaker.session")})),
        "werkzeug.session": t.obj("werkzeug.session.Session", tags=frozenset({Tag("session", "werkzeug.session")})),
        "REMOTE_USER": _sent("REMOTE_USER", "identity", "strong"),
        "HTTP_AUTHORIZATION": _sent("HTTP_AUTHORIZATION", "credential", "weak"),
        "HTTP_COOKIE": _sent("HTTP_COOKIE", "credential", "weak"),
        "HTTP_X_API_KEY": _sent("HTTP_X_API_KEY", "credential", "weak"),
    }
    if method:
        entries["REQUEST_METHOD"] = t.const(method)
    if path:
        entries["PATH_INFO"] = path_value(path)
    return (Atom(t.Map(tuple(entries.items())), HEADERS),)


def _sent(name: str, kind: str, strength: str) -> Value:
    """A variable that is there only when the caller presented something."""
    tags = HEADERS | {Tag(kind, name)}
    proof = frozenset({Guard(f"presence of `{name}`", strength=strength)})  # type: ignore[arg-type]
    return (*t.tagged(t.NONE, tags), *t.proven(t.obj("str", tags=tags), proof))
