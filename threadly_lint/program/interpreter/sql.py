"""What the text of an SQL statement says: the table, the columns that it sets and those that it compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.program.interpreter import types as t
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.interpreter.effects import Event
    from threadly_lint.program.program import Program

NAME = r"([\w.]+|\{\})"
STATEMENT = re.compile(
    rf"^\W*(?:with\b.*?\)\s*)?(?:(select)\b.*?\bfrom|(insert|replace)(?:\s+or\s+\w+)?\s+into|(update)|(delete)\s+from)\s+{NAME}",
    re.IGNORECASE | re.DOTALL,
)
QUOTES = str.maketrans("", "", '"`[]')
LISTED = re.compile(r"\(([^()]*)\)")
SET = re.compile(r"(\w+)\s*=", re.IGNORECASE)
COMPARED = re.compile(r"(\w+)\s*(?:=|<>|!=|\b(?:like|ilike|in|is)\b)", re.IGNORECASE)
TABLE = re.compile(rf"create\s+table\s+(?:if\s+not\s+exists\s+)?{NAME}\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
WORD = re.compile(r"\w+")
KEYWORDS = ("statement", "query", "sql", "operation")


class Statement(NamedTuple):
    """One statement: its first word in lower case, its (first) table, and the columns that it names in each part."""

    verb: str
    table: str
    sets: frozenset[str]
    compares: frozenset[str]


def is_statement(text: str) -> bool:
    """Whether a text is a whole SQL statement on a table, not an English sentence that begins like one."""
    found = STATEMENT.match(text.translate(QUOTES))
    return found is not None and (
        found[3] is None or re.match(r"\s+set\b", found.string[found.end() :], re.IGNORECASE) is not None
    )


def parse(text: str) -> Statement | None:
    """The statement that a text is, with ``{}`` for what is filled in later; None for anything else."""
    plain = text.translate(QUOTES)
    found = STATEMENT.match(plain)
    if found is None or not is_statement(text):
        return None
    verb = next(x for x in found.groups()[:4] if x).lower()
    head, *tail = WHERE.split(plain[found.end() :], maxsplit=1)
    compares = frozenset(x.lower() for x in COMPARED.findall(" ".join(tail)))
    return Statement(verb, found[5].rpartition(".")[2].lower(), _set_by(verb, head), compares)


def _set_by(verb: str, head: str) -> frozenset[str]:
    if verb == "update":
        return frozenset(x.lower() for x in SET.findall(head))
    listed = LISTED.match(head.lstrip()) if verb in ("insert", "replace") else None
    return frozenset(x.lower() for x in WORD.findall(listed[1])) if listed else frozenset()


def statement_of(event: Event) -> Statement | None:
    """The statement that a call executes, as far as its text is known."""
    given = (*event.args[:1], *(v for k, v in event.keywords if k in KEYWORDS))
    text = next((text for v in given if (text := t.shape_text(v))), None)
    return parse(text) if text is not None else None


def columns_of(program: Program, table: str) -> frozenset[str]:
    """Every column of a table that some statement of the project names, in creating, filling, changing or comparing."""
    known: dict[str, frozenset[str]] | None = program.memo.get("sql-columns")
    if known is None:
        known = program.memo["sql-columns"] = {}
        for text in _texts(program):
            for name, columns in _described(text):
                known[name] = known.get(name, frozenset()) | columns
    return known.get(table, frozenset())


def _texts(program: Program) -> Iterator[str]:
    for node in (x for module in program.modules.values() for x in walk(*module.skeleton.body)):
        if isinstance(node, n.Constant) and node.kind == "str":
            yield node.value
        elif isinstance(node, n.FString):
            yield "".join(x.value if isinstance(x, n.Constant) else "{}" for x in node.parts)


def _described(text: str) -> list[tuple[str, frozenset[str]]]:
    plain = text.translate(QUOTES)
    if (made := TABLE.search(plain)) is not None:
        return [(made[1].rpartition(".")[2].lower(), frozenset(x.lower() for x in WORD.findall(made[2])))]
    found = parse(text)
    return [(found.table, found.sets | found.compares)] if found is not None else []
