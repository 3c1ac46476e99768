"""OpenAPI documents of the analysed project (YAML or JSON): what they say of operations, schemas and security."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
CONTROLLER = ("x-openapi-router-controller", "x-swagger-router-controller")
ENDINGS = (".yaml", ".yml", ".json")

Document = dict[str, Any]


class Scheme(NamedTuple):
    """One security scheme: its name and the dotted name of the project's function that checks it, if any."""

    name: str
    checker: str


class Operation(NamedTuple):
    """One method of one path.

    ``security`` lists alternatives, each of schemes that all have to agree; an empty one lets everybody in.
    """

    method: str
    path: str
    function: str
    security: tuple[tuple[Scheme, ...], ...]
    parameters: frozenset[str]
    body_is_free: bool


def read_document(path: Path) -> Document | None:
    """The document in a file; None when it cannot be read or is no OpenAPI document."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return parse_document(text, is_json=path.suffix == ".json")


def parse_document(text: str, *, is_json: bool) -> Document | None:
    """The OpenAPI document in ``text``; None when it is none."""
    import yaml  # type: ignore[import-untyped]

    safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = json.loads(text) if is_json else yaml.load(text, Loader=safe)  # noqa: S506 (the loader is a safe one)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("paths"), dict) else None


def operations(document: Document) -> Iterator[Operation]:
    """Every operation, in the document's order."""
    schemes = _schemes(document)
    everywhere = document.get("security")
    for path, item in document["paths"].items():
        for method in VERBS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                security = operation.get("security", everywhere)
                yield Operation(
                    method,
                    str(path),
                    _function(item, operation),
                    tuple(_alternatives(security, schemes)),
                    _parameters(document, item, operation),
                    _body_is_free(document, operation),
                )


def base_path(document: Document) -> str:
    """The path in front of all others: ``basePath``, or the path of the first server."""
    if isinstance(document.get("basePath"), str):
        return str(document["basePath"])
    servers = document.get("servers")
    url = servers[0].get("url", "") if isinstance(servers, list) and servers and isinstance(servers[0], dict) else ""
    return "/" + url.partition("://")[2].partition("/")[2] if "://" in url else str(url)


def _function(item: Document, operation: Document) -> str:
    """The dotted name in ``operationId``, below the controller that the operation or its path names."""
    name = str(operation.get("operationId", ""))
    controller = next((str(x[key]) for x in (operation, item) for key in CONTROLLER if x.get(key)), "")
    return f"{controller}.{name}" if controller else name


def _schemes(document: Document) -> dict[str, Document]:
    components = document.get("components")
    found = components.get("securitySchemes") if isinstance(components, dict) else document.get("securityDefinitions")
    return {str(k): v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def _alternatives(security: object, schemes: dict[str, Document]) -> Iterator[tuple[Scheme, ...]]:
    for alternative in security if isinstance(security, list) else []:
        if isinstance(alternative, dict):
            yield tuple(Scheme(str(name), _checker(schemes.get(str(name), {}))) for name in alternative)


def _checker(scheme: Document) -> str:
    return next((str(v) for k, v in scheme.items() if str(k).startswith("x-") and str(k).endswith("InfoFunc")), "")


def _parameters(document: Document, item: Document, operation: Document) -> frozenset[str]:
    found = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
    resolved = (resolve(document, x) for x in found if isinstance(x, dict))
    return frozenset(str(x["name"]) for x in resolved if "name" in x)


def _body_is_free(document: Document, operation: Document) -> bool:
    """Whether the body may hold anything: no schema, or an object without properties."""
    body = resolve(document, operation.get("requestBody") or {})
    contents = body.get("content")
    schemas = [c.get("schema") for c in contents.values() if isinstance(c, dict)] if isinstance(contents, dict) else []
    schemas += [
        x.get("schema") for x in operation.get("parameters") or [] if isinstance(x, dict) and x.get("in") == "body"
    ]
    return not schemas or any(_is_free(resolve(document, s) if isinstance(s, dict) else {}) for s in schemas)


def _is_free(schema: Document) -> bool:
    if any(key in schema for key in ("properties", "allOf", "anyOf", "oneOf", "enum", "items")):
        return False
    return bool(schema.get("type", "object") == "object")


def resolve(document: Document, node: Document, depth: int = 8) -> Document:
    """``node``, or what its ``$ref`` inside the document points at."""
    reference = node.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/") or not depth:
        return node
    found: Any = document
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return resolve(document, found, depth - 1) if isinstance(found, dict) else {}
