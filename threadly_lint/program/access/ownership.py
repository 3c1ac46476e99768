"""Accounts and owners: ids of identity providers, accounts made at first sign-in, rows tied to the caller or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from threadly_lint.program.access.credentials import ACCOUNT_BASES, is_account, model_of
from threadly_lint.program.access.personal import OWNER_COLUMN
from threadly_lint.program.access.publicness import session_keys
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.callers import IDENTIFYING, PROVIDER_ID
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint, Run
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

SPILL = "*"
KEYS = ("id", "pk")
GET_BY_KEY = tuple(
    f"sqlalchemy.{session}.get"
    for session in ("orm.Session", "orm.scoped_session", "orm.Query", "ext.asyncio.AsyncSession")
)
INTEGRITY_ERRORS = (
    "sqlalchemy.exc.IntegrityError", "sqlalchemy.exc.DBAPIError", "sqlalchemy.exc.SQLAlchemyError",
    "django.db.IntegrityError", "django.db.DatabaseError", "sqlite3.IntegrityError",
)  # fmt: skip


def is_user(program: Program, value: Value) -> bool:
    """Whether a value is an account, a library's current user, or a session key that guards of this project look for."""
    return any(_is_user(program, atom) for atom in value if not t.is_none(atom))


def _is_user(program: Program, atom: t.Atom) -> bool:
    if isinstance(atom.shape, t.Inst) and is_account(program, atom.shape.info):
        return True
    if isinstance(atom.shape, t.Unknown) and any(tag.kind in ("chosen", "derived") for tag in atom.tags):
        return False
    keys = session_keys(program)
    return any(tag.kind == "identity" or (tag.kind == "session" and tag.detail in keys) for tag in atom.tags)


def provider_id_columns(program: Program, occurrence: Occurrence) -> Iterator[str]:
    """Columns for the project's users into which (or against which) a provider's id goes here."""
    event = occurrence.event
    given: Iterable[tuple[str, Value]] = event.keywords
    if occurrence.effect == "assign":
        given = ((event.api, event.value),)
    columns = [name for name, value in given if OWNER_COLUMN.search(name) and PROVIDER_ID in t.tags_of(value)]
    if not columns or _provider_id_is_key(program):
        return
    info = model_of(program, occurrence)
    if info is not None and not is_account(program, info):
        yield from columns


def _provider_id_is_key(program: Program) -> bool:
    """Whether the project makes accounts, or selects them by key, with the provider's id: then it is the users' id."""
    key = "provider id is key"
    if key not in program.memo:
        from threadly_lint.program.subjects import Operation

        found = (o for operation in program.each(Operation) for o in operation.occurrences)
        program.memo[key] = any(_keys_account(program, o) for o in found)
    return bool(program.memo[key])


def _keys_account(program: Program, occurrence: Occurrence) -> bool:
    event = occurrence.event
    if event.effect not in ("read", "construct", "write", "upsert"):
        return False
    by_key = event.args if event.api in GET_BY_KEY else ()
    given = (*by_key, *(v for name, v in event.keywords if name in KEYS))
    return any(PROVIDER_ID in t.tags_of(v) for v in given) and is_account(program, model_of(program, occurrence))


def unprotected_account_creation(program: Program, occurrences: Sequence[Occurrence]) -> Occurrence | None:
    """An account made for the caller after a look-up of the same model, with nothing that takes a second one at once.

    The place is the call that stores the row, or the one that makes it when nothing stores it separately or the model
    does that itself.
    """
    if any(o.effect == "hash" and any(t.has_tag(v, "request") for v in o.event.args) for o in occurrences):
        return None  # somebody chooses a password: a registration
    looked_up: set[Class] = set()
    own: set[Class] = set()
    made: Occurrence | None = None
    for position, occurrence in enumerate(occurrences):
        info = model_of(program, occurrence)
        if info is None:
            continue
        if made is not None and occurrence.effect == "write" and info is model_of(program, made):
            if not _is_stored_carefully(program, occurrences[position:]):
                return made if occurrence.event.function.owner in program.hierarchy.mro(info) else occurrence
            made = None
        if occurrence.effect == "read":
            looked_up.add(info)
            if t.has_tag(occurrence.event.value, *IDENTIFYING) and is_users_table(program, info):
                own.add(info)
        if _makes(occurrence) and info in looked_up and _is_callers_account(program, info, occurrence, own):
            made = made or (None if _takes_conflict(program, occurrence) else occurrence)
            if made is not None and made.effect == "write":
                return made
    return made


def _makes(occurrence: Occurrence) -> bool:
    """Whether a row is made: by its constructor, or by a call that is given columns."""
    named = any(name != SPILL for name, _ in occurrence.event.keywords)
    return occurrence.effect == "construct" or (occurrence.effect == "write" and named)


def _is_stored_carefully(program: Program, occurrences: Sequence[Occurrence]) -> bool:
    """Whether a conflict is taken where the row is stored; a session only sends it off with the next flush."""
    first = occurrences[0]
    if first.event.api.rpartition(".")[2] != "add":
        return _takes_conflict(program, first)
    sent = next((o for o in occurrences[1:] if o.effect == "commit" or o.event.api.endswith(".flush")), first)
    return _takes_conflict(program, sent)


def _is_callers_account(program: Program, info: Class, occurrence: Occurrence, own: set[Class]) -> bool:
    """The row is given what identifies the caller, and is an account or keeps a provider's id.

    A caller who has an account of another model (``own``) already makes something else here.
    """
    if own - {info}:
        return False
    tags = {tag for _, v in occurrence.event.keywords for tag in t.tags_of(v)}
    kinds = {tag.kind for tag in tags}
    return PROVIDER_ID in tags or (is_users_table(program, info) and bool(kinds & {*IDENTIFYING, "claims"}))


def is_users_table(program: Program, info: Class) -> bool:
    """Whether rows of the model are the users themselves: accounts that do not belong to another account."""
    belongs = any(map(OWNER_COLUMN.search, program.models.columns(info)))
    return is_account(program, info) and (program.hierarchy.inherits(info, *ACCOUNT_BASES) or not belongs)


def _takes_conflict(program: Program, occurrence: Occurrence) -> bool:
    """An upsert, or a handler for just this failure (one that takes everything does not read the row again)."""
    from threadly_lint.program.interpreter.activation import Activation

    if occurrence.event.api.rpartition(".")[2] in ("get_or_create", "update_or_create", "aget_or_create"):
        return True
    for frame in occurrence.frames:
        if frame.kind == "try" and isinstance(frame.node, n.Try):
            scope = Activation(program, frame.function, {})
            caught = set().union(*(program.failures.handler_names(scope, h) for h in frame.node.handlers))
            if caught & set(INTEGRITY_ERRORS):
                return True
    return False


def unowned_changes(endpoint: EntryPoint, run: Run) -> list[Occurrence]:
    """Changes of rows that the request selected, where nothing on the way ties the row to the caller."""
    program = endpoint.program
    if not run.auth or any(_asks_for_more(o) or _turns_known_callers_away(o) for o in run.occurrences):
        return []
    if any(o.effect in ("ownership-test", "construct") or o.event.api.endswith("create") for o in run.inside):
        return []
    chosen = _chosen_models(program, run)
    scoped = {model_of(program, o) for o in run.inside if o.effect == "read" and _is_scoped(o)}
    changes = [o for o in run.inside if o.effect in ("assign", "write") and model_of(program, o) not in scoped]
    return [o for o in changes if _is_unowned(program, o, chosen)]


def _asks_for_more(occurrence: Occurrence) -> bool:
    """A test of the caller's role, by the project or by a guard of a library."""
    fact = occurrence.event.fact
    return occurrence.effect == "role-test" or (fact is not None and fact.asks == "role")


def _turns_known_callers_away(occurrence: Occurrence) -> bool:
    """A refusal after the caller has been recognised: some permission is asked for, be it of the row or of the caller."""
    is_general = occurrence.event.api == "permission_denied"
    return occurrence.effect == "reject" and bool(occurrence.auth) and not is_general


def _chosen_models(program: Program, run: Run) -> set[Class]:
    """Models of which the request selects rows without saying whose they are."""
    found: dict[Class, set[str]] = {}
    for o in run.inside:
        if o.effect == "read" and (info := model_of(program, o)) is not None:
            found.setdefault(info, set()).update(tag.kind for tag in t.tags_of(o.event.value))
    return {info for info, kinds in found.items() if "chosen" in kinds and not kinds & set(IDENTIFYING)}


def _is_scoped(look_up: Occurrence) -> bool:
    """Whether something that neither the request nor the code chose, such as the tenant, selects the row as well."""
    given = [v for name, v in look_up.event.keywords if name != SPILL]
    return any(
        isinstance(x.shape, t.Unknown | t.LibMethod) and not any(tag.kind == "request" for tag in x.tags)
        for v in given
        for x in v
    )


def _is_unowned(program: Program, occurrence: Occurrence, chosen: set[Class]) -> bool:
    info = model_of(program, occurrence)
    if info is None or is_account(program, info) or not any(map(OWNER_COLUMN.search, program.models.columns(info))):
        return False
    event = occurrence.event
    stored = event.value if occurrence.effect == "write" else ()
    kinds = {tag.kind for tag in t.tags_of((*event.receiver, *stored, *(x for v in event.args for x in v)))}
    return ("chosen" in kinds or info in chosen) and not kinds & set(IDENTIFYING)
