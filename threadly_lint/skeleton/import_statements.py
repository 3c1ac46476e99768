"""The import statements of a skeleton, each with the moment at which it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from threadly_lint.skeleton.nodes import (
    Alias,
    Attribute,
    BoolOp,
    Class,
    Compare,
    Constant,
    Expr,
    For,
    Function,
    If,
    Import,
    ImportFrom,
    Match,
    Name,
    Skeleton,
    Span,
    Stmt,
    Try,
    UnaryOp,
    While,
    With,
)

ImportKind = Literal["load", "conditional", "local", "script", "type-checking"]

IMPORT_KINDS: tuple[ImportKind, ...] = ("load", "conditional", "local", "script", "type-checking")
"""From the strongest tie to the weakest: when the module loads; then, inside of ``try``; when a function runs; when the
file is run as a script; never at run time."""


class ImportStatement(Struct, frozen=True, array_like=True, gc=False):
    """One statement. ``module`` is None for ``import a, b``; ``symbol`` is the dotted name of the definition around it."""

    module: str | None
    level: int
    names: tuple[Alias, ...]
    kind: ImportKind
    symbol: str
    span: Span

    @property
    def text(self) -> str:
        """The statement on one line."""
        names = ", ".join(f"{one.name} as {one.alias}" if one.alias else one.name for one in self.names)
        return f"import {names}" if self.module is None else f"from {'.' * self.level}{self.module} import {names}"


class Scanned(Skeleton, frozen=True, array_like=True, gc=False):
    """What is known of a file that was searched for its import statements alone: the body is left empty."""

    imports: tuple[ImportStatement, ...] = ()


def import_statements(skeleton: Skeleton) -> Iterator[ImportStatement]:
    """All import statements of a file, in source order."""
    return iter(skeleton.imports) if isinstance(skeleton, Scanned) else _in_block(skeleton.body, "load", "")


def _in_block(body: tuple[Stmt, ...], kind: ImportKind, symbol: str) -> Iterator[ImportStatement]:
    for statement in body:
        if isinstance(statement, ImportFrom):
            yield ImportStatement(statement.module, statement.level, statement.names, kind, symbol, statement.span)
        elif isinstance(statement, Import):
            yield ImportStatement(None, 0, statement.names, kind, symbol, statement.span)
        elif isinstance(statement, _COMPOUND):
            for block, inner_kind, inner_symbol in _blocks(statement, symbol):
                yield from _in_block(block, weaker(kind, inner_kind), inner_symbol)


_COMPOUND = (Function, Class, If, For, While, Try, With, Match)


def _blocks(statement: Stmt, symbol: str) -> Iterator[tuple[tuple[Stmt, ...], ImportKind, str]]:
    """The blocks of a compound statement with what they make of an import in them."""
    if isinstance(statement, Function | Class):
        name = f"{symbol}.{statement.name}" if symbol else statement.name
        yield statement.body, "local" if isinstance(statement, Function) else "load", name
    elif isinstance(statement, If):
        kind, otherwise = branch_kinds(statement.test)
        yield statement.body, kind, symbol
        yield statement.orelse, otherwise, symbol
    elif isinstance(statement, Try):
        handlers = (handler.body for handler in statement.handlers)
        for block in (statement.body, *handlers, statement.orelse, statement.final):
            yield block, "conditional", symbol
    elif isinstance(statement, For | While):
        yield statement.body, "load", symbol
        yield statement.orelse, "load", symbol
    elif isinstance(statement, With):
        yield statement.body, "load", symbol
    elif isinstance(statement, Match):
        for case in statement.cases:
            yield case.body, "load", symbol


def weaker(one: ImportKind, other: ImportKind) -> ImportKind:
    """The weaker tie of two."""
    return max(one, other, key=IMPORT_KINDS.index)


def branch_kinds(test: Expr) -> tuple[ImportKind, ImportKind]:
    """What an ``if`` with this test makes of imports in its body, and of those in its ``else``."""
    if isinstance(test, Constant):
        never = (test.kind, test.value) in (("bool", "False"), ("int", "0"))
        return "type-checking" if never else "load", "load"
    return _kinds(test)


def _kinds(test: Expr) -> tuple[ImportKind, ImportKind]:
    if isinstance(test, UnaryOp) and test.op == "not":
        body, otherwise = _kinds(test.operand)
        return otherwise, body
    if isinstance(test, BoolOp):
        return _joined_kinds(test)
    if _last_name(test) == "TYPE_CHECKING":
        return "type-checking", "load"
    return "script" if _is_script_test(test) else "load", "load"


def _last_name(expr: Expr) -> str:
    if isinstance(expr, Attribute):
        return expr.attr
    return expr.id if isinstance(expr, Name) else ""


def _joined_kinds(test: BoolOp) -> tuple[ImportKind, ImportKind]:
    """For ``and``, one operand is enough to keep the body from running; for ``or``, to keep the ``else`` from it."""
    parts = [_kinds(value) for value in test.values]
    side = 0 if test.op == "and" else 1
    kind = max((part[side] for part in parts), key=IMPORT_KINDS.index)
    return (kind, "load") if side == 0 else ("load", kind)


def _is_script_test(test: Expr) -> bool:
    if not isinstance(test, Compare) or test.ops != ("==",):
        return False
    sides = {_last_name(test.left), _last_name(test.comparators[0])}
    texts = {side.value for side in (test.left, test.comparators[0]) if isinstance(side, Constant)}
    return "__name__" in sides and "__main__" in texts
