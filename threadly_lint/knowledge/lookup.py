"""Answers questions about library names from the compiled knowledge. Every answer is remembered."""

from __future__ import annotations

import builtins
import re
from collections.abc import Container, Iterator, Mapping
from http import HTTPStatus

from msgspec.msgpack import decode

from threadly_lint.knowledge.facts import Compiled, Detail, Fact, LibClass, Table
from threadly_lint.knowledge.type_expressions import TypeExpression

_BUILTIN_ALIASES = {"EnvironmentError": "OSError", "IOError": "OSError"}
_PSEUDO_CLASS = re.compile(r"\('[^']*'\)")
_STATUS_NAME = re.compile(r"HTTP_(\d{3})(_|$)")
_INSTANCE = TypeExpression("$call")
_NOTHING: Table = Table()


class Knowledge:
    """What library names mean. Names are fully qualified and spelled as imported (``sqlalchemy.orm.Session.add``).

    A member may be reached through a class (``flask.Request.json``), an object that a module exports
    (``flask.request.json``) or an attribute (``flask_sqlalchemy.SQLAlchemy.session.add``).
    """

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._tables = compiled.tables
        self._decoded: dict[str, Table] = {}
        self._aliases = compiled.aliases
        self._status_modules = frozenset(compiled.status_modules)
        self._roots = frozenset(name.partition(".")[0] for name in (*compiled.tables, *compiled.aliases))
        self._canonical: dict[str, str] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._returns: dict[str, TypeExpression | None] = {}
        self._attrs: dict[str, TypeExpression | None] = {}
        self._mros: dict[str, tuple[str, ...]] = {}
        self._classes: dict[str, LibClass | None] = {}
        self._keywords: dict[tuple[str, str], Fact | None] = {}

    # Names

    def canonical(self, dotted: str) -> str:
        """The name under which knowledge keeps ``dotted``: an alias of it, or of a prefix of it, is replaced."""
        found = self._canonical.get(dotted)
        if found is None:
            found = self._canonical[dotted] = self._unalias(dotted)
        return found

    def _unalias(self, dotted: str) -> str:
        name = dotted.removeprefix("builtins.")
        while (replaced := self._replace_prefix(name)) != name:
            name = replaced
        if "('" in name and not self._starts_known(name):
            name = _PSEUDO_CLASS.sub("('*')", name)
        return _BUILTIN_ALIASES.get(name, name)

    def _starts_known(self, name: str) -> bool:
        end = name.index("')") + 2
        return name[:end] in self._tables

    def _replace_prefix(self, name: str) -> str:
        prefix, rest = name, ""
        while prefix:
            if prefix in self._tables:
                return name
            if prefix in self._aliases:
                return self._aliases[prefix] + rest
            prefix, _, last = prefix.rpartition(".")
            rest = f".{last}{rest}"
        return name

    @property
    def class_names(self) -> Iterator[str]:
        """Dotted names of everything that has a table of its own and is written like a class."""
        return (name for name in self._tables if name.rpartition(".")[2][:1].isupper())

    @property
    def names(self) -> Iterator[str]:
        """Dotted names of all classes and modules that have a table of their own."""
        return iter(self._tables)

    @property
    def aliases(self) -> Iterator[str]:
        """All other paths under which something can be imported."""
        return iter(self._aliases)

    def members(self, module: str) -> tuple[Mapping[str, TypeExpression], Mapping[str, TypeExpression]]:
        """What the functions of a module return, and what its ready-made objects are."""
        table = self._table(module)
        return table.returns, table.attrs

    def methods_with(self, effects: Container[str]) -> frozenset[str]:
        """Names of methods that have one of these effects in some class."""
        details = self._compiled.details
        return frozenset(
            member
            for name in self._tables
            for table in (self._table(name),)
            for member, numbers in (table.facts.items() if table.is_class else ())
            for number in numbers
            if details[number].kind == "method" and details[number].effect in effects
        )

    def root_known(self, import_root: str) -> bool:
        """Whether anything below this top-level package or module is known."""
        return import_root in self._roots

    def roots_with(self, effect: str) -> frozenset[str]:
        """Top-level packages that have a class or function with this effect (``route``: the web frameworks)."""
        details = self._compiled.details
        return frozenset(
            name.partition(".")[0]
            for name in self._tables
            for table in (self._table(name),)
            for numbers in (table.own, *table.facts.values())
            for number in numbers
            if details[number].effect == effect
        )

    def is_known(self, dotted: str) -> bool:
        """Whether the name is a known class, module, member or constant, or built into the language."""
        name = self.canonical(dotted)
        if name in self._tables or hasattr(builtins, name) or self.facts(name) or self.constant(name) is not None:
            return True
        return self.returns(name) is not None or self.attr(name) is not None

    def _table(self, name: str) -> Table:
        """The table of that name, decoded when it is first wanted; an empty one when there is none."""
        found = self._decoded.get(name)
        if found is None:
            raw = self._tables.get(name)
            found = self._decoded[name] = decode(raw, type=Table) if raw is not None else _NOTHING
        return found

    # Facts

    def facts(self, dotted: str) -> tuple[Fact, ...]:
        """All facts about a function, class, method or attribute, inherited ones included; empty when unknown."""
        found = self._facts.get(dotted)
        if found is None:
            name = self.canonical(dotted)
            returns = self.returns(name)
            numbers = self._fact_numbers(name)
            details = self._compiled.details
            found = tuple(_make_fact(name, details[number], returns) for number in numbers)
            self._facts[dotted] = found
        return found

    def fact(self, dotted: str, *effects: str) -> Fact | None:
        """The first fact with one of ``effects`` (with any effect when none is given)."""
        for fact in self.facts(dotted):
            if not effects or fact.effect in effects:
                return fact
        return None

    def keyword(self, dotted: str, keyword: str) -> Fact | None:
        """What passing ``keyword`` to this callable (or setting this class attribute) means."""
        key = dotted, keyword
        if key not in self._keywords:
            self._keywords[key] = self._find_keyword(self.canonical(dotted), keyword)
        return self._keywords[key]

    def keywords(self, dotted: str, effect: str) -> frozenset[str]:
        """The keywords of this callable that mean ``effect``."""
        known = self._compiled.keywords.get(self.canonical(dotted), {})
        return frozenset(name for name, number in known.items() if self._compiled.details[number].effect == effect)

    def setting(self, name: str) -> Fact | None:
        """What a framework setting means (``REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES``)."""
        numbers = self._compiled.settings.get(name, ())
        return _make_fact(name, self._compiled.details[numbers[0]], None) if numbers else None

    def _fact_numbers(self, name: str) -> tuple[int, ...]:
        table = self._table(name)
        numbers = (*self._member_numbers(name), *table.own)
        if numbers:
            return numbers
        return next(filter(None, map(self._fact_numbers, table.bases)), ())

    def _member_numbers(self, name: str) -> tuple[int, ...]:
        """The nearest class decides, role by role."""
        found: list[int] = []
        roles: set[str] = set()
        for table, member in self._owners(name):
            numbers = [n for n in table.facts.get(member, ()) if self._compiled.details[n].role not in roles]
            roles |= {self._compiled.details[number].role for number in numbers}
            found += numbers
        return tuple(found) or self._pattern_numbers(name)

    def _pattern_numbers(self, name: str) -> tuple[int, ...]:
        """Facts of ``get_*`` or ``*``, the longest pattern first, for a member that is not named itself."""
        if name in self._tables or self._is_member(name):
            return ()
        for table, member in self._owners(name):
            patterns = [known for known in table.facts if known.endswith("*") and member.startswith(known[:-1])]
            if patterns:
                return table.facts[max(patterns, key=len)]
        return ()

    def _find_keyword(self, name: str, keyword: str) -> Fact | None:
        owner, _, member = name.rpartition(".")
        spellings = [name, *self._mro(name), *(f"{base}.{member}" for base in self._mro(owner))]
        for spelling in spellings:
            number = self._compiled.keywords.get(spelling, {}).get(keyword)
            if number is not None:
                return _make_fact(f"{name}({keyword}=)", self._compiled.details[number], None)
        return None

    # Types

    def returns(self, dotted: str) -> TypeExpression | None:
        """What calling the function, method or class yields (for a coroutine: once awaited)."""
        if dotted not in self._returns:
            name = self.canonical(dotted)
            found = self._member_type(name, "returns")
            if found is None and name in self._tables and self._table(name).is_class:
                found = _INSTANCE
            self._returns[dotted] = found
        return self._returns[dotted]

    def attr(self, dotted: str) -> TypeExpression | None:
        """What the attribute or module-level object holds."""
        if dotted not in self._attrs:
            name = self.canonical(dotted)
            found = self._member_type(name, "attrs")
            if found is None and name not in self._tables and not self._is_member(name):
                found = self._any_attribute(name)
            self._attrs[dotted] = found
        return self._attrs[dotted]

    def class_of(self, dotted: str) -> LibClass | None:
        """The class of that name with everything it inherits, or ``None`` when the name is no known class."""
        if dotted not in self._classes:
            name = self.canonical(dotted)
            known = name in self._tables and self._table(name).is_class
            self._classes[dotted] = self._make_class(name) if known else None
        return self._classes[dotted]

    def is_subclass(self, dotted: str, parent: str) -> bool:
        """Whether ``dotted`` is ``parent`` or inherits from it (library classes and built-in exceptions)."""
        return self.canonical(parent) in self._mro(self.canonical(dotted))

    def exceptions(self, dotted: str) -> tuple[str, ...]:
        """The ancestors of an exception, nearest first, built-in ones included, without itself."""
        return self._mro(self.canonical(dotted))[1:]

    def _member_type(self, name: str, kind: str) -> TypeExpression | None:
        for table, member in self._owners(name):
            types: dict[str, TypeExpression] = getattr(table, kind)
            if member in types:
                return types[member]
        return None

    def _any_attribute(self, name: str) -> TypeExpression | None:
        return next((table.attrs["__any__"] for table, _ in self._owners(name) if "__any__" in table.attrs), None)

    def _is_member(self, name: str) -> bool:
        return any(
            member in table.facts or member in table.returns or member in table.attrs
            for table, member in self._owners(name)
        )

    def _owners(self, name: str) -> Iterator[tuple[Table, str]]:
        """The tables that may say something about the last component of ``name``, nearest class first."""
        owner, _, member = name.rpartition(".")
        owner = owner or "builtins"
        if owner not in self._tables and owner != "builtins":
            held = self.attr(owner)
            owner = self.canonical(held.name) if held is not None else ""
        for parent in self._mro(owner) if owner in self._tables else ():
            if parent in self._tables:
                yield self._table(parent), member

    def _mro(self, name: str) -> tuple[str, ...]:
        """The name and its ancestors, nearest first; built-in exceptions end in ``Exception``'s own ancestors."""
        if name not in self._mros:
            found = [name]
            for base in self._table(name).bases:
                found += self._mro(self.canonical(base))
            builtin = getattr(builtins, name, None)
            if isinstance(builtin, type):
                found += [parent.__name__ for parent in builtin.__mro__ if parent is not object][1:]
            self._mros[name] = tuple(dict.fromkeys(reversed(found)))[::-1]
        return self._mros[name]

    def _make_class(self, name: str) -> LibClass:
        mro = self._mro(name)
        parents = [self._table(parent) for parent in reversed(mro) if parent in self._tables]
        returns: dict[str, TypeExpression] = {}
        attrs: dict[str, TypeExpression] = {}
        for parent in parents:
            returns |= parent.returns
            attrs |= parent.attrs
        fields = [parent.field for parent in parents if parent.field is not None]
        return LibClass(
            name=name,
            bases=self._table(name).bases,
            mro=mro,
            attrs=attrs,
            returns=returns,
            enter=returns.get("__enter__"),
            iter=returns.get("__iter__"),
            awaited=returns.get("__await__"),
            called=returns.get("__call__"),
            item=returns.get("__getitem__"),
            any_attr=attrs.get("__any__"),
            field=fields[-1] if fields else None,
        )

    # Constants

    def constant(self, dotted: str) -> int | str | None:
        """The value of a constant: ``http.HTTPStatus.NOT_FOUND`` and ``fastapi.status.HTTP_404_NOT_FOUND`` are 404."""
        name = self.canonical(dotted).removesuffix(".value")
        known = self._compiled.constants.get(name)
        if known is not None:
            return known
        owner, _, member = name.rpartition(".")
        if owner == "http.HTTPStatus":
            status = HTTPStatus.__members__.get(member)
            return status.value if status is not None else None
        number = _STATUS_NAME.match(member) if owner in self._status_modules else None
        return int(number[1]) if number else None


def _make_fact(name: str, detail: Detail, returns: TypeExpression | None) -> Fact:
    values: Mapping[str, object] = {field: getattr(detail, field) for field in Detail.__struct_fields__}
    return Fact(name=name, returns=returns, **values)  # type: ignore[arg-type]
