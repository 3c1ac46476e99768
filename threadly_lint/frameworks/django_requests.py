"""Requests as Django's middleware sees them: method, path, and the route that was matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.frameworks.requests import object_with
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import SPECIAL
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.frameworks.django_urls import Pattern
    from threadly_lint.program.symbols.names import Module

REQUEST = "django.http.HttpRequest"
MATCH = "django.urls.ResolverMatch"
MAX_TEXTS = 200


def request_value(method: str = "", pattern: Pattern | None = None) -> Value:
    """A request for a pattern: its path with ``{}`` for what varies, and the match of it."""
    attrs = {"method": t.const(method)} if method else {}
    if pattern is not None:
        match = _match(pattern)
        text = (("resolver_match", match), ("text", t.const(plain_path(pattern.path))))
        attrs["path"] = attrs["path_info"] = (Atom(t.Obj("str", (), None, text)),)
        attrs["resolver_match"] = match
    return object_with(REQUEST, attrs)


def plain_path(path: str) -> str:
    return "/".join("{}" if part.startswith("<") else part for part in path.split("/"))


def _match(pattern: Pattern) -> Value:
    spaces, _, name = pattern.name.rpartition(":")
    names = tuple(t.const(x) for x in spaces.split(":") if x)
    arguments: Value = (Atom(t.Map(pattern.arguments, False)),)
    known = {
        "url_name": t.const(name or None),
        "view_name": t.const(pattern.name or None),
        "namespace": t.const(spaces),
        "app_name": t.const(spaces),
        "namespaces": (Atom(t.Seq("list", names)),),
        "app_names": (Atom(t.Seq("list", names)),),
        "kwargs": arguments,
    }
    return object_with(MATCH, known)


class Routes:
    """Patterns that no text in the middleware's code or in the settings tells apart count as one: middleware runs once for them."""

    def __init__(self, modules: set[Module]) -> None:
        nodes = (x for m in modules for s in m.skeleton.body for x in walk(s))
        texts = {x.value.strip("^$") for x in nodes if isinstance(x, n.Constant) and x.kind == "str"}
        self._texts = sorted(x for x in texts if 1 < len(x) < 60 and not any(c.isspace() for c in x))[:MAX_TEXTS]
        self._samples: dict[tuple[object, ...], Pattern] = {}

    def sample(self, pattern: Pattern) -> Pattern:
        """The first pattern that is treated like this one."""
        path, names = plain_path(pattern.path), {*pattern.name.split(":"), pattern.name}
        given = {k for k, _ in pattern.arguments}
        treated = tuple(
            (
                x == path,
                path.startswith(x),
                path.startswith(f"/{x}"),
                path.endswith(x),
                x in path,
                x in names,
                x in given,
            )
            for x in self._texts
        )
        return self._samples.setdefault((treated, not pattern.name, not given), pattern)


def _resolve(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``resolve(request.path_info)``: the match that the request has."""
    for atom in args[0] if args else ():
        found = dict(atom.shape.attrs).get("resolver_match") if isinstance(atom.shape, t.Obj) else None
        if found:
            return found
    return t.obj(MATCH)


SPECIAL["django.urls.resolve"] = _resolve
