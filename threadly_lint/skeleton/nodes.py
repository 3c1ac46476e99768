"""The skeleton: the reduced syntax tree that every rule, local or cross-file, walks.

It keeps what rules ask about (statements, names, attributes, calls, constants, comparisons, f-string parts, positions)
and drops the rest. A skeleton depends on one file's text only, never on settings, and can be stored as MessagePack.

Every node has ``span = (line, column, end_line, end_column)``: 1-based lines, 1-based character columns.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Span = tuple[int, int, int, int]

NOWHERE: Span = (1, 1, 1, 1)


class Node(Struct, frozen=True, array_like=True, gc=False, tag=True, eq=False):
    """Any node. Nodes compare by identity."""

    span: Span


# Expressions -----------------------------------------------------------------------------------------------------------


class Name(Node, frozen=True):
    id: str


class Attribute(Node, frozen=True):
    value: Expr
    attr: str


class Keyword(Node, frozen=True):
    """``name=value`` in a call; ``name`` is None for ``**value``."""

    name: str | None
    value: Expr


class Call(Node, frozen=True):
    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


class Constant(Node, frozen=True):
    """A literal. ``kind`` tells what the text in ``value`` is, so that it survives storage unchanged."""

    kind: Literal["str", "bytes", "int", "float", "bool", "None", "...", "complex"]
    value: str


class FString(Node, frozen=True):
    """An f-string: constant text parts are ``Constant``, the rest are the interpolated expressions."""

    parts: tuple[Expr, ...]


class Subscript(Node, frozen=True):
    value: Expr
    index: Expr


class Slice(Node, frozen=True):
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


class Sequence(Node, frozen=True):
    """A list, tuple or set display."""

    kind: Literal["list", "tuple", "set"]
    items: tuple[Expr, ...]


class Dict(Node, frozen=True):
    """A dict display; a key of None is ``**value``."""

    keys: tuple[Expr | None, ...]
    values: tuple[Expr, ...]


class Starred(Node, frozen=True):
    value: Expr


class Await(Node, frozen=True):
    value: Expr


class Yield(Node, frozen=True):
    value: Expr | None
    is_from: bool


class Compare(Node, frozen=True):
    """``left ops[0] comparators[0] ops[1] ...``; ops as Python spells them: ``==``, ``is not``, ``not in``."""

    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


class BoolOp(Node, frozen=True):
    op: Literal["and", "or"]
    values: tuple[Expr, ...]


class UnaryOp(Node, frozen=True):
    op: Literal["not", "-", "+", "~"]
    operand: Expr


class BinOp(Node, frozen=True):
    left: Expr
    op: str
    right: Expr


class IfExp(Node, frozen=True):
    test: Expr
    body: Expr
    orelse: Expr


class Assignment(Node, frozen=True):
    """``target := value``."""

    target: Name
    value: Expr


class Lambda(Node, frozen=True):
    params: Parameters
    body: Expr


class Generator(Node, frozen=True):
    """One ``for target in iterable if ...`` of a comprehension."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...]


class Comprehension(Node, frozen=True):
    """``kind`` is list, set, dict or generator; for dict, ``element`` is the key and ``value`` the value."""

    kind: Literal["list", "set", "dict", "generator"]
    element: Expr
    value: Expr | None
    generators: tuple[Generator, ...]


# Parameters -------------------------------------------------------------------------------------------------------------


class Parameter(Node, frozen=True):
    name: str
    annotation: Expr | None
    default: Expr | None
    kind: Literal["positional", "normal", "args", "keyword", "kwargs"]


class Parameters(Node, frozen=True):
    items: tuple[Parameter, ...]


# Statements -------------------------------------------------------------------------------------------------------------


class Alias(Node, frozen=True):
    """``name as alias``; for ``from x import *`` the name is ``*``."""

    name: str
    alias: str | None


class Import(Node, frozen=True):
    names: tuple[Alias, ...]


class ImportFrom(Node, frozen=True):
    """``level`` counts the leading dots; ``module`` is the text after them, maybe empty."""

    module: str
    level: int
    names: tuple[Alias, ...]


class Function(Node, frozen=True):
    """``span`` covers decorators and body; ``name_span`` is the name after ``def``."""

    name: str
    name_span: Span
    params: Parameters
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    is_async: bool
    docstring: bool


class Class(Node, frozen=True):
    """``span`` covers decorators and body; ``name_span`` is the name after ``class``."""

    name: str
    name_span: Span
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]


class ExprStmt(Node, frozen=True):
    value: Expr


class Assign(Node, frozen=True):
    """``targets[0] = targets[1] = value``; an annotated assignment has one target and an annotation."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None


class AugAssign(Node, frozen=True):
    target: Expr
    op: str
    value: Expr


class Return(Node, frozen=True):
    value: Expr | None


class Raise(Node, frozen=True):
    exception: Expr | None
    cause: Expr | None


class Delete(Node, frozen=True):
    targets: tuple[Expr, ...]


class Assert(Node, frozen=True):
    test: Expr
    message: Expr | None


class If(Node, frozen=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class For(Node, frozen=True):
    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool


class While(Node, frozen=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Handler(Node, frozen=True):
    """``except exception as name:``; ``exception`` is None for a bare ``except:``."""

    exception: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


class Try(Node, frozen=True):
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


class WithItem(Node, frozen=True):
    context: Expr
    target: Expr | None


class With(Node, frozen=True):
    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool


class Case(Node, frozen=True):
    """One ``case``: ``names`` are bound by the pattern, ``values`` are the constants and classes it mentions.

    The pattern of a default fits whatever comes; the guard may still refuse.
    """

    names: tuple[str, ...]
    values: tuple[Expr, ...]
    guard: Expr | None
    is_default: bool
    body: tuple[Stmt, ...]


class Match(Node, frozen=True):
    subject: Expr
    cases: tuple[Case, ...]


class Jump(Node, frozen=True):
    """``break``, ``continue`` or ``pass``."""

    kind: Literal["break", "continue", "pass"]


class Scope(Node, frozen=True):
    """``global`` or ``nonlocal``."""

    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]


Expr = (
    Name
    | Attribute
    | Call
    | Constant
    | FString
    | Subscript
    | Slice
    | Sequence
    | Dict
    | Starred
    | Await
    | Yield
    | Compare
    | BoolOp
    | UnaryOp
    | BinOp
    | IfExp
    | Assignment
    | Lambda
    | Comprehension
)

Stmt = (
    Import
    | ImportFrom
    | Function
    | Class
    | ExprStmt
    | Assign
    | AugAssign
    | Return
    | Raise
    | Delete
    | Assert
    | If
    | For
    | While
    | Try
    | With
    | Match
    | Jump
    | Scope
)


class Directive(Struct, frozen=True, array_like=True, gc=False):
    """A comment that speaks to the linter: ``# noqa``, ``# noqa: TLA001,TLV`` or ``# threadly: public [reason]``.

    ``kind`` is the word (``noqa``, ``noqa-file`` for ``# flake8: noqa``, or what follows ``threadly:``), ``codes`` the codes it names,
    ``text`` whatever else it says, ``span`` the comment's place.
    """

    kind: str
    codes: tuple[str, ...]
    text: str
    span: Span


class Skeleton(Struct, frozen=True, array_like=True, gc=False):
    """One file, reduced. ``problem`` says why it could not be read or parsed; then ``body`` is empty.

    ``lines`` is the number of lines of the file. ``newer_syntax`` is True when the text had to be normalised first.
    """

    body: tuple[Stmt, ...]
    lines: int
    directives: tuple[Directive, ...] = ()
    problem: str = ""
    problem_span: Span = NOWHERE
    newer_syntax: bool = False
