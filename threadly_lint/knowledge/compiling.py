"""Turns the draft into the compiled form, after checking it as a whole."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from pathlib import Path

import msgspec

from threadly_lint.knowledge.details import read_detail
from threadly_lint.knowledge.draft import Draft, DraftTable
from threadly_lint.knowledge.facts import Compiled, Detail, KnowledgeError, Table
from threadly_lint.knowledge.reading import read_files
from threadly_lint.knowledge.type_expressions import TypeExpression


def compile_files(paths: list[Path]) -> Compiled:
    """Read and compile; raises ``KnowledgeError`` with all problems of all files."""
    draft = read_files(paths)
    _expand_likenesses(draft)
    _check_references(draft)
    if draft.problems:
        raise KnowledgeError(sorted(draft.problems))
    return _Numbering().compile(draft)


def _expand_likenesses(draft: Draft) -> None:
    done: set[str] = set()

    def expand(name: str, table: DraftTable) -> None:
        if not table.like or name in done:
            return
        done.add(name)
        model = draft.tables.get(table.like)
        if model is None:
            draft.problems.append(f"{table.where}: {name}: like names an unknown class {table.like!r}")
            return
        expand(table.like, model)
        _copy_members(model, table)

    for name, table in list(draft.tables.items()):
        expand(name, table)


def _copy_members(model: DraftTable, table: DraftTable) -> None:
    """What ``table`` does not say itself it takes from ``model``, under its own defaults."""
    changes = read_detail("", "config", "method", table.defaults)
    fields = ["is_async" if key == "async" else key for key in table.defaults]
    overrides = {field: getattr(changes, field) for field in fields}
    for member, details in model.facts.items():
        if member not in table.facts:
            table.facts[member] = [msgspec.structs.replace(detail, **overrides) for detail in details]
    table.returns = model.returns | table.returns
    table.attrs = model.attrs | table.attrs
    table.own = table.own or model.own
    table.field_type = table.field_type or model.field_type
    table.bases = table.bases or model.bases


def _check_references(draft: Draft) -> None:
    for name, table in draft.tables.items():
        for found, member in _references(table):
            if "." in found and not found.startswith("$") and "('$" not in found and found not in draft.tables:
                draft.problems.append(f"{table.where}: {name}: {member} names an unknown class {found!r}")
        if _inherits_itself(name, draft.tables):
            draft.problems.append(f"{table.where}: {name} inherits from itself")
    for alias, target in draft.aliases.items():
        if alias in draft.tables:
            draft.problems.append(f"{draft.alias_places[alias]}: {alias} is an alias of {target} and a table as well")
        if _leads_back(alias, draft.aliases):
            draft.problems.append(f"{draft.alias_places[alias]}: {alias} is an alias that leads back to itself")


def _inherits_itself(name: str, tables: dict[str, DraftTable]) -> bool:
    waiting, seen = list(tables[name].bases), set[str]()
    while waiting:
        base = waiting.pop()
        if base not in seen and base in tables:
            seen.add(base)
            waiting += tables[base].bases
    return name in seen


def _leads_back(alias: str, aliases: dict[str, str]) -> bool:
    seen: set[str] = set()
    name = alias
    while name in aliases and name not in seen:
        seen.add(name)
        name = aliases[name]
    return name in seen or any(f"{name}.".startswith(f"{known}.") for known in seen)


def _references(table: DraftTable) -> Iterable[tuple[str, str]]:
    yield from ((base, "bases") for base in table.bases if not hasattr(builtins, base.removeprefix("builtins.")))
    expressions: dict[str, TypeExpression] = {**table.returns, **table.attrs}
    for member, expression in expressions.items():
        yield from ((found, member) for found in expression.names())


class _Numbering:
    """Gives each distinct detail one number, because thousands of facts share a few hundred details."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.details: list[Detail] = []

    def number(self, detail: Detail) -> int:
        key = msgspec.msgpack.encode(detail)
        if key not in self.numbers:
            self.numbers[key] = len(self.details)
            self.details.append(detail)
        return self.numbers[key]

    def numbered(self, facts: dict[str, list[Detail]]) -> dict[str, tuple[int, ...]]:
        return {name: tuple(map(self.number, details)) for name, details in facts.items()}

    def compile(self, draft: Draft) -> Compiled:
        tables = {name: self.table(table) for name, table in sorted(draft.tables.items())}
        encoded = {name: msgspec.Raw(msgspec.msgpack.encode(table)) for name, table in tables.items()}
        return Compiled(
            details=self.details,
            tables=encoded,
            aliases=draft.aliases,
            constants=draft.constants,
            settings=self.numbered(draft.settings),
            keywords={
                name: {keyword: self.number(detail) for keyword, detail in table.items()}
                for name, table in draft.keywords.items()
            },
            status_modules=draft.status_modules,
        )

    def table(self, table: DraftTable) -> Table:
        return Table(
            is_class=table.is_class,
            bases=table.bases,
            own=tuple(map(self.number, table.own)),
            facts=self.numbered(table.facts),
            returns=table.returns,
            attrs=table.attrs,
            field=table.field_type,
        )
