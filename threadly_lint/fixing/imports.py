"""Edits that add an import, or move one to where it does no harm."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import cast

import libcst as cst
from libcst.metadata import Access, FunctionScope, GlobalScope, ImportAssignment, ScopeProvider

from threadly_lint.fixing.parsed import Parsed, Splice
from threadly_lint.fixing.source import Refusal
from threadly_lint.fixing.top import ImportNeeds, ImportStatement, aliases_of, imports_of, is_available, spell
from threadly_lint.values import AddImport, ChangeImport, MoveImport

TYPE_CHECKING = AddImport("typing", "TYPE_CHECKING")
POSTPONED_ANNOTATIONS = AddImport("__future__", "annotations")


def check_import(wanted: AddImport, parsed: Parsed) -> None:
    """Raise Refusal when the name that the import binds already means something else at module level."""
    if not is_available(wanted, parsed) and _module_scope(parsed).assignments[_bound_name(wanted)]:
        raise Refusal(f"`{_bound_name(wanted)}` already means something else in this file")


def move_import(edit: MoveImport, parsed: Parsed) -> tuple[list[Splice], ImportNeeds]:
    """Take names out of an import statement at module level, and bring them in where the edit says."""
    line, statement, moved = _named(edit, parsed)
    uses = _uses(statement, {_bound_name(one) for one in moved}, parsed)
    cut = _cut(line, statement, moved, parsed)
    if edit.under == "functions":
        return cut + _local_imports(spell(moved), uses, parsed), ImportNeeds()
    return cut, _deferred(moved, uses, parsed)


def change_import(edit: ChangeImport, parsed: Parsed) -> tuple[list[Splice], ImportNeeds]:
    """Take names out of a ``from`` import at module level, and import them from another module under the same names."""
    line, statement, moved = _named(edit, parsed)
    if not isinstance(statement, cst.ImportFrom):
        raise Refusal(f"line {edit.line} imports modules as a whole")
    if len(moved) == len(imports_of(statement)):
        return [_changed_source(statement, edit.module, parsed)], ImportNeeds()
    wanted = tuple(AddImport(edit.module, one.name, one.alias) for one in moved)
    return _cut(line, statement, moved, parsed), ImportNeeds(wanted)


def _changed_source(statement: cst.ImportFrom, module: str, parsed: Parsed) -> Splice:
    """The statement stays where it is and as it is, but for the module."""
    start = parsed.start(statement)
    source = re.compile(r"from\b.*?\bimport\b", re.DOTALL).match(parsed.text, start)
    assert source is not None
    return Splice(start, source.end(), f"from {module} import")


def _named(
    edit: MoveImport | ChangeImport, parsed: Parsed
) -> tuple[cst.SimpleStatementLine, ImportStatement, list[AddImport]]:
    """The import statement that an edit is about, with its line, and those of its imports that the edit names."""
    line, statement = _statement_at(edit.line, parsed)
    named = [one for one in imports_of(statement) if {one.name or one.module, _bound_name(one)} & {*edit.names}]
    if len(named) != len(set(edit.names)):
        raise Refusal(f"the import in line {edit.line} does not have all of: {', '.join(edit.names)}")
    return line, statement, named


def _deferred(moved: list[AddImport], uses: Collection[Access], parsed: Parsed) -> ImportNeeds:
    """What has to stand at the top so that only type checkers see the names that moved."""
    for use in uses:
        if not (use.is_annotation or use.is_type_hint):
            raise Refusal(f"line {parsed.line(parsed.start(use.node))} needs the import at run time")
    imports = [TYPE_CHECKING]
    if any(not isinstance(use.node, cst.BaseString) for use in uses):
        imports.append(POSTPONED_ANNOTATIONS)
    for one in imports:
        check_import(one, parsed)
    return ImportNeeds(tuple(imports), tuple(spell(moved)))


def _local_imports(statements: list[str], uses: Collection[Access], parsed: Parsed) -> list[Splice]:
    """The import at the beginning of each outermost function that uses a name of it."""
    functions = {_function_around(use, parsed) for use in uses}
    places = sorted((_body_start(function, parsed) for function in functions), key=lambda place: place[0])
    return [
        Splice(place, place, "".join(f"{indent}{statement}{parsed.newline}" for statement in statements))
        for place, indent in places
    ]


def _function_around(use: Access, parsed: Parsed) -> cst.FunctionDef:
    scope, outermost = use.scope, None
    while not isinstance(scope, GlobalScope):
        if isinstance(scope, FunctionScope) and isinstance(scope.node, cst.FunctionDef):
            outermost = scope.node
        scope = scope.parent
    if outermost is None:
        raise Refusal(f"line {parsed.line(parsed.start(use.node))} needs the import when the module is loaded")
    return outermost


def _body_start(function: cst.FunctionDef, parsed: Parsed) -> tuple[int, str]:
    """Where the first statement behind the docstring begins, and its indentation."""
    if not isinstance(function.body, cst.IndentedBlock):
        raise Refusal(f"the body of `{function.name.value}` is on the line of its `def`")
    first, *rest = function.body.body
    indent = parsed.indent(parsed.statement_start(first))
    if function.get_docstring() is None:
        return parsed.line_start(parsed.statement_start(first)), indent
    following = parsed.statement_start(rest[0]) if rest else parsed.next_line(parsed.end(first))
    return parsed.line_start(following), indent


def _statement_at(line: int, parsed: Parsed) -> tuple[cst.SimpleStatementLine, ImportStatement]:
    for statement_line in parsed.module.body:
        if isinstance(statement_line, cst.SimpleStatementLine):
            for statement in statement_line.body:
                if isinstance(statement, ImportStatement) and parsed.line(parsed.start(statement)) == line:
                    return statement_line, statement
    raise Refusal(f"line {line} has no import at module level")


def _uses(statement: ImportStatement, names: Collection[str], parsed: Parsed) -> list[Access]:
    """All accesses to ``names`` as bound by ``statement``."""
    return [
        access
        for assignment in _module_scope(parsed).assignments
        if isinstance(assignment, ImportAssignment) and assignment.node is statement and assignment.name in names
        for access in assignment.references
    ]


def _cut(
    line: cst.SimpleStatementLine, statement: ImportStatement, moved: list[AddImport], parsed: Parsed
) -> list[Splice]:
    """The splices that take the moved names out of their statement, or all of it when nothing is left."""
    imports = imports_of(statement)
    if len(moved) == len(imports):
        return [_cut_statement(line, statement, parsed)]
    kept = [index for index, one in enumerate(imports) if one not in moved]
    splices = list(_cut_names(aliases_of(statement), kept, parsed))
    if not all(parsed.is_free_of_comments(one.start, one.end) for one in splices):
        raise Refusal("a comment belongs to the name that would move")
    return splices


def _cut_names(aliases: Collection[cst.ImportAlias], kept: list[int], parsed: Parsed) -> Iterator[Splice]:
    places = [(parsed.start(alias), parsed.end(alias)) for alias in aliases]
    for index in range(kept[-1]):
        if index not in kept:
            yield Splice(places[index][0], places[index + 1][0], "")
    if kept[-1] < len(places) - 1:
        yield Splice(places[kept[-1]][1], places[-1][1], "")


def _cut_statement(line: cst.SimpleStatementLine, statement: ImportStatement, parsed: Parsed) -> Splice:
    if len(line.body) > 1:
        raise Refusal("the import shares its line with other statements")
    end = parsed.end(statement)
    if not parsed.is_free_of_comments(end, parsed.line_end(end)):
        raise Refusal("a comment belongs to the import that would move")
    return Splice(parsed.line_start(parsed.start(statement)), parsed.next_line(end), "")


def _module_scope(parsed: Parsed) -> GlobalScope:
    return cast(GlobalScope, parsed.wrapper.resolve(ScopeProvider)[parsed.module])


def _bound_name(one: AddImport) -> str:
    """The name that an import binds; for ``import a.b`` the dotted whole, as LibCST's scopes have it."""
    return one.alias or one.name or one.module
