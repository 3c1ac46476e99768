"""Turns the keys that qualify a group of names (``async``, ``timeout``, ``identity`` ...) into one ``Detail``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from threadly_lint.knowledge.facts import (
    CHANNELS,
    EFFECTS,
    KINDS,
    Access,
    Argument,
    Asks,
    Detail,
    Identity,
    LeavingBlock,
    Timeout,
    Where,
)
from threadly_lint.knowledge.type_expressions import parse_type

_TIMEOUT_KEYS = {"by", "default", "where", "unit"}
CALLABLES = ("call", "method")


def read_detail(role: str, effect: str, usual_kind: str, options: Mapping[str, object]) -> Detail:
    """The detail of one group; raises ``ValueError`` that names the key that is wrong."""
    if effect not in EFFECTS:
        raise ValueError(f"unknown effect {effect!r}")
    values: dict[str, Any] = {"kind": "decorator" if effect == "route" and usual_kind in CALLABLES else usual_kind}
    for key, value in options.items():
        values.update(_read_option(key, value))
    if values["kind"] == "class" and "timeout" in values:
        values["timeout"] = _taken_by_constructor(values["timeout"], options["timeout"])
    return Detail(role=role, effect=effect, **values)


def _read_option(key: str, value: object) -> dict[str, Any]:
    if key not in _READERS:
        raise ValueError(f"unknown key {key!r}")
    if key == "status" and isinstance(value, str):
        key = "status_argument"
    try:
        return {"is_async" if key == "async" else key: _READERS[key](value)}
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _taken_by_constructor(timeout: Timeout, written: object) -> Timeout:
    """Making an object is a call too, but its limit then holds for all that the object does."""
    said = isinstance(written, dict) and "where" in written
    return timeout if said or not timeout.parameters else msgspec.structs.replace(timeout, where="constructor")


def read_argument(value: object) -> Argument:
    """``1``, ``"timeout"`` or ``"1/timeout/ttl"``: a position, a keyword, or a position and keywords."""
    parts = str(value).split("/")
    position = int(parts.pop(0)) if parts[0].isdigit() else None
    if not all(part.isidentifier() for part in parts):
        raise ValueError(f"{value!r} is neither a position, nor a keyword, nor like '1/keyword'")
    return Argument(position, tuple(parts))


def _read_timeout(value: object) -> Timeout:
    if isinstance(value, int | float | str):
        value = {"by": "timeout", "default": value}
    if not isinstance(value, dict) or value.keys() - _TIMEOUT_KEYS:
        raise ValueError(f"must be seconds or a table with some of {', '.join(sorted(_TIMEOUT_KEYS))}")
    limit = str(value.get("default", "unknown"))
    parameters = tuple(read_argument(word) for word in read_words(value.get("by", "")))
    return Timeout(
        parameters=parameters,
        defaults=() if limit in ("inherit", "unknown") else tuple(map(_seconds, limit.split("/"))),
        where=msgspec.convert(value.get("where", "call" if parameters else "client"), Where),
        inherited=limit == "inherit",
        milliseconds=value.get("unit") == "ms",
    )


def _seconds(text: str) -> float | None:
    return None if text == "none" else float(text)


def read_words(value: object) -> tuple[str, ...]:
    """A text of words that blanks or line ends separate."""
    return tuple(msgspec.convert(value, str).split())


def _one_of(words: frozenset[str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not one of {', '.join(sorted(filter(None, words)))}")
        return str(value)

    return check


def _exactly(kind: Any) -> Callable[[object], Any]:
    return lambda value: msgspec.convert(value, kind)


_READERS: dict[str, Callable[[Any], Any]] = {
    "access": _exactly(Access),
    "asks": _exactly(Asks),
    "async": _exactly(bool),
    "channel": _one_of(CHANNELS),
    "default": _exactly(bool | int | float | str),
    "exit": _exactly(LeavingBlock),
    "identity": _exactly(Identity),
    "key": read_argument,
    "kind": _one_of(KINDS),
    "model": parse_type,
    "raises": read_words,
    "service": _exactly(str),
    "status": _exactly(int),
    "status_argument": read_argument,
    "timeout": _read_timeout,
    "ttl": read_argument,
    "value": read_argument,
    "when": _exactly(bool | int | float | str | dict[str, bool]),
}
