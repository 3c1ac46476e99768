"""The harness accepts what is right and rejects each way of being wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from toys import TOY_RULES

from threadly_lint.registry import load_registry
from threadly_lint.testing import check_fixture, find_fixtures

pytestmark = pytest.mark.usefixtures("toy_program")

FLAWED = "x = 1\nif x:\n    flaw()  # expect: TLY001\n"
FIXABLE = "flaw('safe')  # expect: TLY001\nflaw('unsafe')  # expect: TLE001, TLY001\nother()  # expect: TLE001\n"


def hold(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    check_fixture(folder, "TLY001", load_registry([TOY_RULES]))


def complaint(folder: Path, files: dict[str, str]) -> str:
    with pytest.raises(AssertionError) as raised:
        hold(folder, files)
    said = str(raised.value)
    name = f"{folder.parent.name}/{folder.name}: "
    assert said.startswith(name)
    return said.removeprefix(name)


@pytest.mark.parametrize(
    ("case", "files"),
    [
        ("flawed", {"a.py": FLAWED}),
        ("flawed_in_package", {"shop/__init__.py": "", "shop/api.py": FLAWED}),
        ("flawed_preview", {"a.py": "flaw('preview')  # expect: TLY001\n"}),
        ("flawed_with_settings", {"a.py": FLAWED, "pyproject.toml": "[tool.threadly-lint]\nignore = ['TLY']\n"}),
        ("flawed_fixable", {"a.py": FIXABLE}),
        (
            "flawed_fixed",
            {"a.py": FIXABLE, "b.py": "", "fixed/a.py": "sound('safe')\nsound('unsafe')\nother()\n"},
        ),
        ("flawed_latin", {"a.py": "# coding: latin-1\nflaw()  # expect: TLY001\n"}),
        ("sound", {"a.py": "sound()\n"}),
        ("sound_low_confidence", {"a.py": "flaw('low')\n"}),
        ("sound_other_code", {"a.py": "sound()  # expect: TLE001\n"}),
    ],
)
def test_true_fixture_passes(tmp_path: Path, case: str, files: dict[str, str]) -> None:
    hold(tmp_path / case, files)


@pytest.mark.parametrize(
    ("case", "files", "said"),
    [
        ("flawed", {"a.py": "sound()  # expect: TLY001\n"}, "a.py:1: TLY001 is expected"),
        (
            "flawed",
            {"a.py": "flaw()  # expect: TLY001\nflaw()\n"},
            "a.py:2: TLY001 is not expected: `flaw` is called with 0 wishes",
        ),
        ("sound", {"a.py": "flaw()\n"}, "a.py:1: TLY001 is not expected: `flaw` is called with 0 wishes"),
        (
            "sound",
            {"a.py": "flaw('crash')\n"},
            ".:1: TLZ002 is not expected: rule TLY001 (call-to-flaw) crashed here: KeyError: 'asked for'",
        ),
        ("sound", {"a.py": "def (\n"}, "a.py:1: TLZ001 is not expected: syntax error: invalid syntax"),
        ("sound", {"a.py": FLAWED}, "a folder is named `flawed...` when it expects TLY001, otherwise `sound...`"),
        ("flawed", {"a.py": ""}, "a folder is named `flawed...` when it expects TLY001, otherwise `sound...`"),
        ("other", {"a.py": FLAWED}, "a folder is named `flawed...` when it expects TLY001, otherwise `sound...`"),
        ("flawed", {"a.py": FLAWED, "fixed/a.py": FLAWED}, "there is a folder fixed, but the rule offers no fix"),
        (
            "flawed",
            {"a.py": "flaw('safe', 'vain')  # expect: TLY001\n"},
            "a.py:1: the fix is refused: it changes nothing",
        ),
        (
            "flawed",
            {"a.py": "flaw('safe')  # expect: TLY001\n", "fixed/a.py": "sound()\n"},
            "the fixes do not make fixed/a.py:\n--- a.py\n+++ a.py\n@@ -1 +1 @@\n-sound()\n+sound('safe')\n",
        ),
        (
            "flawed",
            {"a.py": "flaw('safe')  # expect: TLY001\n", "b.py": "x = 1\n", "fixed/b.py": "x = 1\n"},
            "the fixes do not make fixed/a.py:\n--- a.py\n+++ a.py\n@@ -1 +1 @@\n-flaw('safe')\n+sound('safe')\n",
        ),
    ],
)
def test_false_fixture_is_rejected(tmp_path: Path, case: str, files: dict[str, str], said: str) -> None:
    assert complaint(tmp_path / case, files) == said


def test_finding_that_noqa_cannot_reach_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threadly_lint.suppressions.Suppressions.excuse", lambda self, finding: None)
    assert complaint(tmp_path / "flawed", {"a.py": FLAWED}) == "a.py:3: a noqa comment does not suppress TLY001"


def test_run_that_changes_files_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threadly_lint import testing

    honest = testing.run

    def meddling(project, registry, request, progress=None):  # type: ignore[no-untyped-def]
        (project.root / "left.txt").touch()
        return honest(project, registry, request, progress)

    monkeypatch.setattr(testing, "run", meddling)
    assert complaint(tmp_path / "flawed", {"a.py": FLAWED}) == "the run changed files"


def test_fixtures_are_found_by_folder(tmp_path: Path) -> None:
    for name in ("rule_b/sound_x", "rule_a/flawed", "rule_a/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "rule_a/README").touch()
    found = find_fixtures(tmp_path)
    assert [(one.id, one.rule_name, one.case) for one in found] == [
        ("rule_a/flawed", "rule_a", "flawed"),
        ("rule_b/sound_x", "rule_b", "sound_x"),
    ]
    assert found[0].folder == tmp_path / "rule_a/flawed"
