"""Data about people: which reads show what an anonymous caller has no business to see.

Rows with personal or secret columns are personal, and so are rows that belong to a user, unless a permission class welcomes readers or
they look made to be published (a title and a text, as posts, questions and pages have): those are judged by how the project treats
other reads of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.access.counts import shows_no_row
from threadly_lint.program.access.credentials import model_of
from threadly_lint.program.access.siblings import only_shows
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.interpreter.nesting import parts_of
from threadly_lint.program.interpreter.types import Site, Value

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

PERSONAL_COLUMN = re.compile(
    r"(^|_)(password|passwd|hashed|email|mail|phone|mobile|address|street|zip|postcode|birth|birthday|dob|ssn|iban|card|balance|"
    r"salary|token|secret|key|private|firstname|lastname|first_name|last_name|surname|ip|credit|medical)(_|$|\d)",
    re.IGNORECASE,
)
OWNER_COLUMN = re.compile(
    r"(^|_)(user|owner|author|account|member|customer|client|patient|seller|buyer|creator|created_by|assigned|student|sender|recipient|receiver)(_id)?$",
    re.IGNORECASE,
)
ADDRESSEE_COLUMN = re.compile(r"(^|_)(recipient|receiver|addressee)(_id)?$", re.IGNORECASE)
TITLE_COLUMN = re.compile(r"(^|_)(title|headline|subject|slug|question)$", re.IGNORECASE)
TEXT_COLUMN = re.compile(
    r"(^|_)(body|content|text|answer|comment|markdown|html|slug|accepted|solved|published\w*)(_|$)", re.IGNORECASE
)
WORD = re.compile(r"[A-Za-z_]\w+")
TABLE = "sqlalchemy.Table"
OPENED = "open-to-readers"
MAX_DEPTH = 4


def reads_personal_data(endpoint: EntryPoint) -> bool:
    """Whether what the endpoint reads is personal: published data only where it is not there to show them, or others are guarded."""
    program = endpoint.program
    shows = only_shows(endpoint)
    for run in endpoint.runs:
        is_opened = any(o.effect == OPENED for o in run.occurrences)
        for access in filter(_shows_anybody, run.inside):
            info = model_of(program, access)
            if info is None and _selects_personal_data(access):
                return True
            if info is None or not is_personal(program, info):
                continue
            if not (is_opened and not _is_private(program, info)) and not (shows and _usually_open(program, info)):
                return True
    return False


def _shows_anybody(occurrence: Occurrence) -> bool:
    """Whether rows are read, not just counted, and not only for known callers."""
    known = any(g.strength != "unknown" for g in occurrence.auth)
    return occurrence.effect == "read" and not known and not shows_no_row(occurrence)


def _selects_personal_data(access: Occurrence) -> bool:
    """Whether a statement names a personal column or a table of people, in its text or by the tables it is built of.

    Rows that are chosen by who is signed in are the caller's own.
    """
    texts = [text for v in access.event.args[:1] for atom in v if (text := t.shape_text((atom,)))]
    words = {word for text in texts for word in WORD.findall(text)}
    if any(PERSONAL_COLUMN.search(word) or OWNER_COLUMN.search(word.removesuffix("s")) for word in words):
        return True
    if any(t.has_tag(v, "session", "identity") for v in access.event.args):
        return False
    return any(_are_personal(_columns_of(table)) for v in access.event.args[:1] for table in _tables(v, MAX_DEPTH))


def _tables(value: Value, depth: int) -> Iterator[Site]:
    """Where the tables were made that a statement is built of."""
    for atom in value if depth else ():
        shape = atom.shape
        if isinstance(shape, t.Obj) and shape.name == TABLE:
            yield from (shape.made,) if shape.made is not None else ()
        elif isinstance(shape, t.Obj | t.Seq):
            parts = [shape.elem] if isinstance(shape, t.Obj) else parts_of(shape)
            yield from (table for part in parts for table in _tables(part, depth - 1))


def _columns_of(table: Site) -> list[str]:
    made = [x.shape.made for value in table.args[2:] for x in value if isinstance(x.shape, t.Obj)]
    return [name for column in made if column is not None and column.args and (name := t.text_of(column.args[0]))]


def _are_personal(columns: list[str]) -> bool:
    """The same for the columns of a table: an owner alone does not make rows personal that are made to be published."""
    if any(map(PERSONAL_COLUMN.search, columns)):
        return True
    published = any(TITLE_COLUMN.search(x) or TEXT_COLUMN.search(x) for x in columns)
    return not published and any(map(OWNER_COLUMN.search, columns))


def is_personal(program: Program, info: Class) -> bool:
    """Whether a model's rows are about a person: columns such as password, e-mail or balance, or an owner."""
    return any(PERSONAL_COLUMN.search(name) or OWNER_COLUMN.search(name) for name in _columns(program, info))


def is_publication(program: Program, info: Class) -> bool:
    """Whether a model's rows look made to be read by others: a title or text, and nothing personal but their author."""
    names = _columns(program, info)
    if _is_private(program, info):
        return False
    return any(map(TITLE_COLUMN.search, names)) or any(map(TEXT_COLUMN.search, names))


def _is_private(program: Program, info: Class) -> bool:
    """Whether rows tell more of somebody than that they own them: an address, a secret, or to whom something was sent."""
    return any(PERSONAL_COLUMN.search(name) or ADDRESSEE_COLUMN.search(name) for name in _columns(program, info))


def _columns(program: Program, info: Class) -> list[str]:
    return [name for name in program.models.columns(info) if not name.startswith("__")]


def _usually_open(program: Program, info: Class) -> bool:
    """Whether rows are publications that the project's endpoints mostly read without a guard."""
    if not is_publication(program, info):
        return False
    readers = _readers(program).get(info, [])
    return 2 * sum(readers) < len(readers)


def _readers(program: Program) -> dict[Class, list[bool]]:
    """For each model, whether each endpoint that reads it is guarded there."""
    found: dict[Class, list[bool]] | None = program.memo.get("model-readers")
    if found is None:
        found = program.memo["model-readers"] = {}
        for endpoint in program.entry_points:
            for info, guarded in _models_read(endpoint).items():
                found.setdefault(info, []).append(guarded)
    return found


def _models_read(endpoint: EntryPoint) -> dict[Class, bool]:
    """The models that an endpoint reads to show them, and whether it does so for known callers only."""
    models: dict[Class, bool] = {}
    if not only_shows(endpoint):
        return models
    for access in (o for run in endpoint.runs for o in run.inside if o.effect == "read"):
        if (info := model_of(endpoint.program, access)) is not None:
            models[info] = models.get(info, True) and bool(access.auth)
    return models
