"""Endpoints that are public on purpose, recognised by what they do and where they are, not by one word."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from threadly_lint.program.effects import Occurrence
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry_points import EntryPoint
    from threadly_lint.program.names import Class

ISSUING = frozenset({"sign-in", "token"})
HEALTH = re.compile(r"(^|/)(_*health(z|check|_check|-check)?|_*ready(z)?|_*live(z|ness)?|ping|status|heartbeat|version|metrics|favicon\.ico|robots\.txt)/?$", re.I)
ENTRANCE = re.compile(
    r"(log|sign)[-_]?(in|on|up|out)|regist(er|ration)|auth(enticate|orize)?\b|token|password|passwd|reset|recover|forgot|"
    r"verif(y|ication)|confirm|activat|invit|oauth|sso|saml|oidc|callback|session|unsubscribe|setup|install|first[-_]?run|account",
    re.I,
)
PERSONAL_COLUMNS = re.compile(
    r"(^|_)(password|passwd|hashed|email|e_mail|phone|mobile|address|street|zip|postcode|birth|dob|ssn|iban|card|balance|salary|"
    r"token|secret|api_key|apikey|private|first_name|last_name|surname|ip|lat|lon|owner|credit|medical|diagnos\w*)(_|$|\d)",
    re.I,
)
OWNERSHIP = re.compile(r"(^|_)(user|owner|author|account|member|customer|client|patient|seller|buyer|creator|created_by|tenant|profile)(_id)?$", re.I)


def public_reason(endpoint: EntryPoint) -> str:
    """Why an endpoint is open on purpose: declared, or evident from what it does and where; empty otherwise."""
    return declared_public(endpoint) or evident_public(endpoint)


def declared_public(endpoint: EntryPoint) -> str:
    """A marker, a directive at the handler or a pattern in the settings."""
    if endpoint.declared_public:
        return endpoint.declared_public
    if _has_directive(endpoint):
        return "`# threadly: public`"
    for pattern in endpoint.program.settings.public:
        paths = [m.path for m in endpoint.mounts]
        if any(fnmatchcase(p, pattern) for p in paths) or fnmatchcase(endpoint.symbol, pattern):
            return f"setting `public` has `{pattern}`"
    return ""


def _has_directive(endpoint: EntryPoint) -> bool:
    """On a decorator, on the ``def``, or on the line above either."""
    node = endpoint.function.node
    first, name_line = node.span[0], endpoint.span.line
    lines = {first - 1, first, name_line - 1, name_line, *(d.span[0] for d in endpoint.function.decorators)}
    directives = endpoint.function.module.skeleton.directives
    return any(d.kind == "public" and d.span[0] in lines for d in directives)


def evident_public(endpoint: EntryPoint) -> str:
    """Sign-in, sign-up, reset, token, health, signed webhook: from effects, backed by the address."""
    effects = [o for run in endpoint.runs for o in run.inside]
    where = f"{endpoint.route} {endpoint.function.name}"
    if any(o.effect in ISSUING for o in effects) and _checks_caller_or_creates_user(effects):
        return "signs a caller in"
    if HEALTH.search(endpoint.route) and not any(o.effect in ("write", "construct", "assign") for o in effects):
        return "health check"
    if _checks_signature(effects):
        return "checks a signature"
    if ENTRANCE.search(where):
        return _evident_entrance(effects)
    return ""


def _evident_entrance(effects: list[Occurrence]) -> str:
    """An address that sounds like an entrance, and code that acts like one."""
    kinds = {o.effect for o in effects}
    if kinds & ISSUING:
        return "signs a caller in"
    if kinds & {"user-check", "token-check", "guard"}:
        return "checks credentials itself"
    if "hash" in kinds or any(_makes_user(o) for o in effects):
        return "creates or renews credentials"
    return ""


def _checks_caller_or_creates_user(effects: list[Occurrence]) -> bool:
    kinds = {o.effect for o in effects}
    return bool(kinds & {"user-check", "token-check", "hash", "sign-in"}) or any(_makes_user(o) for o in effects)


def _makes_user(occurrence: Occurrence) -> bool:
    """A row of a model with a credential column is created."""
    if occurrence.effect not in ("construct", "write"):
        return False
    program_model = occurrence.event.model
    keywords = {k for k, _ in occurrence.event.keywords}
    return bool(program_model) and any("password" in k or "hash" in k for k in keywords)


def _checks_signature(effects: list[Occurrence]) -> bool:
    return any(o.effect == "token-check" and o.event.fact is not None and o.event.fact.service == "webhook" for o in effects)


def reads_personal_data(endpoint: EntryPoint) -> bool:
    """Whether a row that the endpoint reads belongs to a user or has personal or secret columns."""
    program = endpoint.program
    for run in endpoint.runs:
        for access in run.inside:
            if access.effect != "read":
                continue
            info = program.models.class_in((*access.event.receiver, *access.event.value, *(x for v in access.event.args for x in v)))
            if info is not None and is_personal(endpoint, info):
                return True
    return False


def is_personal(endpoint: EntryPoint, info: Class) -> bool:
    columns = endpoint.program.models.columns(info)
    return any(PERSONAL_COLUMNS.search(name) or OWNERSHIP.search(name) for name in columns if not name.startswith("__"))


