"""Path patterns in the settings that match no file, through all doors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended

from threadly_lint.project import load_project
from threadly_lint.unmatched import unmatched_patterns

Command = Callable[..., Ended]
SETTINGS = """\
[project]
name = "legacy/"

[tool.threadly-lint]
extend-exclude = ["generated/", "legacy/"]
exempt = [
    "tests/",
    "tools/",
    "scripts/*.py",
]

[tool.threadly-lint.per-file-ignores]
"a.py" = ["TLE"]
"legacy/" = ["TLE"]
"!b.py" = ["TLE"]
'pyproject.toml' = ["TLA"]
"""
EXPECTED = [
    ("pyproject.toml", 8, 5, "the pattern `tools/` of `exempt` matches no file of the project"),
    ("pyproject.toml", 14, 1, "the pattern `legacy/` of `per-file-ignores` matches no file of the project"),
]


def write(folder: Path, settings: str = SETTINGS) -> None:
    (folder / "pyproject.toml").write_text(settings)
    (folder / "scripts").mkdir()
    for name in ("a.py", "b.py", "scripts/load.py"):
        (folder / name).write_text("x = 1\n")


def test_patterns_that_match_nothing_are_found_where_they_stand(tmp_path: Path) -> None:
    write(tmp_path)
    found = sorted(unmatched_patterns(load_project(tmp_path)), key=lambda one: one.line)
    assert [(f.path, f.line, f.column, f.message) for f in found] == EXPECTED
    assert {(f.code, f.level, f.confidence) for f in found} == {("TLZ009", "warning", "high")}
    assert [f.end_column - f.column for f in found] == [len('"tools/"'), len('"legacy/"')]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ('[tool.threadly-lint]\nper-file-ignores = { "gone.py" = ["TLE"] }\n', (2, 22)),
        ("[tool.threadly-lint]\nexempt = ['gone.py']\n", (2, 11)),
        ('[tool.threadly-lint]\nexempt = ["gone\\u002Epy"]\n', (1, 1)),
    ],
)
def test_the_place_of_a_pattern(tmp_path: Path, settings: str, place: tuple[int, int]) -> None:
    write(tmp_path, settings)
    assert [(f.line, f.column) for f in unmatched_patterns(load_project(tmp_path))] == [place]


@pytest.mark.parametrize("settings", ["[tool.threadly-lint]\n", "", '[tool.threadly-lint]\nexempt = ["test/"]\n'])
def test_built_in_patterns_need_not_match(tmp_path: Path, settings: str) -> None:
    write(tmp_path, settings)
    assert list(unmatched_patterns(load_project(tmp_path))) == []


def test_isolated_runs_have_no_patterns(tmp_path: Path) -> None:
    write(tmp_path)
    assert list(unmatched_patterns(load_project(tmp_path, isolated=True))) == []


def test_the_command_reports_them(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    code, out, _ = command("check", "--output-format", "json")
    findings = json.loads(out)["findings"]
    assert code == 1
    assert [(f["path"], f["line"], f["code"]) for f in findings] == [("pyproject.toml", n, "TLZ009") for n in (8, 14)]
    code, out, _ = command("check")
    assert "TLZ009 warning: the pattern `tools/` of `exempt` matches no file" in out
    assert command("check", "--ignore", "TLZ009").code == 0
    assert command("check", "a.py").code == 0


def test_a_cached_run_notices_a_new_file(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    assert "TLZ009" in command("check", "--statistics").out
    for name in ("tools", "legacy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.py").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text(SETTINGS.replace(', "legacy/"]', "]"))
    assert "TLZ009" not in command("check", "--statistics").out


def test_flake8_says_nothing_of_them(tmp_path: Path) -> None:
    write(tmp_path)
    words = [sys.executable, "-m", "flake8", "--select", "TL", "--isolated", "."]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
