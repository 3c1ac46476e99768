"""Paths of URLs: how their parts are joined, and what their parameters hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.parameters import OPEN
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.symbols.names import Function

PLACEHOLDER = re.compile(r"<(?:(?P<kind>[^<>:]+):)?(?P<name>\w+)>|\{(?P<plain>\w+)(?::(?P<converter>[^{}]*))?\}")
CONVERTED = {"int": "int", "uuid": "uuid.UUID"}
CONVERTERS = frozenset("any date datetime decimal dt float int number unsigned uuid".split())
NEVER_EMPTY = frozenset({"", "str", "string", "path", "slug"})


def path_parameters(path: str, function: Function, skip: int) -> dict[str, Value]:
    """Keyword arguments for a handler whose parameters come from the URL: those that the path names, all when it is not known.

    A converter (``<int:id>``, ``{id:int}``) makes a value typed.
    """
    raw = t.obj("str", tags=frozenset({Tag("request", "path")}))
    names = [p.name for p in function.params[skip:] if p.kind in ("normal", "keyword")]
    is_open = any(p.kind == "kwargs" for p in function.params)
    if not path:
        return dict.fromkeys([*names, OPEN] if is_open else names, raw)
    return {name: value for name, value in placeholders(path) if is_open or name in names}


def placeholders(path: str) -> Iterator[tuple[str, Value]]:
    """The parameters that a path names, with their values."""
    for match in PLACEHOLDER.finditer(path):
        name, kind = (match["name"], match["kind"]) if match["name"] else (match["plain"], match["converter"])
        source = "typed" if restricts(kind or "") else "path"
        filled = dict([t.FILLED]) if (kind or "") in NEVER_EMPTY else {}
        tags = frozenset({Tag("request", source)})
        yield name, t.obj(CONVERTED.get(kind or "", "str"), tags=tags, **filled)


def restricts(converter: str) -> bool:
    """Whether a converter, or a pattern in its place, lets only some characters through."""
    is_pattern = any(x in converter for x in "[\\(")
    return converter.partition("(")[0] in CONVERTERS or (
        is_pattern and not re.search(r"(?<!\\)\.|\[\^|\\[SDW]", converter)
    )


def path_mapping(path: str) -> Value:
    """What a request object holds of its path: the parameters that the path names, others that are not known."""
    return (Atom(t.Map(tuple(placeholders(path)), True)),)


def join_paths(*parts: str) -> str:
    """URL path parts joined with exactly one slash between them."""
    found = "/".join(p.strip("/") for p in parts if p.strip("/"))
    trailing = "/" if parts and parts[-1].endswith("/") and found else ""
    return f"/{found}{trailing}"
