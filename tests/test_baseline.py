"""Findings that are accepted for now, and entries that excuse nothing any more, through all doors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended
from msgspec.structs import replace

from threadly_lint.baseline import NO_BASELINE, Baseline, Entry, read_baseline, render_baseline
from threadly_lint.settings import SettingsError
from threadly_lint.values import Finding

Command = Callable[..., Ended]
FINDING = Finding(
    path="a.py",
    line=3,
    column=1,
    end_line=3,
    end_column=7,
    code="TLY001",
    name="call-to-flaw",
    level="error",
    confidence="high",
    message="`flaw` is called",
    fingerprint="0123456789abcdef",
)


def codes(out: str) -> list[str]:
    return [f"{one['path']}:{one['line']} {one['code']}" for one in json.loads(out)["findings"]]


# The file ----------------------------------------------------------------------------------------------------------------------


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    other = replace(FINDING, path="b.py", message='é "quoted"', fingerprint="f" * 16)
    own = replace(FINDING, code="TLZ001", fingerprint="e" * 16)
    (tmp_path / "known.json").write_bytes(render_baseline([other, FINDING, own, FINDING])[0])
    found = read_baseline(tmp_path, "known.json")
    entries = [Entry(f.path, f.code, f.message, f.fingerprint) for f in (FINDING, other)]
    assert found == Baseline("known.json", tuple(entries))
    assert json.loads((tmp_path / "known.json").read_bytes())["version"] == 1


def test_an_empty_baseline(tmp_path: Path) -> None:
    (tmp_path / "known.json").write_bytes(render_baseline([])[0])
    assert read_baseline(tmp_path, "known.json") == Baseline("known.json", ())
    assert read_baseline(tmp_path, "") == NO_BASELINE


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "the baseline cannot be read: No such file or directory"),
        ("{", "this is no baseline: Input data was truncated"),
        ("[]", "this is no baseline: Expected `object`, got `array`"),
        ('{"version": 2, "findings": []}', "version 2 of baselines is unknown; write it anew"),
    ],
)
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str | None, problem: str) -> None:
    file = tmp_path / "known.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_baseline(tmp_path, "known.json")
    assert caught.value.problems == (f"{file}: {problem}",)


# Stale entries ---------------------------------------------------------------------------------------------------------------------


def stale(*findings: Finding, judged: bool = True, exists: bool = True) -> list[tuple[str, int, str]]:
    entry = Entry("a.py", "TLY001", "`flaw` is called", FINDING.fingerprint)
    older = Entry("a.py", "TLY001", "older", "f" * 16)
    baseline = Baseline("known.json", (older, entry))
    same = replace(FINDING, message="older", fingerprint="f" * 16)
    found = baseline.stale([same, *findings], lambda entry: judged, lambda path: exists)
    return [(f.path, f.line, f"{f.code} {f.message}") for f in found]


def test_an_entry_is_stale_when_its_finding_is_gone() -> None:
    assert stale(FINDING) == []
    assert stale(replace(FINDING, line=99)) == []
    gone = "TLZ008 `known.json` excuses TLY001 here, which is gone: `flaw` is called"
    assert stale() == [("a.py", 1, gone)]
    assert stale(judged=False) == []


def test_an_entry_of_a_file_that_is_gone_is_reported_in_the_baseline() -> None:
    gone = "TLZ008 `TLY001` in `a.py` is excused, which is gone: `flaw` is called"
    assert stale(exists=False) == [("known.json", 5, gone)]
    text = render_baseline([replace(FINDING, message="older", fingerprint="f" * 16), FINDING])[0].decode().splitlines()
    assert "0123456789abcdef" in text[3]
    assert "ffffffffffffffff" in text[4]


# The command -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def flaws(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("flaw()\nsound()\n")
    (tmp_path / "b.py").write_text("flaw('low')\n")
    return tmp_path


def test_accept_and_go_on(command: Command, flaws: Path) -> None:
    assert command("check", "--write-baseline", "--baseline", "known.json") == (
        0,
        "",
        "known.json excuses 1 finding\n",
    )
    (flaws / "pyproject.toml").write_text('[tool.threadly-lint]\nbaseline = "known.json"\n')
    assert command("check").code == 0
    (flaws / "a.py").write_text("sound()\n\nflaw()\nflaw(1)\n")
    code, out, _ = command("check", "--output-format", "json")
    assert (code, codes(out)) == (1, ["a.py:4 TLY001"])
    assert command("check", "--write-baseline").err == "known.json excuses 2 findings\n"
    assert command("check").code == 0
    assert codes(command("check", "--isolated", "--output-format", "json").out) == ["a.py:3 TLY001", "a.py:4 TLY001"]


def test_a_stale_entry_is_reported_until_the_baseline_is_written_anew(command: Command, flaws: Path) -> None:
    command("check", "--write-baseline", "--baseline", "known.json")
    (flaws / "a.py").write_text("sound()\n")
    words = ("check", "--baseline", "known.json")
    code, out, _ = command(*words, "--output-format", "json")
    assert (code, codes(out)) == (1, ["a.py:1 TLZ008"])
    assert "TLZ008 warning: `known.json` excuses TLY001 here, which is gone: `flaw` is called" in command(*words).out
    assert command(*words, "b.py").code == 0
    assert command(*words, "a.py").code == 1
    assert command(*words, "--ignore", "TLZ008").code == 0
    assert command(*words, "--ignore", "TLY").code == 0
    (flaws / "a.py").unlink()
    assert codes(command(*words, "--output-format", "json").out) == ["known.json:4 TLZ008"]
    assert command("check", "--write-baseline", "--baseline", "known.json").err == "known.json excuses 0 findings\n"
    assert command(*words).code == 0


def test_a_suppressed_finding_is_not_gone(command: Command, flaws: Path) -> None:
    command("check", "--write-baseline", "--baseline", "known.json")
    (flaws / "a.py").write_text("flaw()  # threadly: ignore[TLY001] known\n")
    assert command("check", "--baseline", "known.json").code == 0


def test_a_file_that_cannot_be_parsed_hides_its_findings(command: Command, flaws: Path) -> None:
    command("check", "--write-baseline", "--baseline", "known.json")
    (flaws / "a.py").write_text("def (\n")
    assert codes(command("check", "--baseline", "known.json", "--output-format", "json").out) == ["a.py:1 TLZ001"]


def test_when_a_rule_crashes_nothing_is_said_of_entries(command: Command, flaws: Path) -> None:
    command("check", "--write-baseline", "--baseline", "known.json")
    (flaws / "a.py").write_text("flaw('crash')\n")
    assert codes(command("check", "--baseline", "known.json", "--output-format", "json").out) == [".:1 TLZ002"]


def test_what_the_run_does_not_ask_about_stays_accepted(command: Command, flaws: Path) -> None:
    words = ("check", "--baseline", "known.json")
    command(*words, "--write-baseline", "--min-confidence", "low")
    (flaws / "a.py").write_text("sound()\n")
    assert command(*words, "--write-baseline", "b.py").err == "known.json excuses 1 finding\n"
    assert codes(command(*words, "--output-format", "json").out) == ["a.py:1 TLZ008"]
    assert command(*words, "--write-baseline", "--ignore", "TLY001").err == "known.json excuses 1 finding\n"
    assert command(*words, "--write-baseline", "a.py").err == "known.json excuses 0 findings\n"


@pytest.mark.parametrize("word", ["--fix", "--diff"])
def test_either_mend_or_accept(command: Command, flaws: Path, word: str) -> None:
    code, _, err = command("check", "--write-baseline", "--baseline", "known.json", word)
    assert code == 2
    assert "--write-baseline goes with neither --fix nor --diff" in err
    assert not (flaws / "known.json").exists()


def test_writing_needs_a_name(command: Command, flaws: Path) -> None:
    code, _, err = command("check", "--write-baseline")
    assert code == 2
    assert "name a file with --baseline FILE, or with `baseline` in the settings" in err


def test_a_missing_baseline_stops_the_run(command: Command, flaws: Path) -> None:
    code, out, err = command("check", "--baseline", "known.json")
    assert (code, out) == (2, "")
    assert "the baseline cannot be read" in err


# flake8 ----------------------------------------------------------------------------------------------------------------------------


def test_flake8_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.threadly-lint]\nbaseline = "known.json"\n')
    source = "import requests\n\n\ndef load(url):\n    return requests.get(url)\n"
    (tmp_path / "a.py").write_text(source)

    def run(*words: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ
        )
        return ran.returncode, ran.stdout

    flake8 = ("flake8", "--isolated", "--select", "TL", "a.py")
    assert run("threadly_lint", "check", "--write-baseline") == (0, "")
    assert "TLE002" in (tmp_path / "known.json").read_text()
    assert run(*flake8) == (0, "")
    (tmp_path / "a.py").write_text(source.replace("(url)\n", "(url, timeout=5)\n"))
    code, out = run(*flake8)
    assert code == 1
    assert out.startswith("a.py:1:1: TLZ008 `known.json` excuses TLE002 here, which is gone: ")
