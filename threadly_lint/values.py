"""The plain values that travel between rooms: frozen, comparable, sortable, free of syntax trees.

Lines and columns are 1-based; columns count characters, not bytes. ``end_column`` is the column after the last
character, as flake8 and Ruff print it. Paths are relative to the project root and use ``/``.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Level = Literal["error", "warning", "preview"]
Confidence = Literal["high", "medium", "low"]
Safety = Literal["safe", "unsafe", "suggested"]

LEVELS: tuple[Level, ...] = ("error", "warning", "preview")
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


class Span(Struct, frozen=True, order=True, gc=False, array_like=True):
    """A stretch of one file's text."""

    line: int
    column: int
    end_line: int
    end_column: int


class Step(Struct, frozen=True, order=True, gc=False):
    """One link of a trail: what happens at a place."""

    path: str
    line: int
    what: str


# Edits: what a fix does to one file, as data. ``fixing.py`` carries them out with LibCST.


class AddKeyword(Struct, frozen=True, tag=True):
    """Pass ``name=value`` in the call that covers exactly ``span`` (replacing the keyword when it is there already)."""

    span: Span
    name: str
    value: str


class SwapDecorators(Struct, frozen=True, tag=True):
    """Exchange two decorators, given by index from the top, of the function or class whose ``def`` line is ``line``."""

    line: int
    first: int
    second: int


class AddDecorator(Struct, frozen=True, tag=True):
    """Insert ``source`` (without ``@``) as decorator number ``index`` of the definition whose ``def`` line is ``line``."""

    line: int
    index: int
    source: str


class ReplaceExpression(Struct, frozen=True, tag=True):
    """Put ``source`` where the expression that covers exactly ``span`` stands."""

    span: Span
    source: str


class AddImport(Struct, frozen=True, tag=True):
    """Make ``from module import name`` (or ``import module`` without a name) available at module level, once."""

    module: str
    name: str | None = None
    alias: str | None = None


class MoveImport(Struct, frozen=True, tag=True):
    """Move ``names`` of the import statement at ``line`` under ``if TYPE_CHECKING:`` or into the functions that use them."""

    line: int
    names: tuple[str, ...]
    under: Literal["TYPE_CHECKING", "functions"]


class ChangeImport(Struct, frozen=True, tag=True):
    """Take ``names`` of the import statement at ``line`` from ``module`` instead."""

    line: int
    names: tuple[str, ...]
    module: str


Edit = AddKeyword | SwapDecorators | AddDecorator | ReplaceExpression | AddImport | MoveImport | ChangeImport


class Fix(Struct, frozen=True):
    """A remedy: its safety (see README), a title in the imperative and the edits, all in ``path``."""

    safety: Safety
    title: str
    path: str = ""
    edits: tuple[Edit, ...] = ()


class Finding(Struct, frozen=True):
    """One thing that is wrong, at one place, said in one sentence."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    name: str
    level: Level
    confidence: Confidence
    message: str
    symbol: str = ""
    endpoint: str = ""
    trail: tuple[Step, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of a report: by place, then by code."""
        return self.path, self.line, self.column, self.code, self.message
