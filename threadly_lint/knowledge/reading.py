"""Reads the knowledge files into a draft; every mistake is collected with its file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from threadly_lint.knowledge.details import read_detail, read_words
from threadly_lint.knowledge.facts import CLASS_KINDS, EFFECTS, Detail, Heuristic
from threadly_lint.knowledge.type_expressions import PLAIN_TYPES, TypeExpression, parse_type

DUNDERS = {
    "enter": "__enter__",
    "iter": "__iter__",
    "await": "__await__",
    "call": "__call__",
    "item": "__getitem__",
}


class KnowledgeError(Exception):
    """The knowledge files are wrong; ``problems`` lists everything found as ``file:line: message``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class DraftTable:
    """One class or module as written, merged over all files; ``where`` is ``file:line`` of its first mention."""

    is_class: bool
    where: str
    bases: tuple[str, ...] = ()
    like: str = ""
    own: list[Detail] = field(default_factory=list)
    facts: dict[str, list[Detail]] = field(default_factory=dict)
    returns: dict[str, TypeExpression] = field(default_factory=dict)
    attrs: dict[str, TypeExpression] = field(default_factory=dict)
    field_type: TypeExpression | None = None
    defaults: dict[str, Any] = field(default_factory=dict)


@dataclass
class Draft:
    """All files together."""

    tables: dict[str, DraftTable] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    constants: dict[str, int | str] = field(default_factory=dict)
    settings: dict[str, list[Detail]] = field(default_factory=dict)
    keywords: dict[str, dict[str, Detail]] = field(default_factory=dict)
    heuristics: list[Heuristic] = field(default_factory=list)
    status_modules: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)


def read_files(paths: list[Path]) -> Draft:
    """Read all files; problems are left in the draft."""
    draft = Draft()
    for path in paths:
        _FileReader(path, draft).read()
    return draft


class _FileReader:
    """Adds one file to the draft. The file's stem is the role of its facts."""

    def __init__(self, path: Path, draft: Draft) -> None:
        self.name = path.name
        self.role = path.stem
        self.text = path.read_text(encoding="utf-8")
        self.draft = draft

    def read(self) -> None:
        try:
            data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            self.draft.problems.append(f"{self.name}:{line[1] if line else 1}: {error}")
            return
        for section, content in data.items():
            self._section(section, content)

    def _section(self, section: str, content: Any) -> None:
        match section:
            case "class" | "module":
                for name, table in content.items():
                    self._table(section, name, table)
            case "keyword":
                for name, table in content.items():
                    self._keywords(name, table)
            case "setting":
                self._settings(content)
            case "exceptions":
                for module, families in content.items():
                    self._exceptions(module, families)
            case "aliases":
                for name, target in content.items():
                    self._alias(name, target, section)
            case "constants":
                self.draft.constants.update(content)
            case "heuristic":
                self.draft.heuristics += [Heuristic(**row) for row in content]
            case "status_modules":
                self.draft.status_modules += read_words(content)
            case _:
                self._problem(f"unknown section {section!r}", section)

    def _problem(self, message: str, *path: str) -> None:
        self.draft.problems.append(f"{self.name}:{self._line(*path)}: {message}")

    def _line(self, *path: str) -> int:
        """The 1-based line where the last of ``path`` stands: a table header first, then words after it."""
        lines = self.text.splitlines()
        at = 0
        for index, word in enumerate(path):
            header = r"^\s*\[.*" if index == 0 and len(path) > 1 else ""
            pattern = re.compile(header + rf"(?<![\w.]){re.escape(word)}(?![\w.])")
            at = next((number for number in range(at, len(lines)) if pattern.search(lines[number])), at)
        return at + 1

    # Classes and modules

    def _table(self, section: str, name: str, content: Mapping[str, Any]) -> None:
        table = self.draft.tables.get(name)
        if table is None:
            table = self.draft.tables[name] = DraftTable(section == "class", f"{self.name}:{self._line(name, '')}")
        elif table.is_class != (section == "class"):
            self._problem(f"{name} is a class in one place and a module in another", name, "")
        table.defaults |= content.get("defaults", {})
        defaults = content.get("defaults", {})
        for key, value in content.items():
            try:
                self._entry(table, name, key, value, defaults)
            except ValueError as error:
                self._problem(f"{name}: {key}: {error}", name, key)

    def _entry(self, table: DraftTable, name: str, key: str, value: Any, defaults: Mapping[str, object]) -> None:
        match key:
            case "aliases":
                for alias in read_words(value):
                    self._alias(alias, name, name)
            case "bases":
                table.bases += read_words(value)
            case "like":
                table.like = msgspec.convert(value, str)
            case "field":
                table.field_type = parse_type(value)
            case "is":
                self._own(table, value)
            case "returns" | "attrs":
                self._types(table, key, name, value)
            case "defaults":
                read_detail(self.role, "config", "method", value)
            case "any":
                self._types(table, "attrs", name, {"__any__": value})
            case _ if key in DUNDERS:
                self._types(table, "returns", name, {DUNDERS[key]: value})
            case _:
                self._members(table, name, key, value, defaults)

    def _own(self, table: DraftTable, value: Any) -> None:
        for effects, options in _groups(value, "effect"):
            for effect in effects:
                table.own.append(read_detail(self.role, effect, "class", options))

    def _types(self, table: DraftTable, key: str, name: str, content: Mapping[str, str]) -> None:
        known = table.returns if key == "returns" else table.attrs
        for names, text in content.items():
            expression = parse_type(text)
            self._check_plain(expression)
            for member in names.split():
                if member in known:
                    self._problem(f"{name}: {key} of {member!r} is given twice", name, member)
                known[member] = expression

    def _check_plain(self, expression: TypeExpression) -> None:
        for found in expression.names():
            if "." not in found and not found.startswith("$") and found not in PLAIN_TYPES:
                raise ValueError(f"unknown plain type {found!r}")

    def _members(self, table: DraftTable, name: str, effect: str, value: Any, defaults: Mapping[str, object]) -> None:
        if effect not in EFFECTS:
            raise ValueError("unknown key (neither an effect nor a key of the format)")
        for members, options in _groups(value, "names"):
            for member in members:
                usual_kind = "method" if table.is_class else "class" if member[0].isupper() else "call"
                detail = read_detail(self.role, effect, usual_kind, {**defaults, **options})
                self._add(table.facts.setdefault(member, []), detail, f"{name}.{member}", name, effect, member)
                if not table.is_class and detail.kind in CLASS_KINDS:
                    self.draft.tables.setdefault(f"{name}.{member}", DraftTable(True, table.where))

    def _add(self, facts: list[Detail], detail: Detail, name: str, *path: str) -> None:
        if any(known.role == detail.role and known.effect == detail.effect for known in facts):
            self._problem(f"{name} is {detail.effect!r} twice", *path)
        facts.append(detail)

    # The other sections

    def _keywords(self, name: str, content: Mapping[str, Any]) -> None:
        known = self.draft.keywords.setdefault(name, {})
        for effect, value in content.items():
            try:
                for keywords, options in _groups(value, "names"):
                    known |= dict.fromkeys(keywords, read_detail(self.role, effect, "keyword", options))
            except ValueError as error:
                self._problem(f"{name}: {effect}: {error}", name, effect)

    def _settings(self, content: Mapping[str, Any]) -> None:
        for effect, value in content.items():
            try:
                for names, options in _groups(value, "names"):
                    detail = read_detail(self.role, effect, "setting", options)
                    for name in names:
                        self._add(self.draft.settings.setdefault(name, []), detail, name, "setting", effect, name)
            except ValueError as error:
                self._problem(f"setting: {effect}: {error}", "setting", effect)

    def _exceptions(self, module: str, families: Mapping[str, str]) -> None:
        """``"Child Child" = "Parent Parent"``: a parent is looked for in the same module first."""
        children = {child: parents for names, parents in families.items() for child in names.split()}
        where = f"{self.name}:{self._line(module, '')}"
        for child, parents in children.items():
            table = self.draft.tables.setdefault(f"{module}.{child}", DraftTable(True, where))
            if table.bases:
                self._problem(f"{module}.{child} is given twice", module, child)
            table.bases = tuple(f"{module}.{parent}" if parent in children else parent for parent in parents.split())
            table.own.append(read_detail(self.role, "exception", "exception", {}))

    def _alias(self, alias: str, name: str, *path: str) -> None:
        if self.draft.aliases.setdefault(alias, name) != name:
            self._problem(f"{alias} is an alias of {self.draft.aliases[alias]} already", *path, alias)


def _groups(value: Any, names_key: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    """The groups of one effect: a text of names, a table with names and qualifying keys, or a list of both."""
    for group in value if isinstance(value, list) else [value]:
        if isinstance(group, str):
            yield read_words(group), {}
        elif isinstance(group, dict) and names_key in group:
            yield read_words(group[names_key]), {key: part for key, part in group.items() if key != names_key}
        else:
            raise ValueError(f"must be a text of names or a table with {names_key!r}")
