"""Newer syntax is read as an older spelling would be, at the places where it stands."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outline import assigned, outline, skeleton_of, source_at

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.columns import Move
from threadly_lint.skeleton.nodes import Assign, Class, Function, Handler, Name
from threadly_lint.skeleton.normalise import Normalised, normalise
from threadly_lint.skeleton.walk import walk

STATEMENTS = {
    "try: a\nexcept B, C.d: e": "try: a\nexcept (B, C.d): e",
    "try: é\nexcept  Ü[0] , c(d) : é.a": "try: é\nexcept (Ü[0], c(d)): é.a",
    "try: a\nexcept* B, C: e": "try: a\nexcept* (B, C): e",
    "type A = b.c": "A = b.c",
    "type  A[T: (b, c) = d, *E, **F] = g[T]": "A = g[T]",
    "if é: type É = ü; type D = e": "if é: É = ü; D = e",
    "type A[\n  T,  # why\n] = b": "A = b",
    "type A = b\ntype = c\ntype: d = e\ntype(f)\ntype[g] = h": "A = b\ntype = c\ntype: d = e\ntype(f)\ntype[g] = h",
    "def f[T](a: T) -> T: b": "def f(a: T) -> T: b",
    "async def f[\n  T: a = b, **P\n](c,\n  d): e": "async def f(c, d): e",
    "class A[T]: b": "class A: b",
    "class A[T](b[T], c=d): e": "class A(b[T], c=d): e",
    "class A[\n  T\n]:\n  def f[K](self): b": "class A:\n  def f(self): b",
}
FORMAT_STRINGS = {
    "f'{a['b']}', c": "f\"{a['b']}\", c",
    'f"a {b["c"]!r:>{d}} {e=}"': "f\"a {b['c']!r:>{d}} {e=}\"",
    'f"é{é["ü"]}{ö}", é.ö': "f\"é{é['ü']}{ö}\", é.ö",
    'f"{f"{f"{a.b}"}"}"': 'f"""{f\'{f"{a.b}"}\'}"""',
    'f"{\n  a.b(  # why\n    c)\n}", d': "f'{a.b(c)}', d",
    'f"""{a["""b"""]}\n {c}""", d': "f'{a[\"b\"]}\\n {c}', d",
    'rf"\\d{a["b"]}\\n"': "rf\"\\d{a['b']}\\n\"",
    'f"\\N{EM DASH}\\x41\\"{a["b"]}{{}}"': 'f"\\N{EM DASH}\\x41\\"{a[\'b\']}{{}}"',
    "'a' f'{b['c']}' \"d\" f'e', f": "'a' f'{b[\"c\"]}' \"d\" f'e', f",
    "('a'  # why\n  f'{b['c']}'\n  'd')": "('a' f'{b[\"c\"]}' 'd')",
    'f"{a["b"] != c}{(d := e["f"])}{g["h"]:=5}"': "f\"{a['b'] != c}{(d := e['f'])}{g['h']:=5}\"",
    'f"{(lambda a: a["b"])(c)}{ {"d": e}["f"] }"': "f\"{(lambda a: a['b'])(c)}{ {'d': e}['f'] }\"",
    'f"{a:{b:{c}}}"': 'f"{a:{b}{c}}"',
    'f"{yield a["b"]}"': "f\"{yield a['b']}\"",
    'f"{a["b"]}" % c, [f"{d["e"]}" for d in f]': "f\"{a['b']}\" % c, [f\"{d['e']}\" for d in f]",
    "t'a {b.c!r}' t'd', e": "f'a {b.c!r}d', e",
    "rt'\\d{a}'": "rf'\\d{a}'",
}


@pytest.mark.parametrize(("newer", "older"), STATEMENTS.items())
def test_statements_mean_the_same(newer: str, older: str) -> None:
    assert outline(skeleton_of(newer).body) == outline(skeleton_of(older).body)


@pytest.mark.parametrize(("newer", "older"), FORMAT_STRINGS.items())
def test_format_strings_mean_the_same(newer: str, older: str) -> None:
    assert outline(assigned(newer)) == outline(assigned(older))


def test_expressions_with_backslashes() -> None:
    assert outline(assigned(r"""f"{'\n'.join(a)}\t" """)) == (
        r"FString([Call(Attribute(Constant('str', '\n'), 'join'), [Name('a')], []), Constant('str', '\t')])"
    )


@pytest.mark.parametrize("text", [*STATEMENTS, *(f"é = 'é'; x = {newer}; y" for newer in FORMAT_STRINGS)])
def test_names_stay_in_their_places(text: str) -> None:
    names = [node for node in walk(*skeleton_of(text).body) if isinstance(node, Name)]
    assert names
    assert [source_at(text, name.span) for name in names] == [name.id for name in names]


@pytest.mark.parametrize(
    ("text", "node_class", "expected"),
    [
        ("class A[\n  T\n]:\n  x", Class, "class A[\n  T\n]:\n  x"),
        ("@a\ndef f[T](): x", Function, "@a\ndef f[T](): x"),
        ("if a: type B[C] = d[C]; e", Assign, "type B[C] = d[C]"),
        ("x = t'{a}' 'b', 1", Assign, "x = t'{a}' 'b', 1"),
        ("try: a\nexcept B, C: d", Handler, "except B, C: d"),
    ],
)
def test_spans_are_those_of_the_newer_spelling(text: str, node_class: type, expected: str) -> None:
    (found,) = [node.span for node in walk(*skeleton_of(text).body) if isinstance(node, node_class)]
    assert source_at(text, found) == expected


def test_the_bare_tuple_of_exceptions_has_no_brackets_in_its_span() -> None:
    text = "try: a\nexcept B, C: d"
    (handler,) = [node for node in walk(*skeleton_of(text).body) if isinstance(node, Handler)]
    assert handler.exception is not None
    assert source_at(text, handler.exception.span) == "B, C"


@pytest.mark.parametrize(
    ("text", "expected", "moves"),
    [
        (
            "a\nexcept A, B: b",
            "a\nexcept (A, B): b",
            {2: [Move(7, 7, 7, 8), Move(11, 11, 12, 13)]},
        ),
        ("class A[\n T]: b", "class A(\n): b", {1: [Move(7, 7, 7, 8)], 2: [Move(0, 3, 0, 1)]}),
    ],
)
def test_rewriting(text: str, expected: str, moves: dict[int, list[Move]]) -> None:
    assert normalise(text) == Normalised(expected, moves)


@pytest.mark.parametrize(
    "text",
    [
        "try: a\nexcept (B, C): d\nexcept E as f: g\nexcept: h",
        "type = a[b]",
        "f'{a[\"b\"]}' + f'{{\"}}' + f'''{a['b']}''' + f'{a:\\n}'",
        "x = 'type A = b'  # def f[T]()",
        "f'{",
        "f'{a",
        "f'}'",
        "def f[T",
        "type",
        "except",
        "class",
        "",
    ],
)
def test_nothing_to_rewrite(text: str) -> None:
    assert normalise(text) is None


def test_source_that_uses_the_stand_ins_is_left_alone() -> None:
    assert normalise("try: __threadly_format__\nexcept A, B: c") is None


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("try: a\nexcept A, B: c\nd e\n", "syntax error: invalid syntax", 3),
        ("try: a\nexcept A, B as c: d\n", "syntax error: multiple exception types must be parenthesized", 2),
        ("x = f'{a['b']}' b'c'\n", "syntax error: ", 1),
    ],
)
def test_errors_beside_newer_syntax_are_told_where_they_are(text: str, problem: str, line: int) -> None:
    skeleton = build_skeleton(text.encode(), "x.py")
    assert skeleton.problem.startswith(problem)
    assert skeleton.problem_span[0] == line


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python reads it itself")
def test_newer_syntax_is_marked() -> None:
    assert skeleton_of("x = t''").newer_syntax
    assert not skeleton_of("x = f''").newer_syntax


# Format strings of any shape ------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "é", "b.ü", "c[0]"])


def fields(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions that may hold quoted texts, with ``@`` for the quote."""
    return st.one_of(
        NAMES,
        st.builds("{}[@k é@]".format, inner),
        st.builds("f({}, k={})".format, inner, inner),
        st.builds("({} + @#@)".format, inner),
        st.builds("(lambda y: {})".format, inner),
    )


PARTS = st.one_of(
    st.sampled_from(["", "text ", "é", "{{", "}}", "\\n", "\\N{EM DASH}", ": "]),
    st.builds("{{{}}}".format, st.recursive(NAMES, fields, max_leaves=4)),
    st.builds("{{ {} = }}".format, NAMES),
    st.builds("{{{}!r:>{{{}}}}}".format, NAMES, NAMES),
)


@given(st.lists(PARTS, max_size=4).map("".join), st.sampled_from(["", "'é' ", "f'{é}' "]))
def test_format_strings_of_any_shape(parts: str, before: str) -> None:
    newer = f'x = {before}f"{parts}"; é'.replace("@", '"')
    older = f'x = {before}f"{parts}"; é'.replace("@", "'").replace("#", "+")
    assert outline(skeleton_of(newer).body) == outline(skeleton_of(older).body).replace("'+')", "'#')")
    names = [node for node in walk(*skeleton_of(newer).body) if isinstance(node, Name)]
    assert [source_at(newer, name.span) for name in names] == [name.id for name in names]


@given(st.text(alphabet="ft\"'{}\\:=!#ab[]() \n,", max_size=40))
def test_lines_stay_whatever_is_rewritten(text: str) -> None:
    normalised = normalise("def f[T](): type A = b\n" + text)
    assert normalised is None or normalised.text.count("\n") == text.count("\n") + 1


def test_what_is_rewritten_needs_no_newer_python() -> None:
    for text in (*STATEMENTS, *(f"x = {newer}" for newer in FORMAT_STRINGS)):
        normalised = normalise(text)
        assert normalised is not None
        ast.parse(normalised.text, feature_version=(3, 11))
