"""Reports: exact text for people, stable data for machines."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from threadly_lint.report.diff import render_diff
from threadly_lint.report.json import render_json
from threadly_lint.report.summary import summarise_run
from threadly_lint.report.text import render_statistics, render_text
from threadly_lint.values import Finding, Fix, ReplaceExpression, Span, Step

FINDING = Finding(
    path="shop/api.py",
    line=2,
    column=5,
    end_line=2,
    end_column=9,
    code="TLA001",
    name="unguarded-database-access",
    level="error",
    confidence="high",
    message="`create` writes `Order`",
    symbol="create",
)
EDIT = ReplaceExpression(Span(2, 5, 2, 9), "safe()")


def rendered(finding: Finding, text: str, colour: bool = False) -> str:
    return "".join(render_text([finding], lambda path: text, lambda path: path, colour))


def test_minimal_block() -> None:
    assert rendered(FINDING, "x = 1\nawait save(order)\n") == (
        "TLA001 error: `create` writes `Order`\n --> shop/api.py:2:5\n  |\n2 | await save(order)\n  |     ^^^^\n  |\n"
    )


def test_full_block() -> None:
    finding = replace(
        FINDING,
        line=101,
        end_line=101,
        confidence="medium",
        level="warning",
        trail=(Step("shop/api.py", 101, "calls `save`"), Step("shop/db.py", 7, "writes `Order`")),
        fix=Fix("suggested", "Add `Depends(current_user)`", edits=(EDIT,)),
    )
    assert rendered(finding, "\n" * 100 + "    save(order)\n") == (
        "TLA001 warning (medium confidence): `create` writes `Order`\n"
        "   --> shop/api.py:101:5\n"
        "    |\n"
        "101 |     save(order)\n"
        "    |     ^^^^\n"
        "    |\n"
        "    = trail: shop/api.py:101  calls `save`\n"
        "             shop/db.py:7     writes `Order`\n"
        "    = fix: Add `Depends(current_user)` (suggested, see --diff)\n"
    )


@pytest.mark.parametrize(
    ("fix", "remedy"),
    [
        (Fix("safe", "Do it", edits=(EDIT,)), "Do it (--fix)"),
        (Fix("unsafe", "Do it", edits=(EDIT,)), "Do it (--fix --unsafe-fixes)"),
        (Fix("suggested", "Do it", edits=(EDIT,)), "Do it (suggested, see --diff)"),
        (Fix("suggested", "Do it"), "Do it (suggested, by hand)"),
    ],
)
def test_remedy_says_how_to_get_it(fix: Fix, remedy: str) -> None:
    assert f"= fix: {remedy}\n" in rendered(replace(FINDING, fix=fix), "")


def excerpt(finding: Finding, text: str) -> tuple[str, str]:
    _, _, _, line, carets, *_ = rendered(finding, text).split("\n")
    return line.partition("| ")[2], carets.partition("| ")[2]


@pytest.mark.parametrize(
    ("line", "span", "shown", "carets"),
    [
        ("\tsave(x)", (2, 6), "    save(x)", "    ^^^^"),
        ("é = save(x)", (5, 9), "é = save(x)", "    ^^^^"),
        ("'東京', save(x)", (7, 11), "'東京', save(x)", "        ^^^^"),
        ("'e\u0301', save(x)", (7, 11), "'e\u0301', save(x)", "     ^^^^"),
        ("x = 1", (1, 1), "x = 1", "^"),
        ("x = '\x1b[31m'", (1, 2), "x = '\ufffd[31m'", "^"),
    ],
)
def test_underline_stands_below_its_text(line: str, span: tuple[int, int], shown: str, carets: str) -> None:
    finding = replace(FINDING, line=1, end_line=1, column=span[0], end_column=span[1])
    assert excerpt(finding, line + "\n") == (shown, carets)


def test_span_over_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    finding = replace(FINDING, line=1, column=3, end_line=3, end_column=2)
    assert excerpt(finding, "f(a,\n  b,\n)\n") == ("f(a,", "  ^^")


def test_very_long_line_is_cut_around_the_place() -> None:
    finding = replace(FINDING, line=1, end_line=1, column=1001, end_column=1005)
    shown, carets = excerpt(finding, "a" * 1000 + "HERE" + "b" * 1000 + "\n")
    assert len(shown) == 160
    assert shown[carets.index("^") : carets.index("^") + 4] == "HERE"
    assert carets.strip() == "^^^^"


def test_line_ends_of_other_systems_and_form_feeds_do_not_shift_lines() -> None:
    assert excerpt(FINDING, "\f'\x85\u2028'\r\n    save(x)\r") == ("    save(x)", "    ^^^^")


@pytest.mark.parametrize("text", ["", "x = 1\n"])
def test_missing_source_leaves_the_excerpt_out(text: str) -> None:
    out = rendered(replace(FINDING, line=7, end_line=7), text)
    assert out == "TLA001 error: `create` writes `Order`\n --> shop/api.py:7:5\n"


def test_worst_comes_first() -> None:
    warning = replace(FINDING, line=1, level="warning")
    blocks = list(render_text([warning, FINDING], lambda path: "", lambda path: path, colour=False))
    assert [block.split(":")[0] for block in blocks] == ["TLA001 error", "TLA001 warning"]


def test_colour_changes_nothing_but_colour() -> None:
    import click

    text = "x = 1\nawait save(order)\n"
    finding = replace(FINDING, trail=(Step("a.py", 1, "calls `f`"),), fix=Fix("safe", "Do it"))
    assert "\x1b[" in rendered(finding, text, colour=True)
    assert click.unstyle(rendered(finding, text, colour=True)) == rendered(finding, text)


@given(
    line=st.text(max_size=300),
    column=st.integers(1, 400),
    width=st.integers(0, 50),
    message=st.text(max_size=40),
)
def test_any_text_can_be_shown_and_steers_no_terminal(line: str, column: int, width: int, message: str) -> None:
    finding = replace(FINDING, line=1, end_line=1, column=column, end_column=column + width, message=message)
    out = rendered(finding, line)
    assert all(character.isprintable() or character == "\n" for character in out)
    assert out.count("\n") in (2, 6)


def test_statistics_are_ordered_by_count_then_code() -> None:
    found = [FINDING, *[replace(FINDING, code=code, name=code.lower()) for code in ("TLB001", "TLC001", "TLC001")]]
    assert render_statistics(found) == ("2  TLC001  tlc001\n1  TLA001  unguarded-database-access\n1  TLB001  tlb001\n")
    assert render_statistics([]) == ""


def test_json_survives_odd_characters() -> None:
    finding = replace(FINDING, path="\udcff.py", message="`\ud800` é")
    document = render_json([finding])
    assert document.isascii()
    assert json.loads(document)["findings"][0]["message"] == "`\ud800` é"


@pytest.mark.parametrize(
    ("found", "fixed", "line"),
    [
        ([], 0, "No findings in 1 file (1,234 lines), 0.50 s"),
        ([FINDING], 0, "1 finding (1 error) in 1 file (1,234 lines), 0.50 s"),
        ([FINDING, FINDING], 3, "3 fixed, 2 findings (2 errors) in 1 file (1,234 lines), 0.50 s"),
        ([], 2, "2 fixed, no findings in 1 file (1,234 lines), 0.50 s"),
        (
            [replace(FINDING, level="preview"), FINDING, replace(FINDING, level="warning")],
            0,
            "3 findings (1 error, 1 warning, 1 preview) in 1 file (1,234 lines), 0.50 s",
        ),
    ],
)
def test_summary(found: list[Finding], fixed: int, line: str) -> None:
    assert summarise_run(found, 1, 1234, 0.5, fixed) == line


TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "d"]), max_size=12).map("".join)


@settings(max_examples=25)
@given(old=TEXTS.filter(bool), new=TEXTS.filter(bool))
def test_diff_can_be_applied(tmp_path_factory: pytest.TempPathFactory, old: str, new: str) -> None:
    folder = tmp_path_factory.mktemp("diff")
    (folder / "a.py").write_bytes(old.encode())
    diff = render_diff("a.py", old, new)
    assert (diff == "") is (old == new)
    if diff:
        subprocess.run(["git", "apply", "-p0"], input=diff.encode(), cwd=folder, check=True)
    assert (folder / "a.py").read_bytes() == new.encode()
