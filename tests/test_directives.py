"""Comments that speak to the linter are found in comments only."""

from __future__ import annotations

import msgspec
import pytest
from outline import skeleton_of

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.nodes import (
    Directive,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x  # noqa", ("noqa", (), "", (1, 4, 1, 10))),
        ("x  # NOQA:tla001 , TLV reason", ("noqa", ("TLA001", "TLV"), "reason", (1, 4, 1, 30))),
        ("x  # noqa: for a reason", ("noqa", (), ": for a reason", (1, 4, 1, 24))),
        ("x  # noqa: E501TLA001", ("noqa", ("E501", "TLA001"), "", (1, 4, 1, 22))),
        ("x  # noqa: E501,F401, TL", ("noqa", ("E501", "F401", "TL"), "", (1, 4, 1, 25))),
        ("é  # why # noqa: E501,TLE002", ("noqa", ("E501", "TLE002"), "", (1, 10, 1, 29))),
        ("  # flake8: noqa", ("noqa-file", (), "", (1, 3, 1, 17))),
        ("# flake8: noqa: TLA001", ("noqa-file", ("TLA001",), "", (1, 1, 1, 23))),
        ("x # threadly: public", ("public", (), "", (1, 3, 1, 21))),
        ("x #threadly:public: a shop window", ("public", (), "a shop window", (1, 3, 1, 34))),
        ("x # threadly: ignore[tla001,TLV] why", ("ignore", ("TLA001", "TLV"), "why", (1, 3, 1, 37))),
        ("x # threadly: ignore[] why", ("ignore", (), "why", (1, 3, 1, 27))),
        ("x # threadly: ignore[TLA", ("ignore", (), "[TLA", (1, 3, 1, 25))),
        ("x # threadly:", ("", (), "", (1, 3, 1, 14))),
        ("x = '''\n#''' # threadly: public", ("public", (), "", (2, 6, 2, 24))),
        ("x = 'it\\'s' # threadly: public", ("public", (), "", (1, 13, 1, 31))),
        ("x = r'\\' + '#' # noqa", ("noqa", (), "", (1, 16, 1, 22))),
        ("(  # noqa", ("noqa", (), "", (1, 4, 1, 10))),
    ],
)
def test_directive(text: str, expected: tuple[object, ...]) -> None:
    skeleton = build_skeleton(text.encode(), "x.py")
    assert [msgspec.structs.astuple(directive) for directive in skeleton.directives] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "x = '# noqa'",
        'x = """\n# noqa\n"""',
        "x = 'a \\\n# noqa'",
        "x = f'{y} # threadly: public'",
        "x = '\\'# noqa'",
        "x  # flake8: noqa",
        "x  # a word: threadly",
        "x  #noqa",
        "noqa = threadly = 1",
        "x  # noqa: E501",
        "x  # NOQA:e501,F401 W605 TODO",
        "# flake8: noqa: E501",
    ],
)
def test_no_directive(text: str) -> None:
    assert skeleton_of(text).directives == ()


def test_several_directives_on_one_line() -> None:
    skeleton = skeleton_of("x\ny  # noqa: E501  # threadly: public a, b # noqa\n")
    assert skeleton.directives == (
        Directive("public", (), "a, b", (2, 18, 2, 41)),
        Directive("noqa", (), "", (2, 42, 2, 48)),
    )
