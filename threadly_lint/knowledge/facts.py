"""The plain values that knowledge consists of, and the words that its files may use."""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct

from threadly_lint.knowledge.type_expressions import TypeExpression

Asks = Literal["", "role"]
Access = Literal["", "read", "write"]
Identity = Literal["", "object", "optional", "raises", "bool", "not-bool", "mapping", "credential"]
LeavingBlock = Literal["", "commit", "close", "commit-close"]
Where = Literal["call", "constructor", "client"]

# Requests, identity, database, validation, external calls, caches, search and events, monitoring, limits, machine.
_EFFECT_WORDS = """
abort adapter after-commit background boundary connect csrf dependency documentation enqueue error-handler
handler-base hook idempotency lifecycle method-filter middleware mixin mount parameter-type redirect registration
resolver response route route-register router schedule schema source websocket
anonymous-user auth-config constant credentials current-user guard guard-none guard-partial guard-weak guard-weaken
hash not-a-guard session sign-in sign-out token token-check user-check
begin build build-raw build-read build-write close column commit engine flush foreign-key lock manager model query
read read-or-write relation result rollback session-factory upsert write
no-validation sanitizer unsafe validated validation
bulkhead circuit-breaker client config exception external-call fallback retry retry-bound retry-wait status-check timeout
cache-delete cache-get cache-memo cache-remember cache-response cache-scan cache-set cache-ttl
index-admin index-model index-read index-write publish publish-build subscribe
annotate log metric monitor report setup trace
client-limit rate-limit rate-limit-key rate-limit-off
clock code file-read file-write markup process sleep
"""
EFFECTS = frozenset(_EFFECT_WORDS.split())
KINDS = frozenset({"attribute", "call", "class", "decorator", "exception", "keyword", "method", "setting"})
CLASS_KINDS = frozenset({"class", "exception"})
CHANNELS = frozenset({"", "any", "body", "cookies", "files", "form", "headers", "json", "path", "query", "url"})


class KnowledgeError(Exception):
    """The knowledge files are wrong; ``problems`` lists everything found as ``file:line: message``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Argument(Struct, frozen=True, array_like=True, gc=False):
    """Where a call carries something: a position (0-based, receiver not counted), keyword names, or both."""

    position: int | None = None
    keywords: tuple[str, ...] = ()


class Timeout(Struct, frozen=True, array_like=True, gc=False):
    """How long a call may take.

    ``defaults`` are seconds, ``None`` meaning for ever, one per parameter (or connect, read, write); empty when the
    limit is unknown. ``inherited`` limits come from the client object. ``where`` says who takes the parameters.
    """

    parameters: tuple[Argument, ...] = ()
    defaults: tuple[float | None, ...] = ()
    where: Where = "call"
    inherited: bool = False
    milliseconds: bool = False

    @property
    def unbounded(self) -> bool:
        """Whether some wait has no limit when nothing is passed."""
        return None in self.defaults


class Detail(Struct, frozen=True, array_like=True, gc=False):
    """Everything a fact says apart from the name that it is about."""

    role: str
    effect: str
    kind: str
    is_async: bool = False
    identity: Identity = ""
    asks: Asks = ""
    channel: str = ""
    service: str = ""
    access: Access = ""
    status: int = 0
    status_argument: Argument | None = None
    timeout: Timeout | None = None
    raises: tuple[str, ...] = ()
    key: Argument | None = None
    value: Argument | None = None
    ttl: Argument | None = None
    model: TypeExpression | None = None
    exit: LeavingBlock = ""
    when: bool | int | float | str | dict[str, bool] | None = None
    default: bool | int | float | str | None = None


class Fact(Struct, frozen=True, gc=False, kw_only=True):
    """What one library name means in one role.

    ``identity`` tells what a value proves about the caller: ``object`` always truthy, even when anonymous; ``optional``
    ``None`` when anonymous; ``raises`` a normal return proves it; ``bool`` true proves it; ``not-bool`` false proves
    it; ``mapping`` a key that is present proves it; ``credential`` presented, not verified. A guard that ``asks`` for a
    ``role`` lets only some of the signed-in callers through.

    ``channel`` is the part of the request that a source reads; ``access`` whether an external call changes the other
    side; ``status`` or ``status_argument`` the answer's status; ``key``, ``value``, ``ttl`` the arguments of a cache
    call; ``model`` whose rows are read or written; ``exit`` what leaving a ``with`` block does; ``when`` and
    ``default`` the value under which a keyword fact holds and the value in force when the keyword is absent.
    """

    name: str
    role: str
    effect: str
    kind: str
    is_async: bool = False
    returns: TypeExpression | None = None
    identity: Identity = ""
    asks: Asks = ""
    channel: str = ""
    service: str = ""
    access: Access = ""
    status: int = 0
    status_argument: Argument | None = None
    timeout: Timeout | None = None
    raises: tuple[str, ...] = ()
    key: Argument | None = None
    value: Argument | None = None
    ttl: Argument | None = None
    model: TypeExpression | None = None
    exit: LeavingBlock = ""
    when: bool | int | float | str | dict[str, bool] | None = None
    default: bool | int | float | str | None = None


class Table(Struct, array_like=True):
    """One class or module: its members' facts (as indexes into the list of details) and types."""

    is_class: bool = True
    bases: tuple[str, ...] = ()
    own: tuple[int, ...] = ()
    facts: dict[str, tuple[int, ...]] = {}
    returns: dict[str, TypeExpression] = {}
    attrs: dict[str, TypeExpression] = {}
    field: TypeExpression | None = None


class Compiled(Struct, array_like=True):
    """All knowledge in the form that is kept in the cache; each table is encoded by itself."""

    details: list[Detail]
    tables: dict[str, Raw]
    aliases: dict[str, str]
    constants: dict[str, int | str]
    settings: dict[str, tuple[int, ...]]
    keywords: dict[str, dict[str, int]]
    status_modules: tuple[str, ...]


class LibClass(Struct, frozen=True):
    """A library class with everything it inherits; ``mro`` starts with the class itself.

    ``returns`` maps methods to what they return, ``attrs`` attributes to what they hold. The other fields are what
    ``with``, ``for``, ``await``, calling, subscription, any other attribute (``client.<database>``) and access through
    a model instance yield for an instance.
    """

    name: str
    bases: tuple[str, ...]
    mro: tuple[str, ...]
    attrs: dict[str, TypeExpression]
    returns: dict[str, TypeExpression]
    enter: TypeExpression | None = None
    iter: TypeExpression | None = None
    awaited: TypeExpression | None = None
    called: TypeExpression | None = None
    item: TypeExpression | None = None
    any_attr: TypeExpression | None = None
    field: TypeExpression | None = None
