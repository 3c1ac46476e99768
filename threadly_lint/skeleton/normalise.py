"""Rewrites the syntax of newer Python versions into what Python 3.11 accepts, so that the running ``ast`` can read it.

Understood are ``except A, B:``, ``type X = ...``, type parameters, format strings with any expression inside, and
template strings. The rewritten text keeps all lines; ``Normalised.moves`` tells how columns moved, and ``restore``
turns the stand-ins in the parsed tree into what they stand for.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, groupby
from typing import Any, NamedTuple

from threadly_lint.skeleton.columns import Move
from threadly_lint.skeleton.tokens import Field, Malformed, Token, tokens_of

_FORMAT_MARK = "__threadly_format__"
_TYPE_MARK = "__threadly_type__"


class Normalised(NamedTuple):
    """Text that the running Python may accept, and for each changed line what moved, from left to right."""

    text: str
    moves: dict[int, list[Move]]


class _Edit(NamedTuple):
    """Put ``text`` where the characters from ``start`` to ``end`` are; both have the same number of line ends."""

    start: int
    end: int
    text: str


def normalise(text: str) -> Normalised | None:
    """``text`` without newer syntax, or None when it has none or is too broken to tell."""
    if _FORMAT_MARK in text or _TYPE_MARK in text:
        return None
    try:
        tokens = tokens_of(text)
    except Malformed:
        return None
    edits = [*_statement_edits(text, tokens), *_format_edits(text, tokens)]
    return _apply(text, sorted(edits, key=lambda edit: edit.start)) if edits else None


# Statements -----------------------------------------------------------------------------------------------------------


def _statement_edits(text: str, tokens: list[Token]) -> Iterator[_Edit]:
    pairs = _bracket_pairs(tokens)
    previous = "\n"
    for index, token in enumerate(tokens):
        if token.text in ("def", "class"):
            yield from _definition(text, tokens, pairs, index)
        elif token.text == "type" and previous in ("\n", ":", ";"):
            yield from _type_alias(text, tokens, pairs, index)
        elif token.text == "except" and previous in ("\n", ":", ";"):
            yield from _exception_types(tokens, pairs, index)
        previous = token.text


def _bracket_pairs(tokens: list[Token]) -> dict[int, int]:
    """For each opening bracket that is closed, by index, the index of the closing one."""
    pairs: dict[int, int] = {}
    openings: list[int] = []
    for index, token in enumerate(tokens):
        if token.text in ("(", "[", "{"):
            openings.append(index)
        elif token.text in (")", "]", "}") and openings:
            pairs[openings.pop()] = index
    return pairs


def _definition(text: str, tokens: list[Token], pairs: dict[int, int], index: int) -> Iterator[_Edit]:
    """``def f[T](...)`` and ``class C[T]:`` lose their type parameters; line ends move into the next brackets."""
    if _text_at(tokens, index + 2) != "[" or index + 2 not in pairs:
        return
    closing = pairs[index + 2]
    has_brackets = _text_at(tokens, closing + 1) == "("
    start, end = tokens[index + 2].start, tokens[closing + has_brackets].end
    yield _Edit(start, end, "(" + _line_ends(text, start, end) + ("" if has_brackets else ")"))


def _type_alias(text: str, tokens: list[Token], pairs: dict[int, int], index: int) -> Iterator[_Edit]:
    """``type X[T] = value`` becomes the annotated assignment ``MARK: X = value``."""
    after_name = _text_at(tokens, index + 2)
    if after_name not in ("=", "[") or tokens[index + 1].kind != "word":
        return
    yield _Edit(tokens[index].start, tokens[index].end, _TYPE_MARK + ":")
    if index + 2 in pairs:
        start, end = tokens[index + 2].start, tokens[pairs[index + 2]].end
        yield _Edit(start, end, "\\\n" * text.count("\n", start, end))


def _exception_types(tokens: list[Token], pairs: dict[int, int], index: int) -> Iterator[_Edit]:
    """``except A, B:`` gets the brackets that older versions want."""
    first = index + 2 if _text_at(tokens, index + 1) == "*" else index + 1
    seen: set[str] = set()
    last = first
    while _text_at(tokens, last) not in ("", ":", "\n"):
        seen.add(tokens[last].text)
        last = pairs.get(last, last) + 1
    if "," in seen and "as" not in seen:
        yield _Edit(tokens[first].start, tokens[first].start, "(")
        yield _Edit(tokens[last - 1].end, tokens[last - 1].end, ")")


def _text_at(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def _line_ends(text: str, start: int, end: int) -> str:
    return "\n" * text.count("\n", start, end)


# Format strings -------------------------------------------------------------------------------------------------------


def _format_edits(text: str, tokens: list[Token]) -> Iterator[_Edit]:
    """Adjacent strings become one call, ``MARK(None, *'text', (expression), ...)``, where one of them is too new."""
    for are_strings, group in groupby(tokens, lambda token: token.kind in ("string", "format")):
        run = list(group) if are_strings else []
        if any(_is_newer(text, token) for token in run) and not any(_is_bytes(token) for token in run):
            yield from _call_edits(text, run)


def _is_newer(text: str, token: Token) -> bool:
    """Whether the string is a template or holds, in an expression, what only Python 3.12 accepts there."""
    if token.kind != "format":
        return False
    prefix, quote = _split(token.opening)
    if "t" in prefix.lower():
        return True
    news = ("\\", "#", quote) if len(quote) == 3 else ("\\", "#", quote, "\n")
    return any(_has_news(text, part, news) for part in token.parts if isinstance(part, Field))


def _is_bytes(token: Token) -> bool:
    return token.text.lstrip("rR")[:1] in ("b", "B")


def _has_news(text: str, field: Field, news: tuple[str, ...]) -> bool:
    expression = text[field.start : field.expression_end]
    if any(item in expression for item in news):
        return True
    if any(_is_newer(text, token) for token in field.tokens):
        return True
    return any(nested.nested or _has_news(text, nested, news) for nested in field.nested)


def _call_edits(text: str, run: list[Token]) -> Iterator[_Edit]:
    yield _Edit(run[0].start, run[0].start, f"{_FORMAT_MARK}(None")
    for token in run:
        if token.kind == "string":
            yield _Edit(token.start, token.start, ",*")
        else:
            yield from _format_string(text, token)
    yield _Edit(run[-1].end, run[-1].end, ")")


def _format_string(text: str, token: Token) -> Iterator[_Edit]:
    quote = _split(token.opening)[1]
    yield _Edit(token.start, token.start + len(token.opening), "")
    for part in token.parts:
        if isinstance(part, Field):
            yield from _field(text, part)
        else:
            value = _value(text[part.start : part.end], token.opening)
            yield _Edit(part.start, part.end, f",*{value!r}" + _line_ends(text, part.start, part.end))
    yield _Edit(token.end - len(quote), token.end, "")


def _field(text: str, field: Field) -> Iterator[_Edit]:
    """``{expression=!r:{nested}}`` becomes ``, *'expression=', (expression), (nested)``."""
    shown = f",*{text[field.start + 1 : field.debug_end]!r}" if field.debug_end >= 0 else ""
    yield _Edit(field.start, field.start + 1, f"{shown},(")
    yield from _format_edits(text, field.tokens)
    position, closing = field.expression_end, ")"
    for nested in field.nested:
        yield _Edit(position, nested.start, _line_ends(text, position, nested.start) + closing)
        yield from _field(text, nested)
        position, closing = nested.end, ""
    yield _Edit(position, field.end, _line_ends(text, position, field.end) + closing)


def _split(opening: str) -> tuple[str, str]:
    """The prefix and the quotes of a format string."""
    quote = opening.lstrip("fFtTrR")
    return opening[: len(opening) - len(quote)], quote


_ESCAPE = re.compile(r"\\(?:N\{[^}]*\}|[0-7]{1,3}|x.{2}|u.{4}|U.{8}|.)", re.DOTALL)


def _value(literal: str, opening: str) -> str:
    """What a stretch of text in a format string means."""
    is_raw = "r" in _split(opening)[0].lower()
    pieces = re.split(r"(\{\{|\}\}|\\N\{[^}]*\})", literal)
    joined = "".join(piece[0] if piece in ("{{", "}}") else piece for piece in pieces)
    return joined if is_raw else _ESCAPE.sub(_unescaped, joined)


def _unescaped(match: re.Match[str]) -> str:
    try:
        return str(ast.literal_eval(f'"""{match[0]}"""'))
    except SyntaxError:
        return match[0]


# Carrying out ---------------------------------------------------------------------------------------------------------


def _apply(text: str, edits: list[_Edit]) -> Normalised:
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    pieces: list[str] = []
    moves: dict[int, list[Move]] = {}
    position = 0
    for edit in edits:
        if edit.start < position:
            continue
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
        _record(moves, edit, starts)
    return Normalised("".join([*pieces, text[position:]]), moves)


def _record(moves: dict[int, list[Move]], edit: _Edit, starts: list[int]) -> None:
    first, last = bisect_right(starts, edit.start), bisect_right(starts, edit.end)
    column, end_column = edit.start - starts[first - 1], edit.end - starts[last - 1]
    line_moves = moves.setdefault(first, [])
    new_column = column + (line_moves[-1].new_end - line_moves[-1].old_end if line_moves else 0)
    if first == last:
        line_moves.append(Move(column, end_column, new_column, new_column + len(edit.text)))
        return
    head, _, tail = edit.text.partition("\n")
    line_moves.append(Move(column, column, new_column, new_column + len(head)))
    moves.setdefault(last, []).append(Move(0, end_column, 0, len(tail.rpartition("\n")[2])))


def restore(tree: ast.Module) -> None:
    """Put format strings and type aliases back in the place of their stand-ins."""
    pending: list[Any] = [tree]
    while pending:
        parent = pending.pop()
        for name, value in ast.iter_fields(parent):
            if isinstance(value, list):
                value[:] = [_restored(item) for item in value]
            elif isinstance(value, ast.AST):
                setattr(parent, name, _restored(value))
        pending.extend(ast.iter_child_nodes(parent))


def _restored(node: Any) -> Any:
    if isinstance(node, ast.Call) and _is_mark(node.func, _FORMAT_MARK):
        return ast.copy_location(ast.JoinedStr(list(_format_parts(node))), node)
    if isinstance(node, ast.AnnAssign) and _is_mark(node.target, _TYPE_MARK) and node.value is not None:
        return ast.copy_location(ast.Assign([node.annotation], node.value), node)
    return node


def _format_parts(call: ast.Call) -> Iterator[ast.expr]:
    """Texts (adjacent ones joined, as Python does) and interpolated expressions."""
    for is_text, items in groupby(call.args[1:], lambda item: isinstance(item, ast.Starred)):
        if is_text:
            text = "".join(ast.literal_eval(item.value) for item in items if isinstance(item, ast.Starred))
            yield ast.copy_location(ast.Constant(text), call)
        else:
            yield from (ast.copy_location(ast.FormattedValue(item, -1, None), item) for item in items)


def _is_mark(node: ast.expr, mark: str) -> bool:
    return isinstance(node, ast.Name) and node.id == mark
