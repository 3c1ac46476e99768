"""The caller in the data: users that may be absent, ids that a provider gave, objects tied to whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.knowledge import Fact
    from threadly_lint.program.interpreter.libraries import Call

TOKEN_LIBRARIES = (
    "jwt.",
    "jose.",
    "authlib.",
    "joserfc.",
    "itsdangerous.",
    "flask_jwt",
    "fastapi_jwt",
    "django.core.signing",
)
IDENTIFYING = ("identity", "session", "credential")
PROVIDER_KEYS = frozenset({"sub", "uid", "oid", "clerk_id", "auth0_id", "firebase_uid", "cognito:username"})
CLAIMS, PROVIDER_ID = Tag("claims"), Tag("provider-id")


def may_be_absent(value: Value) -> bool:
    """Whether a value is a user (or what identifies one) or None: each alternative that is there proves the caller."""
    there = [x for x in value if not t.is_none(x)]
    proof = t.common_proof(there)
    return len(there) < len(value) and any(g.strength == "strong" for g in proof)


def dereferenced(a: Activation, value: Value, name: str, node: n.Node, path: str | None) -> None:
    """``value.name`` where value may be None: noted, and whoever gets past it is there."""
    if a.state is None or not may_be_absent(value):
        return
    if not a.state.auth:
        a.emit("absent-user", name, node, value=value)
    there = tuple(x for x in value if not t.is_none(x))
    a.prove(t.common_proof(there))
    if path is not None:
        a.state.env[path] = there


def gives_claims(call: Call, fact: Fact) -> bool:
    """Whether a checked token is an identity provider's: its key is public, or the library is the provider's own.

    A token that is signed with a shared secret is the project's own; its subject is the database's id.
    """
    if fact.effect not in ("token-check", "guard"):
        return False
    if not call.name.startswith(TOKEN_LIBRARIES):
        return True
    given = (*call.keywords.get("algorithms", ()), *call.keywords.get("algorithm", ()))
    named = [x for atom in given for x in (atom, *(y for i in getattr(atom.shape, "items", None) or () for y in i))]
    return any(str(x).startswith(("RS", "ES", "PS", "EdDSA")) for x in t.constants(tuple(named)))


def claim(atom: Atom, key: Value) -> t.Tags:
    """The extra tag of ``claims["sub"]``: the id under which an identity provider knows the user."""
    if CLAIMS not in atom.tags:
        return t.NO_TAGS
    return frozenset({PROVIDER_ID}) if PROVIDER_KEYS & set(t.constants(key)) else t.NO_TAGS


def compared_with_caller(tags: t.Tags | set[Tag]) -> bool:
    """Whether a test involves both who asks and what the request chose."""
    kinds = {tag.kind for tag in tags}
    return "chosen" in kinds and bool(kinds & set(IDENTIFYING))
