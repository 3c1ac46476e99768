"""Reads the knowledge files into a draft; every mistake is collected with its file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from threadly_lint.knowledge.details import read_detail, read_words
from threadly_lint.knowledge.draft import Draft, DraftTable, Source
from threadly_lint.knowledge.facts import CLASS_KINDS, EFFECTS, Detail
from threadly_lint.knowledge.type_expressions import PLAIN_TYPES, TypeExpression, parse_type

DUNDERS = {
    "await": "__await__",
    "call": "__call__",
    "enter": "__enter__",
    "item": "__getitem__",
    "iter": "__iter__",
}

Texts = dict[str, str]
Tables = dict[str, dict[str, Any]]
Options = Mapping[str, object]


def read_files(paths: list[Path]) -> Draft:
    """Read all files; problems are left in the draft."""
    draft = Draft()
    for path in paths:
        _FileReader(Source(path), draft).read()
    return draft


class _FileReader:
    """Adds one file to the draft. The file's stem is the role of its facts."""

    def __init__(self, source: Source, draft: Draft) -> None:
        self.source = source
        self.draft = draft
        self.sections: dict[str, tuple[Any, Callable[[Any], None]]] = {
            "aliases": (Texts, self._aliases),
            "class": (Tables, self._classes),
            "constants": (dict[str, int | str], draft.constants.update),
            "exceptions": (dict[str, Texts], self._exceptions),
            "keyword": (Tables, self._keywords),
            "module": (Tables, self._modules),
            "setting": (dict[str, Any], self._settings),
            "status_modules": (str, self._status_modules),
        }

    def read(self) -> None:
        try:
            data = tomllib.loads(self.source.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            number = line[1] if line else self.source.text.count("\n") + 1
            self.draft.problems.append(f"{self.source.name}:{number}: {error}")
            return
        for section, content in data.items():
            self._section(section, content)

    def _section(self, section: str, content: object) -> None:
        if section not in self.sections:
            self._problem(f"unknown section {section!r}", "", section)
            return
        shape, read = self.sections[section]
        try:
            read(msgspec.convert(content, shape))
        except ValueError as error:
            self._problem(f"{section}: {error}", "", section)

    def _problem(self, message: str, table: str, *words: str) -> None:
        self.draft.problems.append(f"{self.source.place(table, *words)}: {message}")

    def _detail(self, effect: str, usual_kind: str, options: Options) -> Detail:
        return read_detail(self.source.role, effect, usual_kind, options)

    # Classes and modules

    def _classes(self, tables: Tables) -> None:
        for name, content in tables.items():
            self._table(name, content, is_class=True)

    def _modules(self, tables: Tables) -> None:
        for name, content in tables.items():
            self._table(name, content, is_class=False)

    def _table(self, name: str, content: dict[str, Any], *, is_class: bool) -> None:
        table = self.draft.tables.setdefault(name, DraftTable(is_class, self.source.place(name)))
        if table.is_class != is_class:
            self._problem(f"{name} is a class in one place and a module in another", name)
        defaults = content.get("defaults", {})
        for key, value in content.items():
            try:
                self._entry(table, name, key, value, defaults)
            except ValueError as error:
                self._problem(f"{name}: {key}: {error}", name, key)

    def _entry(self, table: DraftTable, name: str, key: str, value: Any, defaults: Options) -> None:
        match key:
            case "aliases":
                self._aliases(dict.fromkeys(read_words(value), name))
            case "bases" | "like" | "field" | "defaults":
                self._structure(table, key, value)
            case "subclasses":
                self._subclasses(name, table.where, read_words(value))
            case "is":
                table.own += self._own(value)
            case "returns" | "attrs":
                self._types(name, key, getattr(table, key), value)
            case "any":
                self._types(name, key, table.attrs, {"__any__": value})
            case _ if key in DUNDERS:
                self._types(name, key, table.returns, {DUNDERS[key]: value})
            case _:
                self._members(table, name, key, value, defaults)

    def _structure(self, table: DraftTable, key: str, value: Any) -> None:
        if key == "bases":
            table.bases += read_words(value)
        elif key == "like":
            table.like = msgspec.convert(value, str)
        elif key == "field":
            table.field_type = parse_type(value)
        else:
            self._detail("config", "method", value)
            table.defaults |= value

    def _subclasses(self, name: str, where: str, subclasses: tuple[str, ...]) -> None:
        for subclass in subclasses:
            self.draft.tables.setdefault(subclass, DraftTable(True, where)).bases += (name,)

    def _own(self, value: Any) -> Iterator[Detail]:
        for effects, options in _groups(value, "effect"):
            for effect in effects:
                yield self._detail(effect, "class", options)

    def _types(self, name: str, key: str, known: dict[str, TypeExpression], content: Any) -> None:
        for names, text in msgspec.convert(content, Texts).items():
            expression = parse_type(text)
            _check_plain_types(expression)
            for member in names.split():
                if member in known:
                    self._problem(f"{name}: {key} of {member!r} is given twice", name, key, member)
                known[member] = expression

    def _members(self, table: DraftTable, name: str, effect: str, value: Any, defaults: Options) -> None:
        if effect not in EFFECTS:
            raise ValueError("unknown key (neither an effect nor a key of the format)")
        for members, options in _groups(value, "names"):
            for member in members:
                detail = self._detail(effect, _usual_kind(table, member), {**defaults, **options})
                self._add(table.facts.setdefault(member, []), detail, f"{name}.{member}", name, effect, member)
                if not table.is_class and detail.kind in CLASS_KINDS:
                    self.draft.tables.setdefault(f"{name}.{member}", DraftTable(True, table.where))

    def _add(self, facts: list[Detail], detail: Detail, name: str, *place: str) -> None:
        if any(known.role == detail.role and known.effect == detail.effect for known in facts):
            self._problem(f"{name} is {detail.effect!r} twice", *place)
        facts.append(detail)

    # The other sections

    def _keywords(self, tables: Tables) -> None:
        for name, content in tables.items():
            known = self.draft.keywords.setdefault(name, {})
            for effect, value in content.items():
                try:
                    known |= self._keyword_details(effect, value)
                except ValueError as error:
                    self._problem(f"{name}: {effect}: {error}", name, effect)

    def _keyword_details(self, effect: str, value: Any) -> dict[str, Detail]:
        found: dict[str, Detail] = {}
        for keywords, options in _groups(value, "names"):
            found |= dict.fromkeys(keywords, self._detail(effect, "keyword", options))
        return found

    def _settings(self, content: dict[str, Any]) -> None:
        for effect, value in content.items():
            try:
                for names, options in _groups(value, "names"):
                    detail = self._detail(effect, "setting", options)
                    for name in names:
                        self._add(self.draft.settings.setdefault(name, []), detail, name, "setting", effect, name)
            except ValueError as error:
                self._problem(f"setting: {effect}: {error}", "setting", effect)

    def _exceptions(self, modules: dict[str, Texts]) -> None:
        """A parent is looked for in the same module first."""
        for module, families in modules.items():
            known = {child for names in families for child in names.split()}
            for names, parents in families.items():
                bases = tuple(f"{module}.{parent}" if parent in known else parent for parent in parents.split())
                for child in names.split():
                    self._exception(module, child, bases)

    def _exception(self, module: str, child: str, bases: tuple[str, ...]) -> None:
        name = f"{module}.{child}"
        table = self.draft.tables.setdefault(name, DraftTable(True, self.source.place(module, child)))
        if table.bases:
            self._problem(f"{name} has its parents already", module, child)
        table.bases = bases
        table.own.append(self._detail("exception", "exception", {}))

    def _aliases(self, aliases: Texts) -> None:
        for alias, name in aliases.items():
            if self.draft.aliases.setdefault(alias, name) != name:
                self._problem(f"{alias} is an alias of {self.draft.aliases[alias]} already", name, alias)
            self.draft.alias_places[alias] = self.source.place(name, alias)

    def _status_modules(self, modules: str) -> None:
        self.draft.status_modules += read_words(modules)


def _usual_kind(table: DraftTable, member: str) -> str:
    if table.is_class:
        return "method"
    return "class" if member[0].isupper() else "call"


def _check_plain_types(expression: TypeExpression) -> None:
    for found in expression.names():
        if "." not in found and not found.startswith("$") and found not in PLAIN_TYPES:
            raise ValueError(f"unknown plain type {found!r}")


def _groups(value: Any, names_key: str) -> Iterator[tuple[tuple[str, ...], Options]]:
    """The groups of one effect: a text of names, a table with names and qualifying keys, or a list of both."""
    for group in value if isinstance(value, list) else [value]:
        if isinstance(group, str):
            yield read_words(group), {}
        elif isinstance(group, dict) and names_key in group:
            yield read_words(group[names_key]), {key: part for key, part in group.items() if key != names_key}
        else:
            raise ValueError(f"must be a text of names or a table with {names_key!r}")
