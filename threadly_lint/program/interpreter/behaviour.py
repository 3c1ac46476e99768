"""What code means for the caller's identity: sessions, credentials, secrets, rejections, and what is stored where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from threadly_lint.knowledge import Fact
from threadly_lint.program.entry.development import only_in_development
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, State
from threadly_lint.program.interpreter.effects import Exit
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.marks import functions_of
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.types import NO_PROOF, Atom, Proof, Tag, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

WRITING_SQL = re.compile(
    r"^\W*(?:with\b.*\)\s*)?(insert|update|delete|replace|merge|create|drop|alter|truncate|call|grant|exec|copy|upsert)\b",
    re.IGNORECASE | re.DOTALL,
)
CREDENTIAL_HEADER = re.compile(
    r"(^|.*[-_])(authorization|cookie|tokens?|signature([-_]?(sha)?\d+)?|secret|api[-_]?key)", re.IGNORECASE
)
SECRET_SOURCES = ("os.environ", "os.getenv", "django.conf.settings", "decouple.config", "environs.Env")
KEYED_APPLICATION = "aiohttp.web.Application"
NO_IDENTITY = re.compile(r"csrf|xsrf", re.IGNORECASE)
ANTI_FORGERY = frozenset({Tag("anti-forgery")})
TYPED_KEYS = ("aiohttp.web.AppKey", "aiohttp.web.RequestKey")
GATEWAY = Tag("gateway")
"""Of what a gateway says of a request, such as who it has let through."""
WSGI_SESSIONS = ("beaker.session", "werkzeug.session")
STATUS_ATTRIBUTES = frozenset({"status_code", "status"})
STATUS_NAMES = ("status_code", "code", "status")
FOUND = 302
SQL_DECIDED = "read-or-write"


class Behaviour:
    """Judges single operations on behalf of the interpreter."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.slots: dict[tuple[str, str], Value] = {}
        self.exception_statuses: dict[str, int] = {}

    # Sessions, headers, cookies ------------------------------------------------------------------------------------------

    def tested_role(self, a: Activation, state: State | None, test: n.Expr) -> None:
        """A test that turns some callers away with 403 asks for more than a sign-in."""
        here, a.state = a.state, state
        a.emit("role-test", "if", test)
        a.state = here

    def key_proof(self, a: Activation, atom: Atom, key: Value, node: n.Node) -> Proof:
        """What ``key in mapping`` proves."""
        return self._presence(a, atom, key, node)

    def _presence(self, a: Activation, atom: Atom, key: Value, node: n.Node) -> Proof:
        name = t.text_of(key)
        if any(tag.kind == "session" for tag in atom.tags) and not isinstance(atom.shape, t.Const):
            return frozenset({a.guard(f"session `{name or '...'}`", node)})
        channels = {tag.detail for tag in atom.tags if tag.kind == "request"}
        if name is not None and any(is_credential(channel, name) for channel in channels):
            return frozenset({a.guard(f"presence of `{name}`", node)._replace(strength="weak")})
        return NO_PROOF

    def presented(self, a: Activation, call: Call, channel: str, value: Value) -> Value:
        """A header or cookie read by a method of its own: nothing, or something that was sent as a credential."""
        name = t.text_of(call.args[0]) if call.args else None
        if name is None or not is_credential(channel, name):
            return value
        value = t.keep(value, lambda x: t.truthiness(x) is not False) or t.unknown()
        return self.sent(a, name, (*t.tagged(t.NONE, t.tags_of(value)), *value), call.node)

    def sent(self, a: Activation, name: str, value: Value, node: n.Node) -> Value:
        """A value that the caller sent as a credential: where it is there, it may be verified."""
        proof = frozenset({a.guard(f"presence of `{name}`", node)._replace(strength="weak")})
        tagged = t.tagged(value, frozenset({Tag("credential", name)}))
        return tuple(x if t.truthiness(x) is False else x._replace(proof=x.proof | proof) for x in tagged)

    def key_value(self, a: Activation, atom: Atom, key: Value, node: n.Node) -> Value:
        """``mapping[key]`` or ``mapping.get(key)`` on sessions, headers and cookies: nothing, or something that proves."""
        names = key_names(key)
        if GATEWAY in atom.tags:
            return self._authorized(a, key, node)
        is_session = any(tag.kind == "session" for tag in atom.tags)
        found = self.shared_slot(a, atom, f"[{names[0]!r}]") if len(names) == 1 and not is_session else ()
        if found := found or self._declared_by(key):
            return found
        if t.text_of(key) in WSGI_SESSIONS and any(tag.kind == "request" for tag in atom.tags):
            return t.obj("beaker.session.Session", tags=frozenset({Tag("session", t.text_of(key) or "")}))
        if isinstance(atom.shape, t.Obj) and atom.shape.name == KEYED_APPLICATION:
            return t.unknown(frozenset({Tag("secret", "application")}))
        if NO_IDENTITY.search(t.text_of(key) or "") and (is_session or _is_cookie(atom)):
            return (*t.tagged(t.NONE, ANTI_FORGERY), *t.unknown(ANTI_FORGERY))
        proof = self._presence(a, atom, key, node)
        if not proof:
            return ()
        tags = atom.tags | {Tag("session" if is_session else "credential", t.text_of(key) or "")}
        tags = frozenset(x for x in tags if not (is_session and x.kind == "request"))
        if isinstance(node, n.Subscript) and self.program.failures.demands_key(a):
            a.prove(proof)
            return (Atom(t.Unknown(), tags, proof),)
        return (*t.tagged(t.NONE, tags), Atom(t.Unknown(), tags, proof))

    def _authorized(self, a: Activation, key: Value, node: n.Node) -> Value:
        """The part of a gateway's context that its authorizer has filled: there, somebody has been let through."""
        if t.text_of(key) != "authorizer":
            return t.unknown(frozenset({GATEWAY}))
        proof = frozenset({a.guard("authorizer of the gateway", node)})
        there = t.unknown(frozenset({Tag("identity", "authorizer")}), proof)
        if isinstance(node, n.Subscript):
            a.prove(proof)
            return there
        return (*t.NONE, *there)

    def _declared_by(self, key: Value) -> Value:
        """What a typed key (``web.AppKey("db", Pool)``) says of its value."""
        given = [
            x.shape.made.args for x in key if isinstance(x.shape, t.Obj) and x.shape.name in TYPED_KEYS and x.shape.made
        ]
        return self.program.libraries.instances(given[0][1]) if len(given) == 1 and len(given[0]) > 1 else ()

    # Secrets ---------------------------------------------------------------------------------------------------------------

    def is_secret(self, value: Value) -> bool:
        """Whether a value is configuration (environment, settings) or comes from the database, not from the code."""
        return any(self._is_secret(atom) for atom in value)

    def _is_secret(self, atom: Atom) -> bool:
        if any(tag.kind == "secret" for tag in atom.tags):
            return True
        shape = atom.shape
        name = shape.name if isinstance(shape, t.Lib) else shape.owner if isinstance(shape, t.LibMethod) else ""
        return name.startswith(SECRET_SOURCES)

    # Stores ----------------------------------------------------------------------------------------------------------------

    def stored(self, a: Activation, base: Value, key: str, value: Value, node: n.Node) -> None:
        """``base.key = value`` or ``base[key] = value``."""
        from threadly_lint.program.access.row_keys import model_of_key

        if a.state is None:
            return
        kept = t.proven(value, a.state.auth)
        for atom in base:
            shape = atom.shape
            if any(tag.kind == "session" for tag in atom.tags) and key.startswith("["):
                a.emit("session-write", key, node, value=value, model=model_of_key(a, node))
            elif key in STATUS_ATTRIBUTES and (status := _status_number(value)) and not isinstance(shape, t.Inst):
                a.emit("answer-status", key, node, receiver=(atom,), status=status)
            elif self._ends_request(shape, key, value):
                a.emit("reject", key, node, receiver=(atom,), value=value)
                a.leave(Exit("raise", (), a.state.auth, 0, node, a.frame))
                return
            elif (row := self.program.models.row_of(shape)) is not None:
                if not key.startswith("[") and self.program.models.is_column(row, key):
                    a.emit("assign", key, node, receiver=(atom,), value=value, model=row.name)
            elif isinstance(shape, t.Func | t.Wrapped):
                for function in functions_of(atom, 0 if isinstance(shape, t.Func) else 1):
                    slot = (function.symbol, key)
                    self.slots[slot] = bounded(t.join(self.slots.get(slot, ()), kept))
            elif owner := self._class_of_shared(atom):
                slot = (owner, key)
                self.slots[slot] = bounded(t.join(self.slots.get(slot, ()), kept))
            if isinstance(shape, t.Inst) and self._is_self(a, atom) and not only_in_development(a.frame):
                a.stores[key] = t.join(a.stores.get(key, ()), kept)
            elif isinstance(shape, t.Inst | t.ClassRef):
                slot = (shape.info.symbol, key)
                self.slots[slot] = bounded(t.join(self.slots.get(slot, ()), kept))

    def _ends_request(self, shape: t.Shape, key: str, value: Value) -> bool:
        """``response.complete = True``: a framework that is told so goes no further than the hook or middleware that runs."""
        if not isinstance(shape, t.Obj) or value != t.TRUE:
            return False
        return self.program.knowledge.fact(f"{shape.name}.{key}", "abort") is not None

    def constructed_further(self, a: Activation, receiver: Value, stores: dict[str, Value]) -> None:
        """A constructor calls that of a base class: what it stores is stored on the same object."""
        if any(self._is_self(a, atom) for atom in receiver):
            for name, value in stores.items():
                a.stores[name] = t.join(a.stores.get(name, ()), value)

    def _is_self(self, a: Activation, atom: Atom) -> bool:
        """Whether the object is the receiver of the method that runs."""
        function = a.function
        if function.owner is None or not function.params or a.state is None:
            return False
        return atom in a.state.env.get(function.params[0].name, ())

    def item_changed(self, a: Activation, base: Value, method: str, args: tuple[Value, ...], node: n.Node) -> None:
        """``base[key] = value`` or ``del base[key]`` on a library's object, under the name of the method that does it."""
        for atom in base:
            if isinstance(atom.shape, t.Obj):
                for fact in self.program.knowledge.facts(f"{atom.shape.name}.{method}"):
                    a.emit(fact.effect, fact.name, node, fact=fact, receiver=(atom,), args=args)

    def shared_slot(self, a: Activation, atom: Atom, key: str) -> Value:
        """What the project stores under a name on a library's shared object (application, request, ``g``)."""
        owner = self._class_of_shared(atom)
        return self.program.slots.value(owner, key) if owner else ()

    def _class_of_shared(self, atom: Atom) -> str:
        """The library class of an object; of a ready-made one (``flask.current_app``) the class that it stands for."""
        shape = atom.shape
        if isinstance(shape, t.Lib):
            held = self.program.knowledge.attr(shape.name)
            return held.name if held is not None and not held.is_reference else shape.name
        return shape.name if isinstance(shape, t.Obj) else ""

    # Status ----------------------------------------------------------------------------------------------------------------

    def status_of(self, value: Value) -> int:
        """The HTTP status of an answer or exception; 0 when it has none that is known."""
        statuses = {self._status(atom) for atom in value}
        return statuses.pop() if len(statuses) == 1 else 0

    def _status(self, atom: Atom) -> int:
        shape = atom.shape
        if isinstance(shape, t.Obj):
            known = dict(shape.attrs).get("status")
            if known:
                return t.number_of(known) or 0
            return self._class_status(shape.name)
        if isinstance(shape, t.Lib):
            return self._class_status(shape.name)
        if isinstance(shape, t.Inst):
            return self.class_status(shape.info, shape.args, dict(shape.keywords))
        if isinstance(shape, t.ClassRef):
            return self.class_status(shape.info, (), {})
        if isinstance(shape, t.Seq) and shape.kind == "tuple" and shape.items and len(shape.items) in (2, 3):
            return t.number_of(shape.items[1]) or 0
        return 0

    def _class_status(self, name: str) -> int:
        mapped = self.exception_statuses.get(name, 0)
        fact = self.program.knowledge.fact(name, "abort", "response", "redirect", "exception")
        return mapped or (fact.status if fact is not None else 0)

    def class_status(self, info: Class, args: tuple[Value, ...], keywords: dict[str, Value]) -> int:
        """The status of a project exception: a handler maps it, it says so itself, or its base does."""
        for name in STATUS_NAMES:
            if number := t.number_of(keywords.get(name, ())):
                return number
        if mapped := self._mapped_status(info):
            return mapped
        stores = self.program.hierarchy.instance_stores(t.Inst(info, args, tuple(keywords.items())))
        for name in STATUS_NAMES:
            if number := t.number_of(stores.get(name, ())):
                return number
        for base in self.program.hierarchy.library_bases(info):
            if (number := self._status_given(base, info, args, keywords)) or (number := self._class_status(base)):
                return number
        return 0

    def _mapped_status(self, info: Class) -> int:
        """What the nearest class says: a registered handler's answer, or a status of its own that the handler reads."""
        for base in self.program.hierarchy.mro(info):
            if isinstance(base, str):
                if found := self.exception_statuses.get(base, 0):
                    return found
                continue
            if found := self.exception_statuses.get(base.symbol, 0):
                return found
            for name in (x for x in STATUS_NAMES if x in base.scope):
                if number := t.number_of(self.program.hierarchy.own_class_attribute(base, name)):
                    return number
        return 0

    def _status_given(self, base: str, info: Class, args: tuple[Value, ...], keywords: dict[str, Value]) -> int:
        """``super().__init__(status_code=401)`` in the constructor of an exception."""
        init = self.program.hierarchy.constructor(info)
        if init is None:
            call = Call(info.module, base, (), args, keywords, n.Name(info.node.span, info.name))
            return self.made_status(call, self.program.knowledge.facts(base))
        outcome = self.program.run(t.Func(init, (Atom(t.Inst(info)),)), args, keywords)
        for event in outcome.events:
            receiver = getattr(event, "api", "")
            if receiver == f"{base}.__init__" or receiver.endswith(".__init__"):
                call = Call(info.module, base, (), event.args, dict(event.keywords), event.node)  # type: ignore[union-attr, arg-type]
                if status := self.made_status(call, self.program.knowledge.facts(base)):
                    return status
        return 0

    def made_status(self, call: Call, facts: tuple[Fact, ...]) -> int:
        """The status of the answer or exception that a call makes."""
        statuses = (
            self.call_status(call, f) or (FOUND if f.effect == "redirect" else 0)
            for f in facts
            if f.effect in ("abort", "response", "redirect", "exception")
        )
        return next((status for status in statuses if status), 0)

    def call_status(self, call: Call, fact: Fact) -> int:
        where = fact.status_argument
        if where is not None:
            for keyword in where.keywords:
                if keyword in call.keywords:
                    return _status_number(call.keywords[keyword])
            if where.position is not None and where.position < len(call.args):
                return _status_number(call.args[where.position])
        return fact.status

    # Library calls -----------------------------------------------------------------------------------------------------------

    def library_effect(self, a: Activation, call: Call, fact: Fact, value: Value) -> None:
        """Record one effect of a library call."""
        effect = fact.effect
        if effect == SQL_DECIDED:
            effect = self._statement_kind(call)
        receiver = call.receiver
        model = self.program.models.name_in((*receiver, *(x for v in call.args[:2] for x in v)))
        a.emit(
            effect, call.name, call.node, fact=fact, receiver=receiver, args=call.args, keywords=call.keywords,
            value=value, model=model, status=self.call_status(call, fact) if fact.status_argument is not None else fact.status,
        )  # fmt: skip
        if effect == "write":
            self.program.signals.follow(a, call)

    def _statement_kind(self, call: Call) -> str:
        """Read or write, by the text or the builder of the statement."""
        for value in (*call.args[:1], *call.keywords.values()):
            text = t.shape_text(value)
            if text is not None:
                return "write" if WRITING_SQL.match(text) else "read"
            for atom in value:
                if isinstance(atom.shape, t.Obj):
                    inner = dict(atom.shape.attrs).get("text")
                    if inner and (known := t.text_of(inner)):
                        return "write" if WRITING_SQL.match(known) else "read"
                    if self.program.knowledge.fact(atom.shape.name, "build-write"):
                        return "write"
        return "read"

    def is_weakened(self, name: str, keywords: dict[str, Value]) -> bool:
        """Whether a keyword lets anonymous callers through (``optional=True``, ``auto_error=False``)."""
        for keyword, value in keywords.items():
            fact = self.program.knowledge.keyword(name, keyword)
            if fact is not None and fact.effect in ("guard-weaken", "guard-none"):
                expected = fact.when if fact.when is not None else True
                if expected in t.constants(value):
                    return True
        return False

    def weakened(self, call: Call, fact: Fact) -> Fact:
        """An identity fact as this call's keywords leave it: a source that raises may become optional."""
        from msgspec.structs import replace

        if fact.identity == "raises" and self.is_weakened(call.name, call.keywords):
            return replace(fact, identity="optional")
        if fact.effect == "guard" and any(t.has_tag(value, "anti-forgery") for value in call.given):
            return replace(fact, identity="")
        return fact

    def constructed(
        self, a: Activation, info: Class, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Node
    ) -> None:
        """An instance of a project class is made: its library bases may give that a meaning."""
        for base in self.program.hierarchy.library_bases(info):
            for fact in self.program.knowledge.facts(base):
                if fact.effect in ("validation", "validated", "client", "rate-limit"):
                    a.emit(fact.effect, info.symbol, node, fact=fact, args=args, keywords=keywords)

    def validates(self, info: Class) -> bool:
        """Whether making an instance checks the data (pydantic and similar bases)."""
        return any(
            fact.effect in ("validation", "validated", "schema")
            for base in self.program.hierarchy.library_bases(info)
            for fact in self.program.knowledge.facts(base)
        )


def _is_cookie(atom: Atom) -> bool:
    return any(tag.kind == "request" and tag.detail == "cookies" for tag in atom.tags)


def is_credential(channel: str, name: str) -> bool:
    """Whether callers prove who they are with it: any cookie, and headers that hold a token, a key or a signature."""
    if channel == "headers" and not NO_IDENTITY.search(name):
        return CREDENTIAL_HEADER.fullmatch(name) is not None
    return channel == "cookies"


def key_names(key: Value) -> list[object]:
    """The literals that a key may be; a typed key counts by its name."""
    names = t.constants(key)
    for atom in key:
        shape = atom.shape
        if isinstance(shape, t.Obj) and shape.name in TYPED_KEYS and shape.made is not None and shape.made.args:
            names.extend(t.constants(shape.made.args[0]))
    return names


def _status_number(value: Value) -> int:
    number = t.number_of(value)
    if number is not None:
        return number
    text = t.text_of(value)
    return int(text[:3]) if text and text[:3].isdigit() else 0
