"""How long calls to other systems may take, and which of them may hang for ever."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.knowledge import Argument, Fact, Timeout
    from threadly_lint.program.program import Program
    from threadly_lint.program.subjects import Call, Operation
    from threadly_lint.program.symbols.names import Module

OPEN, SPILL = "**", "*"
WAITING = frozenset(
    {"client", "external-call", "index-read", "index-write", "index-admin", "publish", "cache-get", "cache-set"}
)
SENDERS = frozenset({"request", "send"})
SESSION = "requests.Session"
CURL_LIMITS = frozenset({"TIMEOUT", "TIMEOUT_MS", "LOW_SPEED_TIME"})
LIMIT_OBJECTS = ("aiohttp.", "urllib3.")

Because = Literal["absent", "none", "passed"]


@dataclass(frozen=True)
class Unlimited:
    """A call, or the making of a client, after which the program may wait for ever.

    ``because`` is ``absent`` (no limit is given), ``none`` (given as None here) or ``passed`` (a parameter that is None
    on the way that ``trail`` tells). ``keyword`` is the argument that would limit it, empty when the call takes none;
    ``can_be_given`` says that a number of seconds may be written there as it stands.
    """

    path: str
    span: Span
    symbol: str
    api: str
    because: Because
    keyword: str
    can_be_given: bool = False
    trail: tuple[Step, ...] = ()


def unlimited_waits(program: Program, calls: Iterable[Call]) -> Iterator[Unlimited]:
    """Every place where the missing limit has to be set, once: the call, or the construction of its client."""
    found: dict[tuple[str, Span], Unlimited] = {}
    for call in calls:
        if call.effect not in WAITING:
            continue
        for operation, occurrence in call.ways:
            wait = _unlimited(program, operation, occurrence)
            if wait is not None:
                found.setdefault((wait.path, wait.span), wait)
    yield from found.values()


def _unlimited(program: Program, operation: Operation, occurrence: Occurrence) -> Unlimited | None:
    event = occurrence.event
    fact = event.fact
    if fact is None or any(_limits(program, frame) for frame in occurrence.frames):
        return None
    limit = fact.timeout
    if limit is not None and limit.where == "call" and limit.parameters and not _hands_on(event):
        because = judge(limit, event.args, dict(event.keywords))
        if because is None and operation.function is event.function and _hands_on_default(event, limit):
            because = "none"
        if because is None or _limited_otherwise(program, event):
            return None
        if because != "inherited":
            passed = because == "none" and not _is_written_none(event.node, limit)
            return _at(event, fact, limit, "passed" if passed else because, occurrence.trail)
    if event.effect == "client":
        return _of_protocol(program, event, fact)
    if (
        limit is not None
        and limit.where == "client"
        and limit.unbounded
        and not _limited_at_construction(program, event)
    ):
        return None if _limited_otherwise(program, event) else _at(event, fact, limit, "absent", occurrence.trail)
    return _of_client(program, event)


def judge(
    limit: Timeout, args: tuple[Value, ...], keywords: dict[str, Value]
) -> Literal["absent", "none", "inherited"] | None:
    """How a call with these arguments comes to wait without limit; None when it does not (or nobody can tell)."""
    given = [value for value in (_given(p, args, keywords) for p in limit.parameters) if value]
    if given:
        return "none" if any(is_endless(value) for value in given) else None
    if limit.inherited:
        return "inherited"
    if OPEN in keywords or SPILL in keywords:
        return None
    return "absent" if limit.unbounded else None


def _given(parameter: Argument, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    for name in parameter.keywords:
        if name in keywords:
            return keywords[name]
    position = parameter.position
    return args[position] if position is not None and position < len(args) else ()


def is_endless(value: Value) -> bool:
    """Whether a limit is certainly none: None itself, a pair without a read limit, a timeout object made of None."""
    return bool(value) and all(_is_endless(atom) for atom in value)


def _is_endless(atom: Atom) -> bool:
    shape = atom.shape
    if t.is_none(atom):
        return True
    if isinstance(shape, t.Seq) and shape.items:
        return is_endless(shape.items[-1])
    if isinstance(shape, t.Obj) and shape.made is not None:
        given = (*shape.made.args, *(v for k, v in shape.made.keywords if k not in (OPEN, SPILL)))
        return bool(given) and all(v and all(t.is_none(x) for x in v) for v in given)
    return False


def _hands_on(event: Event) -> bool:
    """Whether the call passes on the ``**kwargs`` of its function: whoever calls that says how long."""
    node, params = event.node, event.function.params
    kwargs = {p.name for p in params if p.kind == "kwargs"}
    unpacked = [k.value for k in node.keywords if k.name is None] if isinstance(node, n.Call) else []
    return any(isinstance(value, n.Name) and value.id in kwargs for value in unpacked)


def _hands_on_default(event: Event, limit: Timeout) -> bool:
    """Whether the limit is a parameter that is None unless somebody says otherwise."""
    names = {name for parameter in limit.parameters for name in parameter.keywords}
    keywords = event.node.keywords if isinstance(event.node, n.Call) else ()
    written = {k.value.id for k in keywords if k.name in names and isinstance(k.value, n.Name)}
    given = [dict(event.keywords).get(name, ()) for name in names]
    defaults = [p.default for p in event.function.params if p.name in written]
    is_none = any(isinstance(default, n.Constant) and default.kind == "None" for default in defaults)
    return is_none and any(t.is_none(atom) for value in given for atom in value)


def _is_written_none(node: n.Node, limit: Timeout) -> bool:
    """Whether the call itself says ``timeout=None``."""
    names = {name for parameter in limit.parameters for name in parameter.keywords}
    keywords = node.keywords if isinstance(node, n.Call) else ()
    written = [k.value for k in keywords if k.name in names]
    return not written or any(not isinstance(value, n.Name | n.Attribute) for value in written)


def _at(event: Event, fact: Fact, limit: Timeout, because: Because, trail: tuple[Step, ...]) -> Unlimited:
    keyword = _keyword(limit)
    free = because != "passed" and _takes_seconds(fact, limit, event.args)
    return Unlimited(event.path, event.span, event.symbol, fact.name, because, keyword, free, trail)


def _keyword(limit: Timeout) -> str:
    return next((name for parameter in limit.parameters for name in parameter.keywords), "")


def _takes_seconds(fact: Fact, limit: Timeout, args: tuple[Value, ...]) -> bool:
    """Whether ``timeout=10`` can be added: one limit, in seconds, not given by position, no object of its own kind."""
    position = limit.parameters[0].position if limit.parameters else None
    by_position = position is not None and position < len(args)
    own_kind = fact.name.startswith(LIMIT_OBJECTS)
    return _keyword(limit) == "timeout" and not limit.milliseconds and not by_position and not own_kind


def _of_protocol(program: Program, event: Event, fact: Fact) -> Unlimited | None:
    """A client of which nothing but the constructor is known: the limit can only be given there."""
    limit = fact.timeout
    if limit is None or limit.where != "constructor" or program.knowledge.class_of(fact.name) is not None:
        return None
    because = judge(limit, event.args, dict(event.keywords))
    if because not in ("absent", "none") or _by_default_timeout(program, event.api):
        return None
    return _at(event, fact, limit, because, ())


# Clients ------------------------------------------------------------------------------------------------------------


def _of_client(program: Program, event: Event) -> Unlimited | None:
    """The construction of the client on which the call is made, when that is where the limit is missing."""
    for atom in event.receiver:
        shape = atom.shape
        if not isinstance(shape, t.Obj) or shape.made is None:
            continue
        fact = program.knowledge.fact(shape.name, "client")
        limit = fact.timeout if fact is not None else None
        if fact is None or limit is None or limit.where != "constructor" or not limit.parameters:
            continue
        because = judge(limit, shape.made.args, dict(shape.made.keywords))
        if because in ("absent", "none") and not _by_default_timeout(program, shape.name):
            return _made_at(shape.made, fact, limit, because)
    return None


def _limited_at_construction(program: Program, event: Event) -> bool:
    """Whether the receiver's constructor takes the limit: then it is judged there, or not at all."""
    names = [atom.shape.name for atom in event.receiver if isinstance(atom.shape, t.Obj)]
    facts = [fact for name in names if (fact := program.knowledge.fact(name, "client")) is not None]
    return any(fact.timeout is not None and fact.timeout.parameters for fact in facts)


def _made_at(site: t.Site, fact: Fact, limit: Timeout, because: Because) -> Unlimited:
    span = Span(*site.call.span)
    free = _takes_seconds(fact, limit, site.args)
    return Unlimited(site.module.path, span, _symbol_at(site.module, span), fact.name, because, _keyword(limit), free)


def _symbol_at(module: Module, span: Span) -> str:
    """The innermost function around a place; empty at module level."""
    around = [f for f in module.functions() if f.node.span[0] <= span.line and span.end_line <= f.node.span[2]]
    return around[-1].symbol if around else ""


# Limits from elsewhere ----------------------------------------------------------------------------------------------


def _limits(program: Program, frame: Frame) -> bool:
    """Whether a construct around the call ends it in time: ``asyncio.timeout(5)``, ``wait_for(..., 5)``, ..."""
    if frame.kind not in ("with", "callback"):
        return False
    for atom in frame.value:
        name = atom.shape.name if isinstance(atom.shape, t.Lib | t.Obj) else ""
        fact = program.knowledge.fact(name, "timeout") if name else None
        if fact is not None:
            return not _is_none_given(frame.node)
    return False


def _is_none_given(node: n.Node) -> bool:
    """Whether the limit of the construct is written as None."""
    call = node.context if isinstance(node, n.WithItem) else node
    given = (*call.args, *(k.value for k in call.keywords)) if isinstance(call, n.Call) else ()
    return bool(given) and isinstance(given[-1], n.Constant) and given[-1].kind == "None"


def _limited_otherwise(program: Program, event: Event) -> bool:
    """Session adapters, overridden senders, settings, the default of all sockets."""
    return (
        _by_default_timeout(program, event.api)
        or (event.fact is not None and event.fact.service == "mail" and _by_mail_settings(program, event.api))
        or (event.api.startswith("pycurl.") and _by_curl_option(event))
        or any(_by_session(program, atom) for atom in event.receiver)
    )


def _by_curl_option(event: Event) -> bool:
    """``curl.setopt(pycurl.TIMEOUT, n)`` in the function that calls ``perform``."""
    calls = (x for x in walk(event.function.node) if isinstance(x, n.Call) and x.args)
    options = (c.args[0] for c in calls if isinstance(c.func, n.Attribute) and c.func.attr == "setopt")
    return any(isinstance(option, n.Attribute) and option.attr in CURL_LIMITS for option in options)


def _by_default_timeout(program: Program, api: str) -> bool:
    """``socket.setdefaulttimeout(n)``: for what opens plain sockets (requests and urllib3 set their own limit)."""
    root = api.partition(".")[0]
    uses_sockets = root in sys.stdlib_module_names or root in ("django", "flask_mail")
    return uses_sockets and bool(program.calls_named("setdefaulttimeout"))


def _by_mail_settings(program: Program, api: str) -> bool:
    """Django's ``EMAIL_TIMEOUT``, a back end of another kind, or settings that are not part of the project."""
    if not api.startswith("django."):
        return False
    if not any("INSTALLED_APPS" in m.scope or "EMAIL_HOST" in m.scope for m in program.modules.values()):
        return True
    backends = [
        program.bindings.module_attribute(m, "EMAIL_BACKEND")
        for m in program.modules.values()
        if "EMAIL_BACKEND" in m.scope
    ]
    texts = [text for value in backends for text in t.constants(value)]
    other = bool(backends) and not any("smtp" in str(text) for text in texts)
    return other or any("EMAIL_TIMEOUT" in module.scope for module in program.modules.values())


def _by_session(program: Program, atom: Atom) -> bool:
    """A session of the project that sets limits itself: an overridden sender, a replaced one, an adapter of its own."""
    shape = atom.shape
    if isinstance(shape, t.Inst):
        return any(program.hierarchy.class_attribute(shape.info, name)[0] is not None for name in SENDERS)
    if not isinstance(shape, t.Obj) or not program.knowledge.is_subclass(shape.name, SESSION):
        return False
    return any(program.slots.value(shape.name, name) for name in SENDERS) or _has_own_adapter(program, atom)


def _has_own_adapter(program: Program, session: Atom) -> bool:
    from threadly_lint.program.entry.registrations import call_registrations, identity

    for registration in call_registrations(program, frozenset({"mount"})):
        if registration.receiver is None or identity(registration.receiver) != identity(session):
            continue
        for adapter in registration.argument(1, "adapter"):
            shape = adapter.shape
            if isinstance(shape, t.Inst) and program.hierarchy.class_attribute(shape.info, "send")[0] is not None:
                return True
    return False
