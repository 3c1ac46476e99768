"""Moving about in skeletons, and the values of literals."""

from __future__ import annotations

import pytest
from outline import assigned, skeleton_of

from threadly_lint.skeleton.nodes import (
    NOWHERE,
    Call,
    Constant,
    Name,
    With,
)
from threadly_lint.skeleton.walk import children, constant, dotted, walk


@pytest.mark.parametrize(
    ("source", "expected"), [("a", "a"), ("a.b.c", "a.b.c"), ("a().b", None), ("'a'.b", None), ("a[0]", None)]
)
def test_dotted(source: str, expected: str | None) -> None:
    assert dotted(assigned(source)) == expected


def test_walk_is_in_source_order_and_children_are_direct() -> None:
    text = "with a(b, *c, d=e) as f:\n    g = {h: i, **j}\n    del k[l:m]\n"
    skeleton = skeleton_of(text)
    assert "".join(node.id for node in walk(*skeleton.body) if isinstance(node, Name)) == "abcefghijklm"
    (statement,) = skeleton.body
    assert isinstance(statement, With)
    assert children(statement) == [*statement.items, *statement.body]
    (call,) = [node for node in walk(statement) if isinstance(node, Call)]
    assert children(call) == [call.func, *call.args, *call.keywords]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        *(
            (repr(value), value)
            for value in ("", "é\n", b"", b"\xff\0", 0, 10**50, 1.5, 2j, True, False, None, -3, -2.5)
        ),
        ("1e999", float("inf")),
        ("...", ...),
    ],
)
def test_constants_come_back(source: str, value: object) -> None:
    assert constant(assigned(source), "missing") == value
    assert type(constant(assigned(source), "missing")) is type(value)


def test_a_huge_number_comes_back() -> None:
    assert constant(assigned(hex(1 << 20_000))) == 1 << 20_000


def test_what_is_no_constant_gives_the_default() -> None:
    assert constant(assigned("-y"), 7) == 7
    assert constant(None) is None
    assert constant(Constant(NOWHERE, "str", "a"), 7) == "a"
