"""What the knowledge files say, merged but not yet checked as a whole, and where they say it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadly_lint.knowledge.facts import Detail
from threadly_lint.knowledge.type_expressions import TypeExpression

_HEADER = re.compile(r"""^\s*\[{1,2}\s*(?:\w+\.)?(["']?)(.+?)\1(?:\.\w+)?\s*\]{1,2}""")


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
    alias_places: dict[str, str] = field(default_factory=dict)
    constants: dict[str, int | str] = field(default_factory=dict)
    settings: dict[str, list[Detail]] = field(default_factory=dict)
    keywords: dict[str, dict[str, Detail]] = field(default_factory=dict)
    status_modules: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)


class Source:
    """The text of one file, able to say where something stands in it."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.role = path.stem
        self.text = path.read_text(encoding="utf-8")
        self._lines = self.text.splitlines()
        self._headers: dict[str, int] = {}
        for number, line in enumerate(self._lines):
            if found := _HEADER.match(line):
                self._headers.setdefault(found[2], number)

    def place(self, table: str, *words: str) -> str:
        """``file:line`` of the table's header, or of the last of ``words`` that stand below it one after the other."""
        at = self._headers.get(table, 0)
        for word in words:
            at = self._next_line(word, at)
        return f"{self.name}:{at + 1}"

    def _next_line(self, word: str, start: int) -> int:
        pattern = re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w.])")
        for number in range(start, len(self._lines)):
            if word in self._lines[number] and pattern.search(self._lines[number]):
                return number
        return start
