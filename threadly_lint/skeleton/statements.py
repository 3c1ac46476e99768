"""From ``ast`` statements to skeleton statements, one function per node class."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from threadly_lint.skeleton.expressions import (
    MAX_DEPTH,
    OPERATORS,
    TooDeep,
    expression,
    expressions,
    keywords,
    optional,
    parameters,
    span_of,
)
from threadly_lint.skeleton.nodes import (
    Alias,
    Assert,
    Assign,
    AugAssign,
    Case,
    Class,
    Constant,
    Delete,
    ExprStmt,
    For,
    Function,
    Handler,
    If,
    Import,
    ImportFrom,
    Jump,
    Match,
    Raise,
    Return,
    Scope,
    Span,
    Stmt,
    Try,
    While,
    With,
    WithItem,
)

_KEYWORDS: dict[type[ast.AST], str] = {
    ast.FunctionDef: "def ",
    ast.AsyncFunctionDef: "async def ",
    ast.ClassDef: "class ",
}
_GAP = r"(?:[ \t\f]|\\\n)+"
_HEAD = re.compile(rf"(?P<before>(?:async{_GAP})?(?:def|class){_GAP})(?P<name>\w+)")

LONG_CHOICE = 60
"""A longer chain of ``elif`` is stored as the cases of a ``match``, which do not nest."""


class Statements:
    """Builds the statements of one file. ``lines`` is its text, which knows places that ``ast`` does not tell."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def module(self, tree: ast.Module) -> tuple[Stmt, ...]:
        """The whole file, without its docstring. Raises ``TooDeep``."""
        return self._block(_code(tree.body), 0)

    def _block(self, body: list[ast.stmt], depth: int) -> tuple[Stmt, ...]:
        if not body:
            return ()
        if depth > MAX_DEPTH:
            raise TooDeep(span_of(body[0]))
        return tuple([_BUILDERS[item.__class__](self, item, depth + 1) for item in body])

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> Function:
        name_span = self._name_span(node)
        body = _code(node.body)
        return Function(
            self._decorated_span(node),
            node.name,
            name_span,
            parameters(node.args, name_span[2:], depth),
            self._block(body, depth),
            expressions(node.decorator_list, depth),
            optional(node.returns, depth),
            node.__class__ is ast.AsyncFunctionDef,
            len(body) < len(node.body),
        )

    def _class(self, node: ast.ClassDef, depth: int) -> Class:
        return Class(
            self._decorated_span(node),
            node.name,
            self._name_span(node),
            expressions(node.bases, depth),
            keywords(node.keywords, depth),
            self._block(_code(node.body), depth),
            expressions(node.decorator_list, depth),
        )

    def _decorated_span(self, node: Any) -> Span:
        """The span of a definition from its first ``@`` on."""
        if not node.decorator_list:
            return span_of(node)
        for number in range(node.decorator_list[0].lineno, 0, -1):
            line = self._lines[number - 1]
            if (rest := line.lstrip()).startswith("@"):
                return (number, len(line) - len(rest) + 1, node.end_lineno, node.end_col_offset + 1)
        return span_of(node)

    def _name_span(self, node: Any) -> Span:
        """The name after ``def`` or ``class``."""
        keyword = _KEYWORDS[node.__class__]
        line, column = node.lineno, node.col_offset
        if self._lines[line - 1].startswith(keyword + node.name, column):
            column += len(keyword) + 1
            return (line, column, line, column + len(node.name))
        return self._unusual_name_span(node)

    def _unusual_name_span(self, node: Any) -> Span:
        """The same when the gap before the name is more than one blank, or the name's spelling is not normalised."""
        rest = "\n".join(self._lines[node.lineno - 1 : node.body[0].lineno])
        head = _HEAD.match(rest, node.col_offset)
        if head is None:
            return span_of(node)
        line = node.lineno + head["before"].count("\n")
        column = head.start("name") - rest.rfind("\n", 0, head.start("name"))
        return (line, column, line, column + len(head["name"]))

    def _if(self, node: ast.If, depth: int) -> If | Match:
        chain = _chain(node)
        if len(chain) > LONG_CHOICE:
            return self._choice(chain, depth)
        test = expression(node.test, depth)
        return If(span_of(node), test, self._block(node.body, depth), self._block(node.orelse, depth))

    def _choice(self, chain: list[ast.If], depth: int) -> Match:
        """A chain of ``elif`` as a ``match`` whose patterns fit whatever comes."""
        cases = [self._branch(one.test, one.body, depth) for one in chain]
        if last := chain[-1].orelse:
            cases.append(self._branch(None, last, depth))
        span = span_of(chain[0])
        return Match(span, Constant(span, "None", "None"), tuple(cases))

    def _branch(self, test: ast.expr | None, body: list[ast.stmt], depth: int) -> Case:
        span = _from_to(test or body[0], body[-1])
        return Case(span, (), (), optional(test, depth), True, self._block(body, depth))

    def _for(self, node: ast.For | ast.AsyncFor, depth: int) -> For:
        return For(
            span_of(node),
            expression(node.target, depth),
            expression(node.iter, depth),
            self._block(node.body, depth),
            self._block(node.orelse, depth),
            node.__class__ is ast.AsyncFor,
        )

    def _while(self, node: ast.While, depth: int) -> While:
        test = expression(node.test, depth)
        return While(span_of(node), test, self._block(node.body, depth), self._block(node.orelse, depth))

    def _try(self, node: ast.Try | ast.TryStar, depth: int) -> Try:
        return Try(
            span_of(node),
            self._block(node.body, depth),
            tuple([self._handler(handler, depth + 1) for handler in node.handlers]),
            self._block(node.orelse, depth),
            self._block(node.finalbody, depth),
        )

    def _handler(self, node: ast.ExceptHandler, depth: int) -> Handler:
        return Handler(span_of(node), optional(node.type, depth), node.name, self._block(node.body, depth))

    def _with(self, node: ast.With | ast.AsyncWith, depth: int) -> With:
        items = tuple([_with_item(item, depth + 1) for item in node.items])
        return With(span_of(node), items, self._block(node.body, depth), node.__class__ is ast.AsyncWith)

    def _match(self, node: ast.Match, depth: int) -> Match:
        cases = tuple([self._case(case, depth + 1) for case in node.cases])
        return Match(span_of(node), expression(node.subject, depth), cases)

    def _case(self, node: ast.match_case, depth: int) -> Case:
        names: list[str] = []
        values: list[ast.expr] = []
        for part in _patterns(node.pattern):
            names.extend(_bound(part))
            values.extend(_mentioned(part))
        return Case(
            _from_to(node.pattern, node.body[-1]),
            tuple(dict.fromkeys(names)),
            expressions(values, depth),
            optional(node.guard, depth),
            _irrefutable(node.pattern),
            self._block(node.body, depth),
        )

    def _expr(self, node: ast.Expr, depth: int) -> ExprStmt:
        return ExprStmt(span_of(node), expression(node.value, depth))

    def _assign(self, node: ast.Assign, depth: int) -> Assign:
        return Assign(span_of(node), expressions(node.targets, depth), expression(node.value, depth), None)

    def _annotated(self, node: ast.AnnAssign, depth: int) -> Assign:
        target, annotation = expression(node.target, depth), expression(node.annotation, depth)
        return Assign(span_of(node), (target,), optional(node.value, depth), annotation)

    def _type_alias(self, node: Any, depth: int) -> Assign:
        return Assign(span_of(node), (expression(node.name, depth),), expression(node.value, depth), None)

    def _augmented(self, node: ast.AugAssign, depth: int) -> AugAssign:
        target, value = expression(node.target, depth), expression(node.value, depth)
        return AugAssign(span_of(node), target, OPERATORS[node.op.__class__], value)

    def _return(self, node: ast.Return, depth: int) -> Return:
        return Return(span_of(node), optional(node.value, depth))

    def _raise(self, node: ast.Raise, depth: int) -> Raise:
        return Raise(span_of(node), optional(node.exc, depth), optional(node.cause, depth))

    def _delete(self, node: ast.Delete, depth: int) -> Delete:
        return Delete(span_of(node), expressions(node.targets, depth))

    def _assert(self, node: ast.Assert, depth: int) -> Assert:
        return Assert(span_of(node), expression(node.test, depth), optional(node.msg, depth))

    def _import(self, node: ast.Import, depth: int) -> Import:
        return Import(span_of(node), _aliases(node.names))

    def _import_from(self, node: ast.ImportFrom, depth: int) -> ImportFrom:
        return ImportFrom(span_of(node), node.module or "", node.level, _aliases(node.names))

    def _global(self, node: ast.Global, depth: int) -> Scope:
        return Scope(span_of(node), "global", tuple(node.names))

    def _nonlocal(self, node: ast.Nonlocal, depth: int) -> Scope:
        return Scope(span_of(node), "nonlocal", tuple(node.names))

    def _break(self, node: ast.Break, depth: int) -> Jump:
        return Jump(span_of(node), "break")

    def _continue(self, node: ast.Continue, depth: int) -> Jump:
        return Jump(span_of(node), "continue")

    def _pass(self, node: ast.Pass, depth: int) -> Jump:
        return Jump(span_of(node), "pass")


_BUILDERS: dict[type[ast.stmt], Callable[[Statements, Any, int], Stmt]] = {
    ast.FunctionDef: Statements._function,
    ast.AsyncFunctionDef: Statements._function,
    ast.ClassDef: Statements._class,
    ast.If: Statements._if,
    ast.For: Statements._for,
    ast.AsyncFor: Statements._for,
    ast.While: Statements._while,
    ast.Try: Statements._try,
    ast.TryStar: Statements._try,
    ast.With: Statements._with,
    ast.AsyncWith: Statements._with,
    ast.Match: Statements._match,
    ast.Expr: Statements._expr,
    ast.Assign: Statements._assign,
    ast.AnnAssign: Statements._annotated,
    ast.AugAssign: Statements._augmented,
    ast.Return: Statements._return,
    ast.Raise: Statements._raise,
    ast.Delete: Statements._delete,
    ast.Assert: Statements._assert,
    ast.Import: Statements._import,
    ast.ImportFrom: Statements._import_from,
    ast.Global: Statements._global,
    ast.Nonlocal: Statements._nonlocal,
    ast.Break: Statements._break,
    ast.Continue: Statements._continue,
    ast.Pass: Statements._pass,
}
if hasattr(ast, "TypeAlias"):
    _BUILDERS[ast.TypeAlias] = Statements._type_alias


def _code(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body without its docstring."""
    if not body or not isinstance(body[0], ast.Expr):
        return body
    first = body[0].value
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def _aliases(items: list[ast.alias]) -> tuple[Alias, ...]:
    return tuple([Alias(span_of(item), item.name, item.asname) for item in items])


def _with_item(item: ast.withitem, depth: int) -> WithItem:
    context, target = expression(item.context_expr, depth), optional(item.optional_vars, depth)
    return WithItem((*context.span[:2], *(target or context).span[2:]), context, target)


def _patterns(pattern: ast.pattern) -> Iterator[ast.pattern]:
    """A pattern and all patterns inside it, in source order."""
    yield pattern
    for inner in ast.iter_child_nodes(pattern):
        if isinstance(inner, ast.pattern):
            yield from _patterns(inner)


def _bound(pattern: ast.pattern) -> list[str]:
    """The name that this very pattern binds, if any."""
    if isinstance(pattern, ast.MatchAs | ast.MatchStar):
        return [pattern.name] if pattern.name else []
    if isinstance(pattern, ast.MatchMapping):
        return [pattern.rest] if pattern.rest else []
    return []


def _mentioned(pattern: ast.pattern) -> list[ast.expr]:
    """The constants and the class that this very pattern mentions."""
    if isinstance(pattern, ast.MatchValue):
        return [pattern.value]
    if isinstance(pattern, ast.MatchSingleton):
        place: Any = {name: getattr(pattern, name) for name in ast.Constant._attributes}
        return [ast.Constant(pattern.value, **place)]
    if isinstance(pattern, ast.MatchMapping):
        return pattern.keys
    return [pattern.cls] if isinstance(pattern, ast.MatchClass) else []


def _chain(node: ast.If) -> list[ast.If]:
    """A statement with ``elif`` (or an ``else`` that holds nothing but an ``if``), branch by branch."""
    found = [node]
    while len(rest := found[-1].orelse) == 1 and isinstance(rest[0], ast.If):
        found.append(rest[0])
    return found


def _from_to(first: ast.AST, last: ast.AST) -> Span:
    return (*span_of(first)[:2], *span_of(last)[2:])


def _irrefutable(pattern: ast.pattern) -> bool:
    """Whether the pattern matches everything."""
    if isinstance(pattern, ast.MatchOr):
        return any(_irrefutable(option) for option in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))
