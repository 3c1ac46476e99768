"""The endpoints of a project: as a table, as JSON, and one of them at length."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from json import dumps

import msgspec

from threadly_lint.explain import Credit, EndpointFacts, Reach, Way

FORMAT_VERSION = 1
HEADINGS = ("METHOD", "PATH", "HANDLER", "GUARDS", "INPUT", "LIMIT", "ERRORS", "WATCHED", "REACHES")
NOTHING = "-"


def render_json(endpoints: Sequence[EndpointFacts]) -> str:
    """An object with ``version`` and ``endpoints``."""
    return dumps({"version": FORMAT_VERSION, "endpoints": msgspec.to_builtins(endpoints)}, indent=2)


def render_table(endpoints: Sequence[EndpointFacts]) -> Iterator[str]:
    """A heading and one line for each way to an endpoint; the last column has no limit."""
    rows = [HEADINGS, *(_row(endpoint, way) for endpoint in endpoints for way in endpoint.mounts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    for row in rows:
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()


def render_endpoint(endpoint: EndpointFacts, shown_path: Callable[[str], str]) -> Iterator[str]:
    """What is credited to one endpoint and what it reaches; the way to it where nobody is held back for certain."""
    yield f"{_methods(endpoint)} {endpoint.path} ({endpoint.framework} {endpoint.kind})".strip()
    yield f"  handler: {endpoint.handler}, {shown_path(endpoint.file)}:{endpoint.line}"
    yield f"  public on purpose: {endpoint.public or 'no'}; monitored: {'yes' if endpoint.monitored else 'no'}"
    yield f"  input: {endpoint.input}"
    yield from (f"    not validated: {flow}" for flow in endpoint.unvalidated)
    for way in endpoint.mounts:
        yield f"  mounted at {way.path}{' (in development only)' if way.development_only else ''}"
        yield from (f"    guarded by {_credit(guard, shown_path)}" for guard in way.guards)
        yield from (f"    passes {_credit(code, shown_path)}, which lets everybody through" for code in way.passed)
        if not way.guards:
            yield "    no guard before the handler"
        yield f"    rate limit: {way.limited}; errors of external calls: {way.errors}"
    known = {guard for way in endpoint.mounts for guard in way.guards}
    for reach in endpoint.reaches:
        yield from _reach(reach, known, shown_path)


def _row(endpoint: EndpointFacts, way: Way) -> tuple[str, ...]:
    guards = ", ".join(dict.fromkeys(guard.label for guard in way.guards))
    guards = guards or (f"public: {endpoint.public}" if endpoint.public else "none")
    reaches = ", ".join(f"{reach.does} {_short(reach.what)}" for reach in endpoint.reaches)
    checked = NOTHING if endpoint.input == "none seen" else endpoint.input
    errors = NOTHING if way.errors == "no external call" else way.errors
    watched = "yes" if endpoint.monitored else "no"
    return _methods(endpoint), way.path, endpoint.handler, guards, checked, way.limited, errors, watched, reaches


def _methods(endpoint: EndpointFacts) -> str:
    return "/".join(endpoint.methods)


def _short(name: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(name.split(".")[-2:])


def _reach(reach: Reach, known: Collection[Credit], shown_path: Callable[[str], str]) -> Iterator[str]:
    place = reach.trail[-1]
    answer = {"yes": "guarded", "maybe": "maybe guarded", "no": "not guarded"}[reach.guarded]
    yield f"  {reach.does} `{reach.what}` at {shown_path(place.path)}:{place.line}, {answer}"
    yield from (f"    guarded by {_credit(guard, shown_path)}" for guard in reach.guards if guard not in known)
    if reach.guarded != "yes":
        yield from (f"    {shown_path(step.path)}:{step.line} {step.what}" for step in reach.trail)


def _credit(guard: Credit, shown_path: Callable[[str], str]) -> str:
    place = f", {shown_path(guard.path)}:{guard.line}" if guard.path else ""
    doubt = f" ({guard.strength})" if guard.strength in ("weak", "unknown") else ""
    return f"{guard.label}{doubt}{place}"
