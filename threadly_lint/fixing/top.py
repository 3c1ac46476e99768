"""The top of a module: docstring, then the unbroken run of imports. New imports are set in here.

What all fixes of one round want here is worked out together, so that nothing is imported twice and no two fixes wait
for each other.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, takewhile
from typing import cast

import libcst as cst
from libcst.helpers import get_full_name_for_node
from msgspec import Struct

from threadly_lint.fixing.edits import append_item
from threadly_lint.fixing.parsed import Parsed, Splice
from threadly_lint.values import AddImport

ImportStatement = cst.Import | cst.ImportFrom


class ImportNeeds(Struct, frozen=True):
    """What a fix wants at the top of the file: imports, and statements that only type checkers are to see."""

    imports: tuple[AddImport, ...] = ()
    deferred: tuple[str, ...] = ()


def import_splices(needs: Iterable[ImportNeeds], cuts: Iterable[Splice], parsed: Parsed) -> list[Splice]:
    """The changes at the top of the file that satisfy all ``needs``, each import once; ``cuts`` are about to go."""
    collected = list(needs)
    wanted = {one for need in collected for one in need.imports if not is_available(one, parsed)}
    deferred = {statement for need in collected for statement in need.deferred}
    top = _Top(parsed, {cut.start: cut.end for cut in cuts})
    splices: list[Splice] = []
    for module, group in groupby(sorted(wanted, key=_import_order), key=lambda one: one.module):
        splices += top.add(module, list(group))
    return splices + top.defer(sorted(deferred)) + top.insertions()


def is_available(wanted: AddImport, parsed: Parsed) -> bool:
    """Whether the module imports exactly this already, outside of conditions."""
    for line in parsed.module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(statement, ImportStatement) and wanted in imports_of(statement):
                return True
    return False


def imports_of(statement: ImportStatement) -> list[AddImport]:
    """What a statement imports, one value for each name; nothing for a star import."""
    module = module_name(statement) if isinstance(statement, cst.ImportFrom) else None
    imports = []
    for alias in aliases_of(statement):
        name, renamed = get_full_name_for_node(alias.name) or "", alias.evaluated_alias
        imports.append(AddImport(name, None, renamed) if module is None else AddImport(module, name, renamed))
    return imports


def aliases_of(statement: ImportStatement) -> Sequence[cst.ImportAlias]:
    """The names in a statement; none for a star import."""
    return () if isinstance(statement.names, cst.ImportStar) else statement.names


def module_name(statement: cst.ImportFrom) -> str:
    """The module of ``from module import ...``, dots of a relative import included."""
    name = get_full_name_for_node(statement.module) if statement.module else None
    return "." * len(statement.relative) + (name or "")


def spell(wanted: Iterable[AddImport]) -> list[str]:
    """The import statements for values that all have the same module."""
    ordered = sorted(wanted, key=_import_order)
    statements = [f"import {_renamed(one.module, one.alias)}" for one in ordered if one.name is None]
    names = [_renamed(one.name, one.alias) for one in ordered if one.name is not None]
    return statements + ([f"from {ordered[0].module} import {', '.join(names)}"] if names else [])


def _renamed(name: str, alias: str | None) -> str:
    return f"{name} as {alias}" if alias else name


def _import_order(one: AddImport) -> tuple[str, str, str]:
    return one.module, one.name or "", one.alias or ""


class _Top:
    def __init__(self, parsed: Parsed, cuts: Mapping[int, int]) -> None:
        """``cuts`` maps the start of each stretch of text that is about to go to its end."""
        self._parsed = parsed
        self._cuts = cuts
        body = list(parsed.module.body)
        self._docstring = body.pop(0) if parsed.module.get_docstring() is not None else None
        self._first = body[0] if body else None
        run = cast(list[cst.SimpleStatementLine], list(takewhile(_imports_only, body)))
        self._run = [line for line in run if parsed.line_start(parsed.start(line)) not in cuts]
        self._lines: dict[int, list[str]] = defaultdict(list)

    def add(self, module: str, wanted: list[AddImport]) -> list[Splice]:
        """Import what is ``wanted`` from ``module``, in a statement that is there already or in a new one."""
        statement = self._statement_for(module)
        if statement is None or any(one.name is None for one in wanted):
            self._lines[self._place_for(module)] += spell(wanted)
            return []
        items = ", ".join(_renamed(one.name or "", one.alias) for one in wanted)
        return append_item(self._parsed, aliases_of(statement)[-1], items, in_brackets=statement.lpar is not None)

    def defer(self, statements: list[str]) -> list[Splice]:
        """Put ``statements`` where only type checkers see them: in the block that is there already, or in a new one."""
        if not statements:
            return []
        parsed, indent = self._parsed, self._parsed.indentation
        block = self._type_checking_block()
        if block is None:
            place = self._after(self._run[-1]) if self._run else self._start()
            self._lines[place] += ["", "if TYPE_CHECKING:", *(indent + statement for statement in statements)]
            return []
        last = block.body[-1]
        place, blanks = self._after(last), parsed.indent(parsed.start(last))
        return [Splice(place, place, "".join(f"{blanks}{statement}{parsed.newline}" for statement in statements))]

    def insertions(self) -> list[Splice]:
        """The new lines, with blank lines where they keep things apart."""
        return [Splice(place, place, self._laid_out(place, lines)) for place, lines in self._lines.items()]

    def _statement_for(self, module: str) -> cst.ImportFrom | None:
        for statement in (one for line in self._run for one in line.body):
            if isinstance(statement, cst.ImportFrom) and aliases_of(statement) and module_name(statement) == module:
                return statement
        return None

    def _place_for(self, module: str) -> int:
        """Behind the imports of the same kind: the future, the standard library, everything else."""
        kind = _kind(module)
        before = [line for line in self._run if _kind_of_line(line) <= kind]
        return self._after(before[-1]) if before else self._start()

    def _start(self) -> int:
        """Where the first import would stand: below the docstring, or above the first statement."""
        if self._docstring is not None:
            return self._after(self._docstring)
        return self._parsed.line_start(self._parsed.statement_start(self._first)) if self._first else 0

    def _after(self, statement: cst.CSTNode) -> int:
        return self._parsed.next_line(self._parsed.end(statement))

    def _laid_out(self, place: int, lines: list[str]) -> str:
        text, newline = self._parsed.text, self._parsed.newline
        follows_import = any(self._after(line) == place for line in self._run)
        follows_docstring = self._docstring is not None and self._after(self._docstring) == place
        if follows_docstring and not follows_import and lines[0]:
            lines = ["", *lines]
        elif not follows_import and not follows_docstring and not lines[0]:
            lines = lines[1:]
        rest = self._cuts.get(place, place)
        next_line = text[rest : self._parsed.line_end(rest)]
        ends_block = lines[-1].startswith((" ", "\t")) or not follows_import
        if ends_block and next_line.strip():
            lines = [*lines, ""]
        before = newline if place == len(text) and text and not text.endswith(("\n", "\r")) else ""
        return before + "".join(line + newline for line in lines)

    def _type_checking_block(self) -> cst.IndentedBlock | None:
        for statement in self._parsed.module.body:
            if isinstance(statement, cst.If) and get_full_name_for_node(statement.test) in _TYPE_CHECKING_TESTS:
                return statement.body if isinstance(statement.body, cst.IndentedBlock) else None
        return None


_TYPE_CHECKING_TESTS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _imports_only(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(one, ImportStatement) for one in statement.body
    )


def _kind(module: str) -> int:
    """0 for ``__future__``, 1 for the standard library, 2 for everything else."""
    if module == "__future__":
        return 0
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else 2


def _kind_of_line(line: cst.SimpleStatementLine) -> int:
    statement = cast(ImportStatement, line.body[0])
    return max((_kind(one.module) for one in imports_of(statement)), default=2)
