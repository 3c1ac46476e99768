"""From ``ast`` expressions to skeleton expressions, one function per node class."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from threadly_lint.skeleton.nodes import (
    Assignment,
    Attribute,
    Await,
    BinOp,
    BoolOp,
    Call,
    Compare,
    Comprehension,
    Constant,
    Dict,
    Expr,
    FString,
    Generator,
    IfExp,
    Keyword,
    Lambda,
    Name,
    Parameter,
    Parameters,
    Sequence,
    Slice,
    Span,
    Starred,
    Subscript,
    UnaryOp,
    Yield,
)

MAX_DEPTH = 200
"""No skeleton is nested deeper than this, so that storage and recursive readers stay within the recursion limit."""

LONG_CHAIN = 20
"""A chain of more binary operators is stored as a balanced tree: order and operators stay, the grouping does not."""


class TooDeep(Exception):
    """The code is nested deeper than ``MAX_DEPTH``. ``span`` is the place."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


def span_of(node: Any) -> Span:
    """The span of an ``ast`` node whose columns count characters."""
    return (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)


def expression(node: ast.expr, depth: int) -> Expr:
    """The skeleton of one expression that stands ``depth`` levels deep. Raises ``TooDeep``."""
    if depth > MAX_DEPTH:
        raise TooDeep(span_of(node))
    return _BUILDERS[node.__class__](node, depth + 1)


def optional(node: ast.expr | None, depth: int) -> Expr | None:
    """The skeleton of an expression that may be absent. Raises ``TooDeep``."""
    return None if node is None else expression(node, depth)


def expressions(items: Iterable[ast.expr], depth: int) -> tuple[Expr, ...]:
    """The skeletons of several expressions. Raises ``TooDeep``."""
    return tuple([expression(item, depth) for item in items])


def _name(node: ast.Name, depth: int) -> Name:
    return Name(span_of(node), node.id)


def _attribute(node: ast.Attribute, depth: int) -> Attribute:
    return Attribute(span_of(node), expression(node.value, depth), node.attr)


def _call(node: ast.Call, depth: int) -> Call:
    args = expressions(node.args, depth) if node.args else ()
    named = keywords(node.keywords, depth) if node.keywords else ()
    return Call(span_of(node), expression(node.func, depth), args, named)


def keywords(items: list[ast.keyword], depth: int) -> tuple[Keyword, ...]:
    """The ``name=value`` arguments of a call or class. Raises ``TooDeep``."""
    return tuple([Keyword(span_of(item), item.arg, expression(item.value, depth)) for item in items])


def _constant(node: ast.Constant, depth: int) -> Constant:
    value = node.value
    if isinstance(value, str):
        return Constant(span_of(node), "str", _storable(value))
    if value is None:
        return Constant(span_of(node), "None", "None")
    if value is ...:
        return Constant(span_of(node), "...", "...")
    if isinstance(value, bytes):
        return Constant(span_of(node), "bytes", value.decode("latin-1"))
    if isinstance(value, int) and value.bit_length() > 2000:
        return Constant(span_of(node), "int", hex(value))
    return Constant(span_of(node), cast(Any, value.__class__.__name__), repr(value))


def _storable(text: str) -> str:
    """``text`` with ``?`` for lone surrogates, which no encoding can store."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _fstring(node: ast.JoinedStr, depth: int) -> FString:
    """Text parts have the whole string's span, because ``ast`` tells their own places only since Python 3.12."""
    span = span_of(node)
    parts: list[Expr] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(Constant(span, "str", _storable(str(part.value))))
        else:
            parts.extend(expressions(_interpolated(part), depth))
    return FString(span, tuple(parts))


def _interpolated(part: Any) -> Iterator[ast.expr]:
    """The expression of ``{value:format}`` and those inside the format."""
    yield part.value
    if part.format_spec is not None:
        for inner in part.format_spec.values:
            if not isinstance(inner, ast.Constant):
                yield from _interpolated(inner)


def _subscript(node: ast.Subscript, depth: int) -> Subscript:
    return Subscript(span_of(node), expression(node.value, depth), expression(node.slice, depth))


def _slice(node: ast.Slice, depth: int) -> Slice:
    return Slice(span_of(node), optional(node.lower, depth), optional(node.upper, depth), optional(node.step, depth))


def _list(node: ast.List, depth: int) -> Sequence:
    return Sequence(span_of(node), "list", expressions(node.elts, depth))


def _tuple(node: ast.Tuple, depth: int) -> Sequence:
    return Sequence(span_of(node), "tuple", expressions(node.elts, depth))


def _set(node: ast.Set, depth: int) -> Sequence:
    return Sequence(span_of(node), "set", expressions(node.elts, depth))


def _dict(node: ast.Dict, depth: int) -> Dict:
    keys = tuple([optional(key, depth) for key in node.keys])
    return Dict(span_of(node), keys, expressions(node.values, depth))


def _starred(node: ast.Starred, depth: int) -> Starred:
    return Starred(span_of(node), expression(node.value, depth))


def _await(node: ast.Await, depth: int) -> Await:
    return Await(span_of(node), expression(node.value, depth))


def _yield(node: ast.Yield, depth: int) -> Yield:
    return Yield(span_of(node), optional(node.value, depth), False)


def _yield_from(node: ast.YieldFrom, depth: int) -> Yield:
    return Yield(span_of(node), expression(node.value, depth), True)


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def _compare(node: ast.Compare, depth: int) -> Compare:
    ops = tuple([_COMPARISONS[op.__class__] for op in node.ops])
    return Compare(span_of(node), expression(node.left, depth), ops, expressions(node.comparators, depth))


def _bool_op(node: ast.BoolOp, depth: int) -> BoolOp:
    return BoolOp(span_of(node), "and" if node.op.__class__ is ast.And else "or", expressions(node.values, depth))


_SIGNS: dict[type[ast.unaryop], Any] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}


def _unary_op(node: ast.UnaryOp, depth: int) -> UnaryOp:
    return UnaryOp(span_of(node), _SIGNS[node.op.__class__], expression(node.operand, depth))


OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.Mod: "%",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.FloorDiv: "//",
    ast.Pow: "**",
}


def _bin_op(node: ast.BinOp, depth: int) -> Expr:
    links = _links(node)
    if len(links) > LONG_CHAIN:
        return _chain(links, depth + len(links).bit_length())
    left, right = expression(node.left, depth), expression(node.right, depth)
    return BinOp(span_of(node), left, OPERATORS[node.op.__class__], right)


def _links(node: ast.BinOp) -> list[ast.BinOp]:
    """The operators of ``a + b + c ...`` from left to right."""
    links = [node]
    while isinstance(left := links[-1].left, ast.BinOp):
        links.append(left)
    links.reverse()
    return links


def _chain(links: list[ast.BinOp], depth: int) -> Expr:
    terms = [expression(term, depth) for term in (links[0].left, *[link.right for link in links])]
    return _balanced(terms, [OPERATORS[link.op.__class__] for link in links])


def _balanced(terms: list[Expr], ops: list[str]) -> Expr:
    if not ops:
        return terms[0]
    middle = len(ops) // 2
    left = _balanced(terms[: middle + 1], ops[:middle])
    right = _balanced(terms[middle + 1 :], ops[middle + 1 :])
    return BinOp((*left.span[:2], *right.span[2:]), left, ops[middle], right)


def _if_exp(node: ast.IfExp, depth: int) -> IfExp:
    test, body, orelse = expressions((node.test, node.body, node.orelse), depth)
    return IfExp(span_of(node), test, body, orelse)


def _named(node: ast.NamedExpr, depth: int) -> Assignment:
    return Assignment(span_of(node), _name(node.target, depth), expression(node.value, depth))


def _lambda(node: ast.Lambda, depth: int) -> Lambda:
    start = (node.lineno, node.col_offset + 1 + len("lambda"))
    return Lambda(span_of(node), parameters(node.args, start, depth), expression(node.body, depth))


def parameters(args: ast.arguments, start: tuple[int, int], depth: int) -> Parameters:
    """The parameters of a function or lambda; an empty list stands at ``start``. Raises ``TooDeep``."""
    items: list[Parameter] = []
    plain = len(args.posonlyargs) + len(args.args)
    defaults: list[ast.expr | None] = [None] * (plain - len(args.defaults)) + list(args.defaults)
    kinds = ["positional"] * len(args.posonlyargs) + ["normal"] * len(args.args)
    for arg, default, kind in zip(args.posonlyargs + args.args, defaults, kinds, strict=True):
        items.append(_parameter(arg, default, kind, depth))
    if args.vararg is not None:
        items.append(_parameter(args.vararg, None, "args", depth))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        items.append(_parameter(arg, default, "keyword", depth))
    if args.kwarg is not None:
        items.append(_parameter(args.kwarg, None, "kwargs", depth))
    if not items:
        return Parameters((*start, *start), ())
    last = items[-1].default or items[-1]
    return Parameters((*items[0].span[:2], *last.span[2:]), tuple(items))


def _parameter(arg: ast.arg, default: ast.expr | None, kind: Any, depth: int) -> Parameter:
    return Parameter(span_of(arg), arg.arg, optional(arg.annotation, depth), optional(default, depth), kind)


def _list_comp(node: ast.ListComp, depth: int) -> Comprehension:
    return Comprehension(span_of(node), "list", expression(node.elt, depth), None, _generators(node.generators, depth))


def _set_comp(node: ast.SetComp, depth: int) -> Comprehension:
    return Comprehension(span_of(node), "set", expression(node.elt, depth), None, _generators(node.generators, depth))


def _generator_exp(node: ast.GeneratorExp, depth: int) -> Comprehension:
    element = expression(node.elt, depth)
    return Comprehension(span_of(node), "generator", element, None, _generators(node.generators, depth))


def _dict_comp(node: ast.DictComp, depth: int) -> Comprehension:
    key, value = expression(node.key, depth), expression(node.value, depth)
    return Comprehension(span_of(node), "dict", key, value, _generators(node.generators, depth))


def _generators(items: list[ast.comprehension], depth: int) -> tuple[Generator, ...]:
    return tuple([_generator(item, depth) for item in items])


def _generator(item: ast.comprehension, depth: int) -> Generator:
    target, iterable = expression(item.target, depth), expression(item.iter, depth)
    conditions = expressions(item.ifs, depth)
    end = conditions[-1].span if conditions else iterable.span
    return Generator((*target.span[:2], *end[2:]), target, iterable, conditions)


_BUILDERS: dict[type[ast.expr], Callable[[Any, int], Expr]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Constant: _constant,
    ast.JoinedStr: _fstring,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Starred: _starred,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary_op,
    ast.BinOp: _bin_op,
    ast.IfExp: _if_exp,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.ListComp: _list_comp,
    ast.SetComp: _set_comp,
    ast.DictComp: _dict_comp,
    ast.GeneratorExp: _generator_exp,
}
if hasattr(ast, "TemplateStr"):
    _BUILDERS[ast.TemplateStr] = _fstring
