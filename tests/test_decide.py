"""Every finding gets a named answer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.decide import Judge, Selection, limit_to_paths
from threadly_lint.fingerprints import with_fingerprints
from threadly_lint.registry import load_registry
from threadly_lint.settings import Settings
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.suppressions import Suppressions
from threadly_lint.values import Confidence, Finding, Level

TODAY = date(2030, 6, 15)


def finding(
    line: int = 1,
    code: str = "TLA001",
    *,
    path: str = "a.py",
    level: Level = "error",
    confidence: Confidence = "high",
    message: str = "something is wrong",
    symbol: str = "",
) -> Finding:
    return Finding(path, line, 1, line, 2, code, "some-rule", level, confidence, message, symbol)


def suppressions(text: str) -> Suppressions:
    return Suppressions({"a.py": build_skeleton(text.encode(), "a.py")}, lambda path: text, TODAY)


def verdict(found: Finding, settings: Settings | None = None, text: str = "", leave_noqa: bool = False) -> str:
    return Judge(settings or Settings(), suppressions(text), leave_noqa).decide(found).verdict


@pytest.mark.parametrize(
    ("select", "ignore", "code", "expected"),
    [
        ((), (), "TLA001", True),
        (("TLA",), (), "TLA001", True),
        (("TLA",), (), "TLV001", False),
        (("TLA001",), ("TLA",), "TLA001", True),
        (("TLA001",), ("TLA",), "TLA002", False),
        (("TLA",), ("TLA001",), "TLA001", False),
        (("TLA",), ("TLA001",), "TLA002", True),
        (("TLA001",), ("TLA001",), "TLA001", False),
        (("TL",), ("TLA", "TLV0"), "TLV001", False),
        ((), ("TLA",), "TLA001", False),
        ((), ("TLA",), "TLE001", True),
        (("TLA",), (), "TLZ001", True),
        (("TLA",), ("TLZ",), "TLZ001", False),
        ((), ("TLZ001",), "TLZ001", False),
        ((), ("TLZ001",), "TLZ002", True),
    ],
)
def test_longer_prefix_wins(select: tuple[str, ...], ignore: tuple[str, ...], code: str, expected: bool) -> None:
    settings = Settings(select=select, ignore=ignore)
    assert Selection(settings).chooses(code) is expected
    assert verdict(finding(code=code), settings) == ("reported" if expected else "not-selected")


CODES = st.sampled_from(["TLA001", "TLA002", "TLA01", "TLA", "TLV001", "TLV", "TL"])


@given(select=st.lists(CODES), ignore=st.lists(CODES), code=st.sampled_from(["TLA001", "TLA002", "TLV001"]))
def test_order_of_prefixes_does_not_matter(select: list[str], ignore: list[str], code: str) -> None:
    forwards = Selection(Settings(select=tuple(select), ignore=tuple(ignore)))
    backwards = Selection(Settings(select=tuple(reversed(select)), ignore=tuple(reversed(ignore))))
    assert forwards.chooses(code) == backwards.chooses(code)
    assert not Selection(Settings(select=tuple(select), ignore=(*ignore, code))).chooses(code)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), "preview"),
        (Settings(select=("TLA",)), "preview"),
        (Settings(select=("TLA001",)), "reported"),
        (Settings(preview=True), "reported"),
        (Settings(preview=True, ignore=("TLA001",)), "not-selected"),
    ],
)
def test_preview_is_asked_for(settings: Settings, expected: str) -> None:
    assert verdict(finding(level="preview"), settings) == expected


@pytest.mark.parametrize(
    ("least", "reported"), [("high", {"high"}), ("medium", {"high", "medium"}), ("low", {"high", "medium", "low"})]
)
def test_confidence(least: Confidence, reported: set[str]) -> None:
    levels: tuple[Confidence, ...] = ("high", "medium", "low")
    verdicts = {one: verdict(finding(confidence=one), Settings(min_confidence=least)) for one in levels}
    assert {one for one, answer in verdicts.items() if answer == "reported"} == reported
    assert set(verdicts.values()) <= {"reported", "low-confidence"}


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("legacy/a.py", "TLA001", "per-file-ignore"),
        ("legacy/deep/a.py", "TLA002", "per-file-ignore"),
        ("legacy/a.py", "TLV001", "reported"),
        ("shop/legacy.py", "TLA001", "reported"),
        ("shop/api.py", "TLE001", "per-file-ignore"),
    ],
)
def test_per_file_ignores(path: str, code: str, expected: str) -> None:
    settings = Settings(per_file_ignores={"/legacy/": ("TLA",), "**/api.py": ("TLE001", "TLE002")})
    assert verdict(finding(path=path, code=code), settings) == expected


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("x = 1  # noqa\n", 1, "noqa"),
        ("x = 1  # noqa: TLA001\n", 1, "noqa"),
        ("x = 1  # noqa: E501, TLA001\n", 1, "noqa"),
        ("x = 1  # noqa: TLV001\n", 1, "reported"),
        ("x = 1  # noqa: E501\n", 1, "reported"),
        ("x = 1  # noqa: TLA0\n", 1, "noqa"),
        ("x = 1  # noqa\ny = 2\n", 2, "reported"),
        ("x = '# noqa'\n", 1, "reported"),
        ('x = """\n"""  # noqa: TLA001\n', 1, "noqa"),
        ("x = 1 + \\\n    2  # noqa: TLA001\n", 1, "noqa"),
        ("x = f(\n    2,  # noqa: TLA001\n)\n", 2, "noqa"),
        ("x = f(\n    2,\n)  # noqa: TLA001\n", 1, "reported"),
        ("# flake8: noqa\nx = 1\n", 2, "noqa"),
        ("# flake8: noqa: TLA001\nx = 1\n", 2, "noqa"),
        ("# flake8: noqa: TLV001\nx = 1\n", 2, "reported"),
        ("x = 1  # threadly: ignore[TLA001] a reason\n", 1, "suppressed"),
        ("x = 1  # threadly: ignore[TLV001, TLA001]\n", 1, "suppressed"),
        ("x = 1  # threadly: ignore[TLA] all of them\n", 1, "suppressed"),
        ("x = 1  # threadly: ignore[TLV001] other\n", 1, "reported"),
        ("x = 1  # threadly: ignore why not\n", 1, "reported"),
        ("x = f(  # threadly: ignore[TLA001] first line\n    2,\n)\n", 2, "suppressed"),
        ("x = f(\n    2,  # threadly: ignore[TLA001] own line\n)\n", 2, "suppressed"),
        ("x = f(\n    2,\n)  # threadly: ignore[TLA001] last line\n", 1, "reported"),
        ("@d\ndef f():  # threadly: ignore[TLA001] def\n    pass\n", 1, "suppressed"),
        ("@d  # threadly: ignore[TLA001] decorator\ndef f():\n    pass\n", 2, "suppressed"),
        ("def f():  # threadly: ignore[TLA001] not the body\n    pass\n", 2, "reported"),
        ("if x:\n    pass\nelse:\n    y = g(  # threadly: ignore[TLA001] deep\n        1)\n", 5, "suppressed"),
        ("x = 1  # threadly: ignore[TLA001] until 2030-06-15 today still\n", 1, "suppressed"),
        ("x = 1  # threadly: ignore[TLA001] until 2030-06-14 yesterday\n", 1, "reported"),
    ],
)
def test_comments(text: str, line: int, expected: str) -> None:
    assert verdict(finding(line), text=text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1  # noqa: TLA001\n", "reported"),
        ("# flake8: noqa\n", "reported"),
        ("# flake8: noqa: TLA001\n", "noqa"),
        ("x = 1  # threadly: ignore[TLA001] reason\n", "suppressed"),
    ],
)
def test_flake8_judges_its_own_comments(text: str, expected: str) -> None:
    assert verdict(finding(1), text=text, leave_noqa=True) == expected


def complaints(text: str, found: list[Finding], *, require_reason: bool = False, checked: str = "TL") -> list[str]:
    comments = suppressions(text)
    for one in found:
        comments.excuse(one)
    said = comments.complaints(load_registry(), lambda rule: rule.code.startswith(checked), require_reason)
    return [f"{one.line}:{one.column} {one.code} {one.message}" for one in said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1  # noqa\n", []),
        ("x = 1  # noqa: E501\n", []),
        ("x = 1  # noqa: TLA001\n", ["1:8 TLZ003 nothing here needs the suppression of `TLA001`"]),
        ("x = 1  # noqa: TLG001\n", []),
        (
            "x = 1  # noqa: TLA01\n",
            ["1:8 TLZ006 there is no code `TLA01`; did you mean `TLA001` (unguarded-database-access)?"],
        ),
        (
            "x = 1  # threadly: ignore\n",
            ["1:8 TLZ007 `# threadly: ignore` names no code; write `# threadly: ignore[CODE] reason`"],
        ),
        ("x = 1  # threadly: ingore[TLG001]\n", ["1:8 TLZ007 `# threadly: ingore` is unknown; did you mean `ignore`?"]),
        ("x = 1  # threadly: xyz\n", ["1:8 TLZ007 `# threadly: xyz` is unknown; known are `ignore`, `public`"]),
        ("x = 1  # threadly: public everyone may see it\n", []),
        (
            "x = 1  # threadly: ignore[TLA001] until 2020-01-01 x\n",
            ["1:8 TLZ005 the suppression of `TLA001` has expired: `until 2020-01-01 x`"],
        ),
    ],
)
def test_comments_are_judged_too(text: str, said: list[str]) -> None:
    assert complaints(text, [], checked="TLA") == said


def test_suppression_that_is_used_is_not_unused() -> None:
    text = "x = 1  # noqa: TLA001, TLG001\n"
    assert complaints(text, [finding(1)]) == ["1:8 TLZ003 nothing here needs the suppression of `TLG001`"]
    assert complaints(text, [finding(1), finding(1, "TLG001")]) == []


def test_reason_can_be_demanded() -> None:
    text = "x = 1  # threadly: ignore[TLA001]\ny = 1  # threadly: ignore[TLA001] a reason\n"
    found = [finding(1), finding(2)]
    assert complaints(text, found, require_reason=True) == ["1:8 TLZ004 the suppression of `TLA001` gives no reason"]
    assert complaints(text, found) == []


def test_paths_drop_what_was_reported_elsewhere() -> None:
    judge = Judge(Settings(ignore=("TLV",)), suppressions(""))
    decisions = tuple(judge.decide_all([finding(path="b.py"), finding(), finding(path="b.py", code="TLV001")]))
    assert [one.verdict for one in limit_to_paths(decisions, None)] == ["reported", "reported", "not-selected"]
    limited = limit_to_paths(decisions, frozenset({"a.py"}))
    assert [(one.finding.path, one.verdict) for one in limited] == [
        ("a.py", "reported"),
        ("b.py", "outside-paths"),
        ("b.py", "not-selected"),
    ]


def test_every_dropped_finding_says_why() -> None:
    settings = Settings(ignore=("TLV",), per_file_ignores={"b.py": ("TLA",)})
    judge = Judge(settings, suppressions("x = 1  # noqa\n"))
    found = [finding(1), finding(2, "TLV001"), finding(3, path="b.py"), finding(4, confidence="low"), finding(5)]
    answers = {one.finding.line: (one.verdict, one.because) for one in judge.decide_all(found)}
    assert answers == {
        1: ("noqa", "comment at line 1"),
        2: ("not-selected", "select and ignore"),
        3: ("per-file-ignore", "b.py"),
        4: ("low-confidence", "low is below medium"),
        5: ("reported", ""),
    }


def test_fingerprints_survive_moving_lines() -> None:
    before = [finding(3, message="line 3 calls"), finding(9, message="line 9 calls"), finding(4, "TLV001")]
    after = [finding(30, message="line 30 calls"), finding(90, message="line 90 calls"), finding(40, "TLV001")]
    marks = [[one.fingerprint for one in with_fingerprints(found)] for found in (before, after)]
    assert marks[0] == marks[1]
    assert len(set(marks[0])) == 3


@pytest.mark.parametrize(
    "other",
    [
        finding(code="TLA002"),
        finding(path="b.py"),
        finding(symbol="f"),
        finding(message="something else is wrong"),
    ],
)
def test_fingerprints_tell_findings_apart(other: Finding) -> None:
    assert with_fingerprints([other])[0].fingerprint != with_fingerprints([finding()])[0].fingerprint


def test_fingerprint_is_stable_for_ever() -> None:
    assert with_fingerprints([finding()])[0].fingerprint == "8d27e723a47d18cc"


@given(st.permutations([finding(1), finding(2), finding(3, "TLV001"), finding(1, path="b.py")]))
def test_fingerprints_do_not_depend_on_the_order_of_finding(found: list[Finding]) -> None:
    assert with_fingerprints(found) == with_fingerprints(sorted(found, key=lambda one: one.sort_key))


def test_odd_file_names_have_fingerprints() -> None:
    assert with_fingerprints([finding(path=str(Path("\udcff.py")))])[0].fingerprint
