"""Reads options out of a settings table and collects everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from threadly_lint.program.contracts.model import AllowedImport

_Word = TypeVar("_Word", bound=str)


class Options:
    """The options of one table. ``place`` says in messages where it is; with ``dashed``, keys are spelled with dashes.

    Every method takes the key with underscores, notes it as known, and gives a harmless value for a wrong option.
    """

    def __init__(self, table: Mapping[str, Any], place: str, problems: list[str], dashed: bool = False) -> None:
        self._table = table
        self._place = place
        self._problems = problems
        self._dashed = dashed
        self._known: set[str] = set()

    def complain(self, key: str, message: str) -> None:
        """Note what is wrong with an option."""
        self._problems.append(f"{self._place}: `{self._spelled(key)}`: {message}")

    def get(self, key: str) -> Any:
        """The raw value; None when it is not there."""
        self._known.add(self._spelled(key))
        return self._table.get(self._spelled(key))

    def words(self, key: str, required: bool = False) -> tuple[str, ...]:
        """A list of texts; a single one counts as a list, empty ones do not count."""
        value = self.get(key)
        if value is None:
            if required:
                self.complain(key, "is missing")
            return ()
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            self.complain(key, "expected texts")
            return ()
        return tuple(item.strip() for item in items if item.strip())

    def text(self, key: str, default: str = "") -> str:
        """One text; several lines are joined."""
        words = self.words(key)
        return "\n".join(words) if words else default

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value, also spelled as text."""
        value = self.get(key)
        if value is None:
            return default
        if str(value).lower() not in ("true", "false"):
            self.complain(key, f"expected true or false, not `{value}`")
        return str(value).lower() == "true"

    def number(self, key: str, default: int) -> int:
        """A whole number, not below zero."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not str(value).strip().isdecimal():
            self.complain(key, f"expected a whole number, not `{value}`")
            return default
        return int(value)

    def choice(self, key: str, words: Iterable[_Word], default: _Word | None = None) -> _Word | None:
        """One of ``words``; without a default it has to be there. None when it is wrong."""
        if self.get(key) is None:
            if default is None:
                self.complain(key, "is missing")
            return default
        text = self.text(key)
        for word in words:
            if word == text:
                return word
        if text or default is None:
            self.complain(key, f"expected {' or '.join(f'`{word}`' for word in words)}, not `{text}`")
        return default

    def expressions(self, key: str, required: bool = False) -> tuple[str, ...]:
        """A list of module expressions."""
        words = self.words(key, required)
        for word in words:
            if fault := fault_of_expression(word):
                self.complain(key, f"`{word}`: {fault}")
        return words

    def imports(self, key: str) -> tuple[AllowedImport, ...]:
        """A list of imports, each written ``importer -> imported``."""
        found = []
        for word in self.words(key):
            importer, _, imported = (part.strip() for part in word.partition("->"))
            if not importer or not imported:
                self.complain(key, f"`{word}`: expected `importer -> imported`")
            elif fault := fault_of_expression(importer) or fault_of_expression(imported):
                self.complain(key, f"`{word}`: {fault}")
            else:
                found.append(AllowedImport(importer, imported))
        return tuple(found)

    def finish(self, also: Collection[str] = ()) -> None:
        """Complain about every key that nobody has asked for."""
        known = sorted(self._known.union(also))
        for key in self._table:
            if key not in known:
                nearest = get_close_matches(key, known, n=1)
                hint = f"did you mean `{nearest[0]}`?" if nearest else f"known are {', '.join(known)}"
                self._problems.append(f"{self._place}: unknown key `{key}`; {hint}")

    def _spelled(self, key: str) -> str:
        return key.replace("_", "-") if self._dashed else key


def fault_of_expression(expression: str) -> str:
    """What is wrong with a module expression; empty when nothing is."""
    parts = expression.split(".")
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if "*" in part and part not in ("*", "**"):
            return "a wildcard can only replace a whole name"
        if "**" in (part, following) and {part, following} <= {"*", "**"}:
            return "`**` cannot stand next to another wildcard"
    return "" if all(parts) else "a name is empty"
