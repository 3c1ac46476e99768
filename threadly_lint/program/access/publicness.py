"""Endpoints that are public on purpose, recognised by what they do and where they are, not by one word."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple

from threadly_lint.program.access.credentials import (
    gives_password,
    hashes_password,
    is_account,
    issues_token,
    makes_account,
    model_of,
    renews_credentials,
    tests_credentials,
    verifies_password,
)
from threadly_lint.program.access.guests import CONTACT, keeps_own_row, leaves_message
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.request_data import raw_tags

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program

Kind = Literal["health", "sign-in", "sign-out", "sign-up", "webhook", "credentials", "link", "guest"]
HEALTH = re.compile(
    r"(^|/)_*(health(z|check|[-_]check)?|ready(z|ness)?|live(z|ness)?|ping|status|heartbeat|version|favicon\.ico|robots\.txt)/?$",
    re.IGNORECASE,
)
ENTRANCE = re.compile(
    r"(log|sign)[-_]?(in|on|up|out)|regist(er|ration)|auth(enticate|orize)?\b|token|password|passwd|reset|recover|forgot|"
    r"verif(y|ication)|confirm|activat|invit|oauth|sso|saml|oidc|callback|session|unsubscribe|setup|install|account",
    re.IGNORECASE,
)
BY_ADDRESS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("sign-out", re.compile(r"(log|sign)[-_]?(out|off)")),
    ("sign-in", re.compile(r"(log|sign)[-_]?(in|on)|access[-_]?token")),
    ("sign-up", re.compile(r"(sign[-_]?up|register|registration)([-_]?(user|account))?")),
    (
        "credentials",
        re.compile(
            r"(refresh|renew)([-_]?token)?|token([-_]?refresh)?|"
            r"(forgot|reset|recover|lost)(ten)?[-_]?password|password[-_]?(reset|recover\w*|forgot\w*)|"
            r"(change|update|set|new)[-_]?password|"
            r"((re)?send|request)[-_]?(verif\w*|confirm\w*|activation|code|otp)|"
            r"(email[-_])?(verif\w*|confirm\w*|password[-_]?reset|otp)[-_](request|(re)?send)"
        ),
    ),
)
NEUTRAL = re.compile(
    r"api|rest|web|app|v\d+|auth\w*|(user|account|member|customer|client)s?|access|sessions?|identity|jwt|token|public|"
    r"password|email([-_]?verif\w*)?|profile|security|service"
)
CODE_LINK = re.compile(
    r"(verif\w*|confirm\w*|activat\w*|password[-_]?reset|reset[-_]?password|unsubscribe)/?\??[<{(]", re.IGNORECASE
)
ACCOUNTS = re.compile(r"(^|/)(user|account|member|customer)s?/?$", re.IGNORECASE)
SENDING = ("request", "send", "resend")
PASSWORD_CHECK = re.compile(r"(check|verify)(_\w+)?|checkpw|authenticate")
MAKES_ROW = re.compile(r"(create|add|insert|save_new)(_\w+)?")
SECRET_LINK = re.compile(r"[<{][^<>{}]*\b\w*(secret|signature|signed|hmac)\w*[^<>{}]*[>}]", re.IGNORECASE)
ADDRESS = "an entrance by its address"
CONTACT_OR_USE = re.compile(rf"{CONTACT.pattern}|type|kind|purpose|scene", re.IGNORECASE)
GUESSABLE = re.compile(r"(^|_)(code|otp|pin|passcode)(_|$)", re.IGNORECASE)
KNOWS_CALLERS = frozenset({"read", "current-user", "token-check", "user-check"})
MAKES_NOTHING = frozenset({"GET", "PATCH", "DELETE"})
CHANGES = ("write", "construct", "assign", "commit")
ONLY_REDIRECTS = {"return", "redirect"}


def public_reason(endpoint: EntryPoint) -> str:
    """Why an endpoint is open on purpose: declared, or evident from what it does and where; empty otherwise."""
    return declared_public(endpoint) or evident_public(endpoint)


def declared_public(endpoint: EntryPoint) -> str:
    """A marker, a directive at the handler or a pattern in the settings."""
    if _has_directive(endpoint):
        return "`# threadly: public`"
    for pattern in endpoint.program.settings.public:
        if any(fnmatchcase(m.path, pattern) for m in endpoint.mounts) or fnmatchcase(endpoint.symbol, pattern):
            return f"setting `public` has `{pattern}`"
    return ""


def _has_directive(endpoint: EntryPoint) -> bool:
    """On a decorator, on the ``def``, or on the line above either."""
    first, name_line = endpoint.function.node.span[0], endpoint.span.line
    lines = {first - 1, first, name_line - 1, name_line, *(d.span[0] for d in endpoint.function.decorators)}
    return any(d.kind == "public" and d.span[0] in lines for d in endpoint.function.module.skeleton.directives)


class Purpose(NamedTuple):
    """What an endpoint is evidently there for, as a kind and in words."""

    kind: Kind
    reason: str


def evident_public(endpoint: EntryPoint) -> str:
    """The evident purpose of an endpoint that is public by nature; empty otherwise."""
    purpose = evident_purpose(endpoint)
    return purpose.reason if purpose is not None else ""


def effects_of(endpoint: EntryPoint) -> list[Occurrence]:
    """What the handler does over all mounts in use; of a library's view, which has no body here, all that happens."""
    is_library = endpoint.function.module.is_sketch
    runs = [run for run in endpoint.runs if not run.mount.conditional]
    return [o for run in runs for o in (run.occurrences if is_library else run.inside)]


def evident_purpose(endpoint: EntryPoint) -> Purpose | None:
    """Sign-in, sign-up, reset, token, health, signed webhook: from effects, backed by the address."""
    effects = effects_of(endpoint)
    kinds = {o.effect for o in effects}
    if endpoint.function.module.is_sketch and kinds == ONLY_REDIRECTS:
        return None
    return _purpose(endpoint, effects, kinds) or _of_guests(endpoint.program, effects)


def _of_guests(program: Program, effects: list[Occurrence]) -> Purpose | None:
    if leaves_message(program, effects):
        return Purpose("guest", "takes messages of strangers")
    return Purpose("guest", "keeps a row for the caller's own session") if keeps_own_row(program, effects) else None


def _purpose(endpoint: EntryPoint, effects: list[Occurrence], kinds: set[str]) -> Purpose | None:
    if HEALTH.search(endpoint.route) and not kinds & set(CHANGES):
        return Purpose("health", "health check")
    if SECRET_LINK.search(endpoint.route):
        return Purpose("link", "the address itself is a secret")
    if "sign-in" in kinds or _opens_session(endpoint.program, effects):
        return Purpose("sign-in", "signs the caller in")
    if "sign-out" in kinds or _closes_session(endpoint.program, effects):
        return Purpose("sign-out", "signs the caller out")
    if (not endpoint.methods or set(endpoint.methods) - MAKES_NOTHING) and _signs_up(endpoint.program, effects):
        return Purpose("sign-up", "registers an account")
    if any(
        o.event.fact is not None and o.event.fact.service == "webhook" for o in effects if o.effect == "token-check"
    ):
        return Purpose("webhook", "checks a signature")
    if "token" in kinds and any(map(tests_credentials, effects)):
        return Purpose("sign-in", "checks a password and issues a token")
    if any(_hands_out_code(endpoint, o) for o in effects):
        return Purpose("credentials", "hands out a code")
    if ENTRANCE.search(f"{endpoint.route} {endpoint.function.qualname}"):
        return _entrance(endpoint.program, effects, kinds) or by_address(endpoint)
    if any(map(checks_password, effects)):
        return Purpose("credentials", "checks credentials itself")
    if "POST" in endpoint.methods and ACCOUNTS.search(endpoint.route) and any(map(hashes_password, effects)):
        return Purpose("sign-up", "registers an account")
    return None


def by_address(endpoint: EntryPoint) -> Purpose | None:
    """An entrance whose code shows nothing, but whose address and method leave no doubt (``POST /auth/login``)."""
    *before, last = [x for x in _words(endpoint.route).split("/") if x and x[0] not in "{<(:"] or [""]
    if before and last in SENDING:
        last = f"{before.pop()}-{last}"
    if CODE_LINK.search(endpoint.route):
        return Purpose("link", "the address carries a code that was sent")
    kind = next((kind for kind, words in BY_ADDRESS if words.fullmatch(last)), None)
    if kind is None or not all(map(NEUTRAL.fullmatch, before)):
        return None
    is_sent = not endpoint.methods or bool({"POST", "mutation"} & set(endpoint.methods))
    return Purpose(kind, ADDRESS) if is_sent or kind == "sign-out" else None


def _words(route: str) -> str:
    """A path or field name in small letters, its words joined by ``_``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", route).lower().rstrip("/$").replace("/?", "/")


def checks_password(occurrence: Occurrence) -> bool:
    """Whether a password that the caller sent is compared with a stored one."""
    leaf = occurrence.event.api.rpartition(".")[2]
    by_library = verifies_password(occurrence) and bool(PASSWORD_CHECK.fullmatch(leaf))
    return by_library or occurrence.effect == "password-test"


def _entrance(program: Program, effects: list[Occurrence], kinds: set[str]) -> Purpose | None:
    """An address that sounds like an entrance, and code that acts like one."""
    if kinds & {"token", "user-check", "token-check"} or any(map(tests_credentials, effects)):
        return Purpose("credentials", "checks credentials itself")
    if any(map(_keeps_cookie, effects)):
        return Purpose("sign-in", "signs the caller in")
    made = (o for o in effects if o.effect in ("construct", "upsert"))
    if any(map(hashes_password, effects)) and any(is_account(program, model_of(program, o)) for o in made):
        return Purpose("sign-up", "registers an account")
    if any(hashes_password(o) or renews_credentials(o) or issues_token(program, o) for o in effects):
        return Purpose("credentials", "creates or renews credentials")
    if any(o.effect == "enqueue" or (o.event.fact is not None and o.event.fact.service == "mail") for o in effects):
        return Purpose("credentials", "mails a code or link")
    return None


def _hands_out_code(endpoint: EntryPoint, occurrence: Occurrence) -> bool:
    """Whether a row is made of an address, what it is for, and a short code that the caller is to bring back later."""
    event = occurrence.event
    about = f"{endpoint.route} {endpoint.function.qualname} {event.model}"
    if occurrence.effect not in ("construct", "write") or not ENTRANCE.search(about):
        return False
    brought = [name for name, value in event.keywords if t.has_tag(value, "request")]
    makes_code = any(GUESSABLE.search(name) and value and name not in brought for name, value in event.keywords)
    return makes_code and any(map(CONTACT.search, brought)) and all(map(CONTACT_OR_USE.search, brought))


def _opens_session(program: Program, effects: list[Occurrence]) -> bool:
    """It writes a session key that guards of this project look for; what was sent, only where something is checked."""
    is_checked = any(o.effect in KNOWS_CALLERS or tests_credentials(o) for o in effects)
    kept = (o for o in effects if _names_caller(program, o) and (is_checked or not raw_tags(o.event.value)))
    written = {_key(o) for o in kept}
    return bool(written & session_keys(program))


def _closes_session(program: Program, effects: list[Occurrence]) -> bool:
    """It empties a session key that guards of this project look for, and fills none."""
    return any(o.effect == "session-write" and _is_emptied(o) and _key(o) in session_keys(program) for o in effects)


def _is_emptied(occurrence: Occurrence) -> bool:
    value = occurrence.event.value
    return bool(value) and all(t.truthiness(x) is False for x in value)


def _key(occurrence: Occurrence) -> str:
    return occurrence.event.api.strip("[]'\"")


def _names_caller(program: Program, occurrence: Occurrence) -> bool:
    """Whether an anonymous caller gets something into the session that is not just the key of some other row."""
    if occurrence.effect != "session-write" or occurrence.auth or _is_emptied(occurrence):
        return False
    kept = program.models.named(occurrence.event.model)
    return kept is None or is_account(program, kept)


def _keeps_cookie(occurrence: Occurrence) -> bool:
    """Whether a cookie is set to something that was made up at run time."""
    event = occurrence.event
    value = event.argument(1, "value")
    return event.api.endswith(".set_cookie") and bool(value) and not t.constants(value)


def session_keys(program: Program) -> frozenset[str]:
    """Session keys whose presence authenticates callers somewhere in the project."""
    found = program.memo.get("session-keys")
    if found is None:
        program.memo["session-keys"] = frozenset()
        labels = {g.label for e in program.entry_points for run in e.runs for o in run.occurrences for g in o.auth}
        found = frozenset(x.removeprefix("session `").removesuffix("`") for x in labels if x.startswith("session `"))
        program.memo["session-keys"] = found
    return found


def _signs_up(program: Program, effects: list[Occurrence]) -> bool:
    """It makes an account and fills the password with what the caller sent."""
    made = [o for o in effects if o.effect in ("construct", "upsert", "write")]
    if any(makes_account(program, o) for o in made):
        return True
    looked_up = {o.event.model for o in effects if o.effect == "read"}
    is_new = any(_makes_row(o, looked_up) for o in made if is_account(program, model_of(program, o)))
    filled = any(gives_password(o) for o in effects if o.effect == "assign") or any(map(hashes_password, effects))
    return is_new and filled


def _makes_row(occurrence: Occurrence, looked_up: set[str]) -> bool:
    """Whether a row is new: made here, or written by a call that makes one; what was found is only ``add``-ed again."""
    leaf = occurrence.event.api.rpartition(".")[2]
    if occurrence.effect != "write":
        return True
    return bool(MAKES_ROW.fullmatch(leaf)) and not (leaf == "add" and occurrence.event.model in looked_up)
