"""Edits of expressions and decorators: from what a rule wants to splices of the text."""

from __future__ import annotations

import ast

import libcst as cst
from libcst.metadata import ParentNodeProvider

from threadly_lint.fixing.parsed import Parsed, Splice
from threadly_lint.fixing.source import Refusal
from threadly_lint.values import AddDecorator, AddKeyword, ReplaceExpression, SwapDecorators

_CLOSED = (ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Set, ast.Dict, ast.JoinedStr)
_ROOMY_PARENTS = (
    cst.Arg,
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.Return,
    cst.Expr,
    cst.Annotation,
    cst.Decorator,
    cst.Element,
    cst.DictElement,
    cst.Index,
    cst.If,
    cst.While,
)


def replace_expression(edit: ReplaceExpression, parsed: Parsed) -> list[Splice]:
    """The expression's own text changes; parentheses are added where the new one could fall apart."""
    node = parsed.at(edit.span, cst.BaseExpression)  # type: ignore[type-abstract]
    if node is None:
        raise Refusal("no expression covers exactly the place to replace")
    parent = parsed.wrapper.resolve(ParentNodeProvider)[node]
    enclosed = _is_closed(edit.source) or bool(getattr(node, "lpar", ())) or isinstance(parent, _ROOMY_PARENTS)
    source = edit.source if enclosed else f"({edit.source})"
    return [Splice(parsed.start(node), parsed.end(node), source)]


def _is_closed(source: str) -> bool:
    try:
        return isinstance(ast.parse(source, mode="eval").body, _CLOSED)
    except SyntaxError:
        raise Refusal(f"`{source}` is no expression") from None


def add_keyword(edit: AddKeyword, parsed: Parsed) -> list[Splice]:
    """The keyword's value changes where the call has it; otherwise it goes behind the last argument."""
    call = parsed.at(edit.span, cst.Call)
    if call is None:
        raise Refusal("no call covers exactly the place to change")
    for argument in call.args:
        if argument.keyword and argument.keyword.value == edit.name:
            return [Splice(parsed.start(argument.value), parsed.end(argument.value), edit.value)]
    return _append_argument(call, f"{edit.name}={edit.value}", parsed)


def _append_argument(call: cst.Call, argument: str, parsed: Parsed) -> list[Splice]:
    if not call.args:
        opening = parsed.end(call) - 1 - len(parsed.module.code_for_node(call.whitespace_before_args))
        return [Splice(opening, opening, argument)]
    last = call.args[-1]
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        start, end = parsed.start(last), parsed.end(last)
        return [Splice(start, start, "("), Splice(end, end, f"), {argument}")]
    return append_item(parsed, last, argument)


def append_item(parsed: Parsed, last: cst.Arg | cst.ImportAlias, item: str, in_brackets: bool = True) -> list[Splice]:
    """Splices that put ``item`` behind the ``last`` one of a list, keeping its layout.

    An item on a line of its own gets a successor on a line of its own, behind any comment; a comma at the end stays.
    """
    end, comma = parsed.end(last), last.comma
    place = end
    if isinstance(comma, cst.Comma):
        place += len(parsed.module.code_for_node(comma.whitespace_before)) + 1
    has_comma = place > end
    rest = parsed.text[place : parsed.line_end(place)].strip(" \t")
    ends_line = not rest or rest.startswith("#")
    final_comma = "," if has_comma and ends_line else ""
    if not in_brackets or not ends_line or not parsed.begins_line(parsed.start(last)):
        return [Splice(place, place, f"{'' if has_comma else ','} {item}{final_comma}")]
    line_end = parsed.line_end(place)
    line = f"{parsed.newline}{parsed.indent(parsed.start(last))}{item}{final_comma}"
    if has_comma:
        return [Splice(line_end, line_end, line)]
    if rest:
        return [Splice(place, place, ","), Splice(line_end, line_end, line)]
    return [Splice(place, place, f",{line}")]


def swap_decorators(edit: SwapDecorators, parsed: Parsed) -> list[Splice]:
    """Two decorators change places, each with the comment at its end."""
    decorators = _decorators(edit.line, parsed)
    if edit.first == edit.second or not all(0 <= index < len(decorators) for index in (edit.first, edit.second)):
        raise Refusal("the definition does not have these two decorators")
    upper, lower = (_decorator_stretch(decorators[index], parsed) for index in sorted((edit.first, edit.second)))
    texts = [parsed.text[start:end] for start, end in (upper, lower)]
    return [Splice(*upper, texts[1]), Splice(*lower, texts[0])]


def _decorator_stretch(decorator: cst.Decorator, parsed: Parsed) -> tuple[int, int]:
    return parsed.start(decorator), parsed.line_end(parsed.end(decorator))


def add_decorator(edit: AddDecorator, parsed: Parsed) -> list[Splice]:
    """A decorator goes above the one that has its number, or above the ``def`` as the last one."""
    decorators = _decorators(edit.line, parsed)
    if not 0 <= edit.index <= len(decorators):
        raise Refusal(f"the definition has {len(decorators)} decorators")
    if any(parsed.module.code_for_node(one.decorator) == edit.source for one in decorators):
        raise Refusal(f"the definition is already decorated with `{edit.source}`")
    below = parsed.start(decorators[edit.index]) if edit.index < len(decorators) else parsed.offset(edit.line, 1)
    place = parsed.line_start(below)
    return [Splice(place, place, f"{parsed.indent(place)}@{edit.source}{parsed.newline}")]


def _decorators(line: int, parsed: Parsed) -> list[cst.Decorator]:
    definition = parsed.definition(line)
    if definition is None:
        raise Refusal(f"no function or class begins in line {line}")
    return list(definition.decorators)
