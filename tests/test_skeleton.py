"""Skeletons say what the source says, at the places where it says it, and survive anything."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from outline import assigned, outline, place, skeleton_of, source_at

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.expressions import LONG_CHAIN
from threadly_lint.skeleton.nodes import (
    BinOp,
    Class,
    Constant,
    Expr,
    ExprStmt,
    FString,
    Function,
    Name,
    Node,
    Parameters,
)
from threadly_lint.skeleton.walk import children, dotted, walk

EXPRESSIONS = {
    "a": "Name('a')",
    "a.b": "Attribute(Name('a'), 'b')",
    "f(a, *b, c=d, **e)": (
        "Call(Name('f'), [Name('a'), Starred(Name('b'))], [Keyword('c', Name('d')), Keyword(None, Name('e'))])"
    ),
    "'a' \"b\"": "Constant('str', 'ab')",
    "b'\\xff'": "Constant('bytes', 'ÿ')",
    "0x10": "Constant('int', '16')",
    "1e3": "Constant('float', '1000.0')",
    "2j": "Constant('complex', '2j')",
    "True": "Constant('bool', 'True')",
    "None": "Constant('None', 'None')",
    "...": "Constant('...', '...')",
    "f'a{b}c' 'd'": "FString([Constant('str', 'a'), Name('b'), Constant('str', 'cd')])",
    "f'{a!r:>{b}}'": "FString([Name('a'), Name('b')])",
    "f'{a=}'": "FString([Constant('str', 'a='), Name('a')])",
    "a[b]": "Subscript(Name('a'), Name('b'))",
    "a[b:c:d]": "Subscript(Name('a'), Slice(Name('b'), Name('c'), Name('d')))",
    "a[:]": "Subscript(Name('a'), Slice(None, None, None))",
    "[a]": "Sequence('list', [Name('a')])",
    "(a, *b)": "Sequence('tuple', [Name('a'), Starred(Name('b'))])",
    "{a}": "Sequence('set', [Name('a')])",
    "{a: b, **c}": "Dict([Name('a'), None], [Name('b'), Name('c')])",
    "(yield)": "Yield(None, False)",
    "(yield from a)": "Yield(Name('a'), True)",
    "a < b is not c": "Compare(Name('a'), ['<', 'is not'], [Name('b'), Name('c')])",
    "a not in b": "Compare(Name('a'), ['not in'], [Name('b')])",
    "a and b and c": "BoolOp('and', [Name('a'), Name('b'), Name('c')])",
    "a or b": "BoolOp('or', [Name('a'), Name('b')])",
    "not -a": "UnaryOp('not', UnaryOp('-', Name('a')))",
    "a - b ** c": "BinOp(Name('a'), '-', BinOp(Name('b'), '**', Name('c')))",
    "a if b else c": "IfExp(Name('b'), Name('a'), Name('c'))",
    "(a := b)": "Assignment(Name('a'), Name('b'))",
    "lambda: a": "Lambda(Parameters([]), Name('a'))",
    "lambda a, *, b=c: a": (
        "Lambda(Parameters([Parameter('a', None, None, 'normal'), "
        "Parameter('b', None, Name('c'), 'keyword')]), Name('a'))"
    ),
    "[a for a in b if c if d]": (
        "Comprehension('list', Name('a'), None, [Generator(Name('a'), Name('b'), [Name('c'), Name('d')])])"
    ),
    "{a for a in b}": "Comprehension('set', Name('a'), None, [Generator(Name('a'), Name('b'), [])])",
    "{a: b for a in c}": "Comprehension('dict', Name('a'), Name('b'), [Generator(Name('a'), Name('c'), [])])",
    "(a for a in b for c in a)": (
        "Comprehension('generator', Name('a'), None,"
        " [Generator(Name('a'), Name('b'), []), Generator(Name('c'), Name('a'), [])])"
    ),
}
STATEMENTS = {
    "import a.b as c, d": "Import([Alias('a.b', 'c'), Alias('d', None)])",
    "from ..a import b as c": "ImportFrom('a', 2, [Alias('b', 'c')])",
    "from . import *": "ImportFrom('', 1, [Alias('*', None)])",
    "a = b = c": "Assign([Name('a'), Name('b')], Name('c'), None)",
    "a: b = c": "Assign([Name('a')], Name('c'), Name('b'))",
    "a: b": "Assign([Name('a')], None, Name('b'))",
    "a //= b": "AugAssign(Name('a'), '//', Name('b'))",
    "raise": "Raise(None, None)",
    "raise a from b": "Raise(Name('a'), Name('b'))",
    "del a, b": "Delete([Name('a'), Name('b')])",
    "assert a, b": "Assert(Name('a'), Name('b'))",
    "global a, b": "Scope('global', ['a', 'b'])",
    "nonlocal a": "Scope('nonlocal', ['a'])",
    "pass": "Jump('pass')",
    "while a:\n break\nelse:\n continue": "While(Name('a'), [Jump('break')], [Jump('continue')])",
    "if a: pass\nelif b: pass": "If(Name('a'), [Jump('pass')], [If(Name('b'), [Jump('pass')], [])])",
    "for a in b: pass": "For(Name('a'), Name('b'), [Jump('pass')], [], False)",
    "with a as b, c: pass": (
        "With([WithItem(Name('a'), Name('b')), WithItem(Name('c'), None)], [Jump('pass')], False)"
    ),
    "try: a\nexcept b as c: d\nelse: e\nfinally: f": (
        "Try([ExprStmt(Name('a'))], [Handler(Name('b'), 'c', [ExprStmt(Name('d'))])], "
        "[ExprStmt(Name('e'))], [ExprStmt(Name('f'))])"
    ),
    "try: a\nexcept: b": "Try([ExprStmt(Name('a'))], [Handler(None, None, [ExprStmt(Name('b'))])], [], [])",
    "try: a\nexcept* b: c": "Try([ExprStmt(Name('a'))], [Handler(Name('b'), None, [ExprStmt(Name('c'))])], [], [])",
    "@a\nclass B(c, d=e):\n 'doc'": "Class('B', [Name('c')], [Keyword('d', Name('e'))], [], [Name('a')])",
    "def f(a, /, b: c = d, *e, g=h, **i) -> j:\n 'doc'\n return": (
        "Function('f', Parameters([Parameter('a', None, None, 'positional'), "
        "Parameter('b', Name('c'), Name('d'), 'normal'), Parameter('e', None, None, 'args'), "
        "Parameter('g', None, Name('h'), 'keyword'), Parameter('i', None, None, 'kwargs')]), "
        "[Return(None)], [], Name('j'), False, True)"
    ),
    "async def f():\n await a\n async for b in c: pass\n async with d: pass": (
        "Function('f', Parameters([]), [ExprStmt(Await(Name('a'))), "
        "For(Name('b'), Name('c'), [Jump('pass')], [], True), "
        "With([WithItem(Name('d'), None)], [Jump('pass')], True)], [], None, True, False)"
    ),
    "match a:\n case b.C(d, e=[f, *g]) | {'h': None, **i} if j: pass\n case _: pass": (
        "Match(Name('a'), [Case(['d', 'f', 'g', 'i'], [Attribute(Name('b'), 'C'), Constant('str', 'h'), "
        "Constant('None', 'None')], Name('j'), False, [Jump('pass')]), Case([], [], None, True, [Jump('pass')])])"
    ),
    "match a:\n case (1 | x) as y: pass": (
        "Match(Name('a'), [Case(['y', 'x'], [Constant('int', '1')], None, True, [Jump('pass')])])"
    ),
}


@pytest.mark.parametrize(("source", "expected"), EXPRESSIONS.items())
def test_expression(source: str, expected: str) -> None:
    assert outline(skeleton_of(f"x = {source}\n").body) == f"[Assign([Name('x')], {expected}, None)]"


@pytest.mark.parametrize(("source", "expected"), STATEMENTS.items())
def test_statement(source: str, expected: str) -> None:
    assert outline(skeleton_of(source).body) == f"[{expected}]"


def test_docstrings_are_dropped_and_later_strings_kept() -> None:
    skeleton = skeleton_of("'module'\n'kept'\ndef f():\n '''doc'''\ndef g():\n 1\n 'kept'\n")
    kept, f, g = skeleton.body
    assert outline(kept) == "ExprStmt(Constant('str', 'kept'))"
    assert isinstance(f, Function)
    assert (f.docstring, f.body) == (True, ())
    assert isinstance(g, Function)
    assert (g.docstring, len(g.body)) == (False, 2)


# Places ---------------------------------------------------------------------------------------------------------------


def test_definitions_start_at_their_first_decorator_and_know_their_name() -> None:
    text = "if x:\n    @a\n    @b(\n        c)\n    async  def \\\n      f(g): pass\n"
    definition = next(node for node in walk(*skeleton_of(text).body) if isinstance(node, Function))
    assert definition.span == (2, 5, 6, 17)
    assert source_at(text, definition.name_span) == "f"


@pytest.mark.parametrize(
    ("source", "span", "name_span"),
    [
        ("class A: pass", (1, 1, 1, 14), (1, 7, 1, 8)),
        ("class\tA: pass", (1, 1, 1, 14), (1, 7, 1, 8)),
        ("@(\n  a)\nclass A: pass", (1, 1, 3, 14), (3, 7, 3, 8)),
        ("@ \\\n  a\nclass A: pass", (1, 1, 3, 14), (3, 7, 3, 8)),
        ("class \ufb01: pass", (1, 1, 1, 14), (1, 7, 1, 8)),
        ("é = 1; é\nif é: 1\nclass Ü(é): pass", (3, 1, 3, 17), (3, 7, 3, 8)),
    ],
)
def test_places_of_classes(source: str, span: tuple[int, int, int, int], name_span: tuple[int, int, int, int]) -> None:
    definition = skeleton_of(source).body[-1]
    assert isinstance(definition, Class)
    assert (definition.span, definition.name_span) == (span, name_span)


def test_parameters_reach_from_the_first_to_the_last_default() -> None:
    text = "def f(a, b: int = 3): pass\ndef g(): pass\nh = lambda: 0\n"
    found = [node.span for node in walk(*skeleton_of(text).body) if isinstance(node, Parameters)]
    assert found == [(1, 7, 1, 20), (2, 6, 2, 6), (3, 11, 3, 11)]


def test_parts_without_a_place_of_their_own_in_ast() -> None:
    text = "with a as b, c: pass\nx = [d for e in f if g]\nmatch h:\n case i if j:\n  pass\n"
    found = {type(node).__name__: node.span for node in walk(*skeleton_of(text).body)}
    assert found["WithItem"] == (1, 14, 1, 15)
    assert found["Generator"] == (2, 12, 2, 23)
    assert found["Case"] == (4, 7, 5, 7)


@pytest.mark.parametrize(
    "text",
    [
        "é.ß(ü, k=ñ)\n",
        "x = '日本', 名.前\n",
        "f'é{ü}é{ö.ä}', ñ\n",
        "s = '''é\n é''' + ü\n",
        "@é\ndef ñ(ü: ö = ä): return ß\n",
        "x = {'🎉': y}\n",
        "if é:\n\tx\n\ty\n",
        "\x0cx\n\x0cé\n",
    ],
)
def test_columns_count_characters(text: str) -> None:
    names = [node for node in walk(*skeleton_of(text).body) if isinstance(node, Name)]
    assert names
    assert [source_at(text, name.span) for name in names] == [name.id for name in names]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_move_nothing(line_end: str, mark: bytes) -> None:
    text = "x = 'é', y\n\nif z:\n\tw = '''a\nb''' # noqa\n"
    skeleton = build_skeleton(mark + text.replace("\n", line_end).encode(), "x.py")
    assert repr(skeleton) == repr(skeleton_of(text))
    assert skeleton.lines == 5
    assert [directive.span for directive in skeleton.directives] == [(5, 6, 5, 12)]


@pytest.mark.parametrize(("text", "lines"), [("", 0), ("\n", 1), ("x", 1), ("x\n\n", 2), ("x\n\x0c", 2)])
def test_lines(text: str, lines: int) -> None:
    assert skeleton_of(text).lines == lines


SAME_PLACES = (
    "Name Attribute Call Subscript Slice Starred Await Compare BoolOp UnaryOp IfExp Lambda Import ImportFrom Return "
    "Raise Delete Assert If While Try AugAssign"
).split()
STANDARD_LIBRARY = ("argparse", "ast", "asyncio/base_events", "dataclasses", "http/client", "json/encoder", "typing")


@pytest.mark.parametrize("module", STANDARD_LIBRARY)
def test_places_are_those_of_ast(module: str) -> None:
    data = (Path(ast.__file__).parent / f"{module}.py").read_bytes()
    lines = data.splitlines()
    expected = Counter(place(node, lines) for node in ast.walk(ast.parse(data)) if type(node).__name__ in SAME_PLACES)
    nodes = walk(*build_skeleton(data, "x.py").body)
    found = Counter((type(node).__name__, *node.span) for node in nodes if type(node).__name__ in SAME_PLACES)
    assert found == expected
    assert len(found) > 500


def test_format_string_texts_have_the_place_of_the_whole() -> None:
    string = assigned("f'a{b}'")
    assert isinstance(string, FString)
    assert [part.span for part in string.parts] == [(1, 5, 1, 12), (1, 9, 1, 10)]


def test_lone_surrogates_are_replaced_because_nothing_can_store_them() -> None:
    skeleton = skeleton_of(r"x = '\ud800é', f'\udfff{y}'")
    assert [node.value for node in walk(*skeleton.body) if isinstance(node, Constant)] == ["?é", "?"]
    assert msgspec.msgpack.encode(skeleton)


def test_long_chains_keep_order_and_operators() -> None:
    terms = [f"a{number}" for number in range(3 * LONG_CHAIN)]
    (statement,) = skeleton_of(" - ".join(terms)).body
    assert isinstance(statement, ExprStmt)

    def flat(expr: Expr) -> list[str]:
        return [*flat(expr.left), expr.op, *flat(expr.right)] if isinstance(expr, BinOp) else [dotted(expr) or ""]

    def depth(node: Node) -> int:
        return 1 + max(map(depth, children(node)), default=0)

    assert " ".join(flat(statement.value)) == " - ".join(terms)
    assert depth(statement.value) == 7
    assert statement.value.span == statement.span
