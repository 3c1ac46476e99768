"""Nothing that a file can hold makes the builder raise, and a problem is named with its place."""

from __future__ import annotations

import ast
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outline import outline, place, skeleton_of

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.expressions import MAX_DEPTH
from threadly_lint.skeleton.nodes import (
    Skeleton,
    Stmt,
)
from threadly_lint.skeleton.walk import walk


@pytest.mark.parametrize(
    ("data", "problem", "line", "column"),
    [
        (b"\xff\xfex\x00", "the file is encoded in UTF-16, which Python does not accept; save it as UTF-8", 1, 1),
        (b"\xfe\xff\x00x", "the file is encoded in UTF-16, which Python does not accept; save it as UTF-8", 1, 1),
        (b"\xff\xfe\0\0x", "the file is encoded in UTF-32, which Python does not accept; save it as UTF-8", 1, 1),
        (b"x\ny\0", "the file contains a null byte; it is binary or not encoded in UTF-8", 2, 2),
        ("x\né = '".encode() + b"\xff'", "the file is not valid UTF-8: byte 0xff cannot be decoded", 2, 6),
        (b"# coding: nothing\n", "the declared encoding cannot be used: unknown encoding: nothing", 1, 1),
        (b"# coding: rot13\n", "the declared encoding cannot be used: rot13", 1, 1),
        (b"# coding: utf-7\n'+2AA-'\n", "the declared encoding cannot be used: utf-7", 1, 1),
        (b"# coding: unicode_escape\n\\0\n", "the declared encoding cannot be used: unicode_escape", 1, 1),
        (b"x = 1\nif x\n", "syntax error: expected ':'", 2, 5),
        (b"\n\n(\n", "syntax error: '(' was never closed", 3, 1),
    ],
)
def test_problem(data: bytes, problem: str, line: int, column: int) -> None:
    skeleton = build_skeleton(data, "x.py")
    assert (skeleton.problem, skeleton.body) == (problem, ())
    assert skeleton.problem_span == (line, column, line, column)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf# coding: utf-8\nx = '\xc3\xa9', y\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9', y\n",
        b"#!/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\xe9', y\n",
        b"x = '\xc3\xa9', y  # coding of no matter\n",
    ],
)
def test_encodings(data: bytes) -> None:
    skeleton = build_skeleton(data, "x.py")
    assert outline(skeleton.body) == "[Assign([Name('x')], Sequence('tuple', [Constant('str', 'é'), Name('y')]), None)]"


def test_an_empty_file_is_no_problem() -> None:
    assert repr(build_skeleton(b"", "x.py")) == repr(Skeleton((), 0))


NESTED = {
    "parentheses": ("x = " + "(" * 10_000 + ")" * 10_000, "syntax error: too many nested parentheses"),
    "signs": ("x = " + "-" * 10_000 + "1", "nested too deeply to be analysed"),
    "attributes": ("x = a" + ".b" * 10_000, "nested too deeply to be analysed"),
    "calls": ("x = a" + "()" * 10_000, "nested too deeply to be analysed"),
    "lambdas": ("x = " + "lambda: " * 10_000 + "1", "nested too deeply to be analysed"),
    "powers": ("x = " + "**".join("1" * 10_000), "nested too deeply to be analysed"),
    "branches": ("if a: pass\n" + "elif a: pass\n" * 10_000, "nested too deeply to be analysed"),
    "format strings": ("x = " + 'f"{' * 10_000 + '}"' * 10_000, "nested too deeply to be analysed"),
    "sum": ("x = " + "+".join("1" * 10_000), ""),
    "sum after newer syntax": ("try: a\nexcept A, B: b\nx = " + "+".join("1" * 10_000), ""),
    "deepest parentheses": ("x = " + "f(" * 190 + ")" * 190, ""),
}


@pytest.mark.parametrize("case", NESTED)
def test_deep_nesting_neither_crashes_nor_breaks_storage(case: str) -> None:
    text, problem = NESTED[case]
    program = (
        "import sys, msgspec\n"
        "from threadly_lint.skeleton.build import build_skeleton\n"
        "from threadly_lint.skeleton.nodes import Skeleton\n"
        "skeleton = build_skeleton(sys.stdin.buffer.read(), 'x.py')\n"
        "assert repr(msgspec.msgpack.decode(msgspec.msgpack.encode(skeleton), type=Skeleton)) == repr(skeleton)\n"
        "print(skeleton.problem)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], input=text.encode(), capture_output=True, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    if case == "format strings":
        assert ended.stdout.strip()
    else:
        assert ended.stdout.decode().strip() == problem


def test_the_depth_limit_is_exact() -> None:
    fits, too_deep = (build_skeleton(b"a" + b".b" * count, "x.py") for count in (MAX_DEPTH - 1, MAX_DEPTH))
    assert fits.problem == ""
    assert (too_deep.problem, too_deep.problem_span) == ("nested too deeply to be analysed", (1, 1, 1, 2))


# Anything at all ------------------------------------------------------------------------------------------------------

SIMPLE = st.sampled_from(
    ["import a", "from .b import c", "é = b", "a.é += 1", "f(a, *b, c=d)", "del a[b]", "pass", "'é'", "return", "raise"]
)
VALUES = st.sampled_from(
    ["a.b(é) + c", "[a for é in b if c]", "{a: b, **c}", "f'é{a!r}é{b:{c}}'", "lambda ü: a < b", "-a if b else c"]
)
HEADS = st.sampled_from(["if a:", "for é in b:", "while a:", "with a:", "def f(ü):", "class C:", "try:"])


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Valid source."""
    lines: list[str] = []
    indent = 0
    for _ in range(draw(st.integers(1, 12))):
        indent = draw(st.integers(0, indent))
        head = draw(st.one_of(HEADS, st.none()))
        lines.append("  " * indent + (head or draw(SIMPLE)) + draw(st.sampled_from(["", "  # é", "  # noqa"])))
        if head is not None:
            indent += 1
            lines.append("  " * indent + f"x = 'é', {draw(VALUES)}")
        if head == "try:":
            lines.append("  " * (indent - 1) + "finally: pass")
            indent -= 1
    return "\n".join(lines)


@given(programs())
def test_every_statement_survives_with_its_place(text: str) -> None:
    lines = text.encode().split(b"\n")
    expected = sorted(place(node, lines)[1:] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt))
    found = sorted(node.span for node in walk(*skeleton_of(text).body) if isinstance(node, Stmt))
    assert found == [span for span in expected if span not in docstrings(text)]


def docstrings(text: str) -> set[tuple[int, ...]]:
    """The places of the docstrings."""
    owners = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    ]
    lines = text.encode().split(b"\n")
    return {place(owner.body[0], lines)[1:] for owner in owners if ast.get_docstring(owner, clean=False) is not None}


@given(programs())
def test_storage_changes_nothing(text: str) -> None:
    skeleton = skeleton_of(text)
    assert repr(msgspec.msgpack.decode(msgspec.msgpack.encode(skeleton), type=Skeleton)) == repr(skeleton)


def is_sound(skeleton: Skeleton) -> bool:
    """Whether the skeleton has a body or a problem inside the file, and can be stored."""
    line, column, end_line, end_column = skeleton.problem_span
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(skeleton), type=Skeleton)
    inside = 1 <= line <= end_line <= max(skeleton.lines, 1) + 1 and column >= 1 and end_column >= 1
    return inside and not (skeleton.problem and skeleton.body) and repr(stored) == repr(skeleton)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_skeleton(data: bytes) -> None:
    assert is_sound(build_skeleton(data, "x.py"))


SCRAPS = st.sampled_from(
    [*"()[]{}:;,=\"'\\#*@ \n\t\x0c\r", 'f"', "{x}", "{{", "except A, B:", "type X", "def f[T]", "é", "'''"]
)


@given(programs(), st.data())
def test_damaged_programs_give_a_skeleton(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 5)))
        text = text[:start] + data.draw(SCRAPS) + text[end:]
    assert is_sound(build_skeleton(text.encode(), "x.py"))
