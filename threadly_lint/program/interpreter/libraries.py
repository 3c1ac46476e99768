"""What library calls and attributes mean: knowledge turned into values, effects and proofs."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING

from threadly_lint.knowledge import Fact
from threadly_lint.knowledge.type_expressions import UNION, TypeExpression
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.callers import CLAIMS, gives_claims
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.queries import CONSUMERS, consume
from threadly_lint.program.interpreter.request_data import checked, checked_tags, raw_tags
from threadly_lint.program.interpreter.types import NO_TAGS, Atom, Tag, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Module

SEQUENCES = ("list", "set", "tuple", "iterator")
BUILT_IN = frozenset(dir(builtins))
FETCHING = frozenset(
    {"read", "read-or-write", "result", "query", "external-call", "cache-get", "index-read", "write", "file-read"}
)
DIGESTING = frozenset({"hash"})
QUERIES = frozenset({"query", "build", "build-read", "build-write"})
FILTERS = frozenset("exclude filter filter_by get group_by having join order_by where".split())
PASSED_ON = ("credential", "session", "identity")
DERIVED = Tag("derived")
"""Of what a function of which nothing is known makes of its arguments."""
SIGNED_IN = ("is_authenticated", "is_anonymous", "is_active", "check_password")
IDENTIFYING = frozenset(
    "current-user anonymous-user user-check token-check session credentials token guard guard-weak guard-partial".split()
)


class Call:
    """A call of a library function as it stands: who is called, with what, where."""

    __slots__ = ("args", "keywords", "module", "name", "node", "receiver")

    def __init__(
        self,
        module: Module,
        name: str,
        receiver: Value,
        args: tuple[Value, ...],
        keywords: dict[str, Value],
        node: n.Expr,
    ) -> None:
        self.module = module
        self.name = name
        self.receiver = receiver
        self.args = args
        self.keywords = keywords
        self.node = node

    @property
    def given(self) -> tuple[Value, ...]:
        return (*self.args, *self.keywords.values())

    @property
    def tags(self) -> t.Tags:
        """Provenance of the receiver and of everything given."""
        return frozenset().union(t.tags_of(self.receiver), *(t.tags_of(v) for v in self.given))

    @property
    def proof(self) -> t.Proof:
        """What one of the given values proves by being there at all."""
        proofs = [_proof_within(v) for v in (self.receiver, *self.given)]
        return frozenset().union(*proofs) if proofs else t.NO_PROOF


def _proof_within(value: Value, levels: int = 2) -> t.Proof:
    """What a value proves by being there; a tuple or dict of parameters proves what its members do."""
    there = [x for x in value if t.truthiness(x) is not False]
    proof = t.common_proof(there)
    if len(there) == 1 and levels and isinstance(there[0].shape, t.Seq | t.Map):
        proof = proof.union(*(_proof_within(v, levels - 1) for v in parts_of(there[0].shape)))
    return proof


class Libraries:
    """Answers for everything that is not the project's own code."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.knowledge = program.knowledge

    # Types --------------------------------------------------------------------------------------------------------------

    def typed(self, expr: TypeExpression, receiver: Value = (), call: Call | None = None) -> Value:
        """The value that a knowledge type expression describes, seen from a receiver and a call."""
        value = self._typed(expr, receiver, call)
        return t.maybe(value) if expr.optional else value

    def _typed(self, expr: TypeExpression, receiver: Value, call: Call | None) -> Value:
        if expr.name == UNION:
            return t.join(*(self.typed(x, receiver, call) for x in expr.args))
        if expr.is_reference:
            return self._reference(expr.name, receiver, call)
        if (position := expr.literal_argument) is not None:
            text = t.text_of(call.args[position]) if call and position < len(call.args) else None
            return t.obj(expr.with_literal(text).name) if text else t.ANYTHING
        if expr.name == "type" and expr.args:
            return self._class_itself(expr.args[0], call)
        elem = t.join(*(self.typed(x, receiver, call) for x in expr.args))
        if expr.name in SEQUENCES:
            return (Atom(t.Seq("list", None, elem)),)
        if expr.name == "dict":
            return (Atom(t.Map((), True)),)
        if expr.name == "None":
            return t.NONE
        name = self.knowledge.canonical(expr.name)
        row = self.program.models.sketched(name)
        return (Atom(t.Inst(row)),) if row is not None else t.obj(name, elem)

    def _class_itself(self, expr: TypeExpression, call: Call | None) -> Value:
        if expr.is_reference:
            return self._given(expr.name[1:], call) or t.ANYTHING
        name = self.knowledge.canonical(expr.name)
        row = self.program.models.sketched(name)
        return (Atom(t.ClassRef(row)),) if row is not None else t.lib(name)

    def _reference(self, name: str, receiver: Value, call: Call | None) -> Value:
        if name == "$self":
            return self.instances(tuple(x._replace(tags=NO_TAGS) for x in receiver))
        if name == "$elem":
            return t.join(*(self._element(x) for x in receiver)) or t.ANYTHING
        if name == "$call":
            return self._made(call) if call else t.ANYTHING
        which, _, part = name[1:].partition(".")
        given = self._given(which, call)
        if part == "elem":
            elems = t.join(*(x.shape.elem for x in given if isinstance(x.shape, t.Obj)))
            return elems or self.instances(given) or t.ANYTHING
        return self.instances(given) or t.ANYTHING

    def _element(self, atom: Atom) -> Value:
        from threadly_lint.program.interpreter.relations import selected

        return atom.shape.elem if isinstance(atom.shape, t.Obj) else selected(self.program, atom)

    def _given(self, which: str, call: Call | None) -> Value:
        if call is None:
            return ()
        if which.isdigit():
            return call.args[int(which)] if int(which) < len(call.args) else ()
        return call.keywords.get(which, ())

    def _made(self, call: Call) -> Value:
        site = None
        if isinstance(call.node, n.Call):
            site = t.Site(call.module, call.node, call.args, tuple(call.keywords.items()))
        return (Atom(t.Obj(call.name, (), site)),)

    def instances(self, value: Value) -> Value:
        """Classes become instances of them; everything else stays."""
        return t.join(*(self._instance(x) for x in value))

    def _instance(self, atom: Atom) -> Value:
        shape = atom.shape
        if isinstance(shape, t.ClassRef):
            return (Atom(t.Inst(shape.info), atom.tags, atom.proof),)
        if isinstance(shape, t.Lib) and self.knowledge.class_of(shape.name) is not None:
            return (Atom(t.Obj(shape.name), atom.tags, atom.proof),)
        return (atom,)

    # Attributes --------------------------------------------------------------------------------------------------------------

    def member(self, a: Activation, atom: Atom, owner: str, name: str, node: n.Expr, self_type: Value = ()) -> Value:
        """Attribute ``name`` of a library class, object or module called ``owner``."""
        if served := self.program.serving.attribute(owner, name):
            return t.tagged(served, atom.tags)
        dotted = self.knowledge.canonical(f"{owner}.{name}")
        receiver = self_type or (atom,)
        fact = self.knowledge.fact(dotted, *IDENTIFYING, "source") or self.knowledge.fact(dotted)
        returns = self.knowledge.returns(dotted)
        held = self.knowledge.attr(dotted)
        if fact is not None and fact.kind in ("attribute", "accessor") and returns is None:
            value = self.typed(held, receiver) if held is not None else ()
            return self._accessed(a, fact, atom, value, node)
        if held is not None:
            return t.tagged(self.typed(held, receiver), atom.tags)
        if returns is not None or fact is not None:
            return (Atom(t.LibMethod(atom if not self_type else self_type[0], dotted, name), atom.tags, atom.proof),)
        return ()

    def _accessed(self, a: Activation, fact: Fact, atom: Atom, value: Value, node: n.Expr) -> Value:
        if fact.effect == "source":
            value = t.tagged(value or t.ANYTHING, atom.tags | {Tag("request", fact.channel or "body")})
            a.emit("source", fact.name, node, fact=fact, receiver=(atom,), value=value)
            return value
        if fact.effect == "user-check" and not any(x.kind in PASSED_ON for x in atom.tags):
            return t.tagged((*t.TRUE, *t.FALSE), atom.tags)  # of some user's row, not of the caller
        if fact.identity and fact.effect in IDENTIFYING:
            return self.identity(a, fact, value, atom.tags, node)
        if fact.effect in ("read", "write"):
            a.emit(
                fact.effect, fact.name, node, fact=fact, receiver=(atom,), model=self.program.models.name_in((atom,))
            )
        if fact.effect in ("sanitizer", "validated"):
            return t.tagged(value or t.unknown(), checked_tags(atom.tags))
        return t.tagged(value or t.unknown(), atom.tags)

    def identity(self, a: Activation, fact: Fact, value: Value, tags: t.Tags, node: n.Expr) -> Value:
        """The value of an identity source, each alternative with what it proves."""
        guard = a.guard(f"`{fact.name}`", node)
        if fact.effect in ("credentials", "guard-weak"):
            guard = guard._replace(strength="weak")
        proof = frozenset({guard})
        about = tags | {Tag("credential" if fact.identity == "credential" else "identity", fact.name)}
        base = value or t.ANYTHING
        if fact.effect == "user-check" and not fact.name.endswith(SIGNED_IN):
            a.emit("role-test", fact.name, node)
        match fact.identity:
            case "optional" | "credential":
                there = tuple(x for x in base if not t.is_none(x)) or t.ANYTHING
                return (*t.tagged(t.NONE, about), *t.proven(t.tagged(there, about), proof))
            case "bool":
                return (*t.proven(t.tagged(t.TRUE, about), proof), *t.tagged(t.FALSE, about))
            case "not-bool":
                return (*t.tagged(t.TRUE, about), *t.proven(t.tagged(t.FALSE, about), proof))
            case "raises":
                a.prove(proof)
                return t.tagged(base, about)
            case "mapping":
                return t.tagged(base, tags | {Tag("session", fact.name)})
        return t.tagged(base, about)

    # Calls -------------------------------------------------------------------------------------------------------------------

    def call(self, a: Activation, call: Call) -> Value:
        """Carry out a library call: record its effects, believe its proofs, give its value."""
        from threadly_lint.program.interpreter.capabilities import found_by_secret

        facts = self.knowledge.facts(call.name)
        if call.name in CONSUMERS or any(f.effect == "response" for f in facts):
            for given in call.given:
                consume(a, given, call.node)
        value = found_by_secret(a, call, facts, self._result(a, call, facts))
        for fact in facts:
            self.program.behaviour.library_effect(a, call, fact, value)
        identity = next((f for f in facts if f.identity and f.effect in IDENTIFYING), None)
        weakened = self.program.behaviour.weakened(call, identity) if identity is not None else None
        if weakened is not None and identity is not None and a.state is not None and self._identifies(call, weakened):
            about = frozenset(x for x in call.tags if x.kind in PASSED_ON)
            claims = frozenset({CLAIMS}) if gives_claims(call, identity) else NO_TAGS
            value = self.identity(a, weakened, t.tagged(checked(value) or t.ANYTHING, claims), about, call.node)
        if any(f.effect == "sign-in" and f.kind in ("call", "method") for f in facts):
            a.prove(frozenset({a.guard(f"`{call.name}`", call.node)}))
        aborting = next((f for f in facts if f.effect == "abort" and f.kind != "exception"), None)
        if aborting is not None and a.state is not None and self.knowledge.class_of(call.name) is None:
            status = self.program.behaviour.call_status(call, aborting)
            a.emit("reject" if status in (401, 403) else "raise", call.name, call.node, fact=aborting, status=status)
            a.die(status)
        return value

    def _identifies(self, call: Call, fact: Fact) -> bool:
        return bool(fact.identity) and self.knowledge.class_of(call.name) is None

    def called_object(self, a: Activation, atom: Atom, value: Value, node: n.Expr) -> Value:
        """Calling an instance of a guard class (``HTTPBearer()``): its constructor says whether it rejects or gives None."""
        shape = atom.shape
        assert isinstance(shape, t.Obj)
        fact = next((f for f in self.knowledge.facts(shape.name) if f.identity and f.effect in IDENTIFYING), None)
        if fact is None or a.state is None:
            return value
        made = dict(shape.made.keywords) if shape.made is not None else {}
        weakened = self.program.behaviour.is_weakened(shape.name, made)
        found = self.identity(a, fact, tuple(x for x in value if not t.is_none(x)), atom.tags, node)
        if weakened or fact.identity != "credential":
            return found
        there = tuple(x for x in found if not t.is_none(x))
        a.prove(t.common_proof(there))
        return there

    def _result(self, a: Activation, call: Call, facts: tuple[Fact, ...]) -> Value:
        status = self.program.behaviour.made_status(call, facts)
        returns = self.knowledge.returns(call.name)
        effects = {f.effect for f in facts}
        if effects & {"validation", "sanitizer", "validated"} and returns is None:
            return t.tagged(t.ANYTHING, frozenset({Tag("validated")}))
        if source := next((f for f in facts if f.effect == "source"), None):
            raw = self.typed(returns, call.receiver, call) if returns is not None else t.ANYTHING
            raw = t.tagged(raw, call.tags | {Tag("request", source.channel or "body")})
            return self.program.behaviour.presented(a, call, source.channel, raw)
        if returns is None and call.args and any(f.effect == "adapter" and not f.is_async for f in facts):
            return call.args[0]
        value = self.typed(returns, call.receiver, call) if returns is not None else ()
        if not value and self.knowledge.exceptions(call.name):
            value = t.obj(call.name)
        if status:
            value = tuple(_with_attr(x, "status", t.const(status)) for x in value or t.obj(call.name))
        if "build-raw" in effects and call.args and (text := t.shape_text(call.args[0])):
            value = tuple(_with_attr(x, "text", t.const(text)) for x in value or t.obj(call.name))
        return self._provenance(call, value, effects)

    def _provenance(self, call: Call, value: Value, effects: set[str]) -> Value:
        """Results of reads carry who selected them, not the request's data; everything else passes its tags on."""
        tags = call.tags
        if effects & {"validation", "validated", "sanitizer"}:
            return t.tagged(
                t.untagged(value, "request"), frozenset(x for x in tags if x.kind in (*PASSED_ON, "claims"))
            )
        if effects & FETCHING:
            kept = frozenset(x for x in tags if x.kind in PASSED_ON)
            value = t.tagged(value, frozenset(x for x in t.tags_of(call.receiver) if x.kind == "vouches"))
            chosen = frozenset({Tag("chosen")}) if any(x.kind == "request" for x in tags) else NO_TAGS
            value = value or t.unknown()
            return self._selected(t.tagged(value, kept | chosen), call, kept)
        if effects & QUERIES and call.name.rpartition(".")[2] in FILTERS:
            value, tags = self._narrowed(value, call), checked_tags(tags)
        elif effects & DIGESTING:
            tags = checked_tags(tags)
        if not value and not effects and self.may_check(call):
            tags = checked_tags(tags)
        if not value:
            made = tags if effects else tags | {DERIVED}
            return self._selected(t.unknown(made), call, frozenset(x for x in tags if x.kind in PASSED_ON))
        return t.tagged(value, tags)

    def may_check(self, call: Call) -> bool:
        """Whether nothing is known of whose function data is handed to: it may well be a validator."""
        if raw_tags(call.receiver):
            return False
        root = call.name.partition(".")[0]
        return root not in sys.stdlib_module_names and root not in BUILT_IN and not self.knowledge.root_known(root)

    def _narrowed(self, value: Value, call: Call) -> Value:
        """A query that compares with a credential: its rows are there only for who has it."""
        return t.proven(value, call.proof) if any(x.kind in PASSED_ON for x in call.tags) else value

    def _selected(self, value: Value, call: Call, identifying: t.Tags) -> Value:
        """What was looked up by a credential proves it by being there."""
        proof = call.proof
        if not proof or not identifying:
            return value
        there = tuple(x for x in value if t.truthiness(x) is not False)
        absent = tuple(x for x in value if t.truthiness(x) is False)
        if not absent and any(isinstance(x.shape, t.Unknown) for x in value):
            absent = t.tagged(t.NONE, identifying)
        return (*absent, *t.proven(there, proof))


def _with_attr(atom: Atom, name: str, value: Value) -> Atom:
    shape = atom.shape
    if not isinstance(shape, t.Obj):
        return atom
    attrs = {**dict(shape.attrs), name: value}
    return atom._replace(shape=shape._replace(attrs=tuple(sorted(attrs.items()))))
