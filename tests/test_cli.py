"""The command line: options, exit codes, what goes to which stream, and that nothing heavy is imported for nothing."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import threadly_lint
from threadly_lint.cli import main

Command = Callable[..., tuple[int, str, str]]


def codes(out: str) -> list[str]:
    """The places and codes of a JSON report."""
    return [f"{one['path']}:{one['line']} {one['code']}" for one in json.loads(out)["findings"]]


def test_clean_project(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("sound()\n")
    code, out, err = command("check")
    assert (code, err) == (0, "")
    assert out.startswith("No findings in 1 file (1 line), ")


def test_findings_in_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nif x:\n    flaw('trail', 'safe')\n")
    code, out, err = command("check")
    assert (code, err) == (1, "")
    block, summary = out.rstrip().rsplit("\n\n", 1)
    assert block == (
        "TLY001 error: `flaw` is called with 2 wishes\n"
        " --> a.py:3:5\n"
        "  |\n"
        "3 |     flaw('trail', 'safe')\n"
        "  |     ^^^^^^^^^^^^^^^^^^^^^\n"
        "  |\n"
        "  = trail: a.py:3  calls `flaw`\n"
        "  = fix: Call `sound` (--fix)"
    )
    assert summary.startswith("1 finding (1 error) in 1 file (3 lines), ")


def test_findings_in_json(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/a.py").write_text("flaw('unsafe', 'trail', 'medium')\n")
    code, out, err = command("check", "--output-format", "json")
    assert code == 1
    (finding,) = json.loads(out)["findings"]
    assert len(finding.pop("fingerprint")) == 16
    assert finding == {
        "path": "pkg/a.py",
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 34,
        "code": "TLY001",
        "name": "call-to-flaw",
        "level": "error",
        "confidence": "medium",
        "message": "`flaw` is called with 3 wishes",
        "symbol": "toy",
        "endpoint": "",
        "trail": [{"path": "pkg/a.py", "line": 1, "what": "calls `flaw`"}],
        "fix": {"safety": "unsafe", "title": "Call `sound`"},
    }
    assert err.startswith("1 finding (1 error) in 1 file (1 line), ")


def test_json_is_the_same_from_any_folder_and_for_any_cache(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/a.py").write_text("flaw()\nflaw()\n")
    first = command("check", "--output-format", "json")[1]
    assert command("check", "--output-format", "json")[1] == first
    assert command("check", "--output-format", "json", "--no-cache", "--jobs", "1")[1] == first
    monkeypatch.chdir(tmp_path / "pkg")
    assert command("check", "--output-format", "json", str(tmp_path))[1] == first


def test_paths_limit_the_report_not_the_analysis(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    for name in ("a.py", "b.py", "pkg/c.py"):
        (tmp_path / name).write_text("flaw()\n")
    _, out, err = command("check", "--output-format", "json", "a.py", "pkg")
    assert codes(out) == ["a.py:1 TLY001", "pkg/c.py:1 TLY001"]
    assert "in 3 files (3 lines)" in err


def test_findings_elsewhere_do_not_fail_the_asked_paths(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw()\n")
    (tmp_path / "b.py").write_text("")
    assert command("check", "b.py")[0] == 0


def test_exit_zero(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw()\n")
    assert command("check", "--exit-zero")[0] == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["a.py:1 TLY001", "a.py:2 TLY001"]),
        (("--preview",), ["a.py:1 TLY001", "a.py:2 TLY001", "a.py:3 TLY001"]),
        (("--select", "TLY001"), ["a.py:1 TLY001", "a.py:2 TLY001", "a.py:3 TLY001"]),
        (("--min-confidence", "low"), ["a.py:1 TLY001", "a.py:2 TLY001", "a.py:4 TLY001"]),
        (("--min-confidence", "high"), ["a.py:1 TLY001"]),
        (("--ignore", "TLY001"), []),
        (("--ignore", "TLY"), []),
        (("--ignore", "TL"), ["a.py:1 TLY001", "a.py:2 TLY001"]),
    ],
)
def test_selection(command: Command, tmp_path: Path, options: tuple[str, ...], expected: list[str]) -> None:
    (tmp_path / "a.py").write_text("flaw()\nflaw('medium')\nflaw('preview')\nflaw('low')\n")
    assert codes(command("check", "--output-format", "json", *options)[1]) == expected


def test_statistics(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw()\nflaw()\n")
    (tmp_path / "b.py").write_text("def (\n")
    assert command("check", "--statistics")[1].startswith(
        "2  TLY001  call-to-flaw\n1  TLZ001  unparsable-file\n3 findings"
    )
    statistics = json.loads(command("check", "--statistics", "--output-format", "json")[1])["statistics"]
    assert statistics == [
        {"code": "TLY001", "name": "call-to-flaw", "count": 2},
        {"code": "TLZ001", "name": "unparsable-file", "count": 1},
    ]


def test_settings_and_isolated(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw('low')\n")
    (tmp_path / "pyproject.toml").write_text('[tool.threadly-lint]\nmin-confidence = "low"\n')
    assert command("check")[0] == 1
    assert command("check", "--isolated")[0] == 0
    assert command("check", "--min-confidence", "high")[0] == 0


def test_command_line_selection_overrules_ignored_settings(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw()\n")
    (tmp_path / "pyproject.toml").write_text('[tool.threadly-lint]\nignore = ["TLY001"]\n')
    assert command("check", "--select", "TLY001")[0] == 1


def test_fix(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"flaw('safe')\r\nflaw('unsafe')\r\nflaw('suggested')\r\n")
    code, out, err = command("check", "--fix")
    assert (code, err) == (1, "")
    assert file.read_bytes() == b"sound('safe')\r\nflaw('unsafe')\r\nflaw('suggested')\r\n"
    assert out.splitlines()[-1].startswith("1 fixed, 2 findings (2 errors) in 1 file")
    assert (
        command("check", "--fix", "--unsafe-fixes", "--exit-zero")[1].splitlines()[-1].startswith("1 fixed, 1 finding")
    )
    assert file.read_bytes() == b"sound('safe')\r\nsound('unsafe')\r\nflaw('suggested')\r\n"


def test_fix_leaves_other_paths_alone(command: Command, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("flaw('safe')\n")
    assert command("check", "--fix", "a.py")[0] == 0
    assert (tmp_path / "b.py").read_text() == "flaw('safe')\n"


def test_refused_fixes_are_explained_and_the_others_applied(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("flaw('safe')\nflaw('safe', 'vain')\nflaw('safe', 'worse')\nflaw('safe', 1)\n")
    code, _, err = command("check", "--fix")
    assert code == 1
    assert file.read_text() == "sound('safe')\nflaw('safe', 'vain')\nflaw('safe', 'worse')\nsound('safe', 1)\n"
    assert sorted(err.splitlines()) == [
        "Not fixed: a.py:2: TLY001: it changes nothing",
        "Not fixed: a.py:3: TLY001: the finding would still be there",
    ]


def test_unwritable_file_is_a_clear_error(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.py").write_text("flaw('safe')\n")
    monkeypatch.setattr(os, "replace", refuse)
    assert command("check", "--fix") == (2, "", "Error: a.py cannot be written: Permission denied\n")
    assert (tmp_path / "a.py").read_text() == "flaw('safe')\n"


def test_diff_changes_nothing_and_shows_suggestions_apart(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    text = "flaw('safe')\n\n\n\nflaw('unsafe')\nflaw('suggested')"
    file.write_text(text)
    code, out, err = command("check", "--diff")
    assert code == 1
    assert file.read_text() == text
    assert out == "--- a.py\n+++ a.py\n@@ -1,4 +1,4 @@\n-flaw('safe')\n+sound('safe')\n \n \n \n"
    assert "Suggested for a.py:6: TLY001: Call `sound`\n" in err
    assert (
        "-flaw('suggested')\n\\ No newline at end of file\n+sound('suggested')\n\\ No newline at end of file\n" in err
    )
    assert "+sound('unsafe')" in command("check", "--diff", "--unsafe-fixes")[1]


def test_crashing_rule_is_a_finding_and_the_run_goes_on(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("flaw('crash')\n")
    (tmp_path / "b.py").write_text("def (\n")
    code, out, err = command("check", "--output-format", "json")
    assert code == 1
    assert codes(out) == [".:1 TLZ002", "b.py:1 TLZ001"]
    assert "rule TLY001 (call-to-flaw) crashed here: KeyError: 'asked for'" in out
    assert "Traceback" not in out + err
    assert "Traceback" in command("check", "--verbose")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "nowhere"), "Path 'nowhere' does not exist"),
        (("check", "--select", "TLY01"), "Error: --select: there is no code `TLY01`; did you mean `TLY001`"),
        (("check", "--ignore", "X1"), "Error: --ignore: there is no code `X1`"),
        (("check", "--output-format", "xml"), "Invalid value for '--output-format'"),
        (("rule", "unparsible"), "there is no rule `unparsible`; did you mean `TLZ001` (unparsable-file)?"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
)
def test_usage_errors(command: Command, words: tuple[str, ...], said: str) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_wrong_settings_are_listed_all_at_once(command: Command, tmp_path: Path) -> None:
    settings = '[tool.threadly-lint]\nselct = ["TLA"]\npreview = 3\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    code, _, err = command("check")
    assert code == 2
    assert len(err.splitlines()) == 2
    (tmp_path / "pyproject.toml").write_text(
        '[tool.threadly-lint]\nselect = ["TLQ1"]\nper-file-ignores = {x = ["TLQ2"]}\n'
    )
    code, _, err = command("check")
    assert code == 2
    assert "select: there is no code `TLQ1`" in err
    assert "per-file-ignores.x: there is no code `TLQ2`" in err


def test_broken_rules_stop_the_run(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "broken.py").write_text("import nothing_of_this_name\n")
    (folder / "empty.py").write_text("")
    code, out, err = command("check", "--rules", str(folder))
    assert (code, out) == (2, "")
    assert "broken.py: cannot be loaded: ModuleNotFoundError" in err
    assert "empty.py: declares no `rule = Rule(...)`" in err


def test_no_python_files(command: Command, tmp_path: Path) -> None:
    code, _, err = command("check")
    assert code == 0
    assert f"Warning: no Python file of the project is in {tmp_path}" in err


def test_file_that_is_left_out_is_mentioned(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.threadly-lint]\nextend-exclude = ["a.py"]\n')
    (tmp_path / "a.py").write_text("flaw()\n")
    (tmp_path / "b.py").write_text("")
    code, out, err = command("check", "a.py", "--no-cache")
    assert (code, err) == (0, "Warning: no Python file of the project is in a.py\n")
    assert out.startswith("No findings in 0 files (0 lines)")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who can be denied")
def test_unreadable_file_is_a_finding(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("")
    file.chmod(0)
    assert codes(command("check", "--output-format", "json")[1]) == ["a.py:1 TLZ001"]
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_symlink_loops_and_odd_files_are_survived(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_bytes(b"")
    (tmp_path / "null.py").write_bytes(b"x = '\0'\n")
    (tmp_path / "utf16.py").write_bytes("x = 1\n".encode("utf-16"))
    (tmp_path / "deep.py").write_text("x = " + "(" * 10_000 + ")" * 10_000 + "\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    code, out, _ = command("check", "--output-format", "json")
    assert code == 1
    assert codes(out) == ["deep.py:1 TLZ001", "null.py:1 TLZ001", "utf16.py:1 TLZ001"]


def test_newer_syntax_is_analysed(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("try:\n    flaw()\nexcept A, B:\n    pass\n")
    assert codes(command("check", "--output-format", "json")[1]) == ["a.py:2 TLY001"]


def test_unexpected_error_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("threadly_lint.project.load_project", fail)
    monkeypatch.delenv("THREADLY_LINT_TRACEBACK", raising=False)
    assert command("check") == (
        3,
        "",
        "Internal error: RuntimeError: two lines (set THREADLY_LINT_TRACEBACK=1 to see the traceback)\n",
    )
    monkeypatch.setenv("THREADLY_LINT_TRACEBACK", "1")
    assert "Traceback" in command("check")[2]


def test_interrupt(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("threadly_lint.project.load_project", interrupt)
    assert command("check")[0] == 130


def test_rules_and_rule(command: Command) -> None:
    code, out, _ = command("rules", "--rules", str(Path(__file__).parent / "toy_rules"))
    assert code == 0
    assert "TLY001  error    safe       call-to-flaw\n" in out
    assert "TLZ001  error    -          unparsable-file\n" in out
    code, out, _ = command("rule", "unparsable-file")
    assert code == 0
    assert out.startswith("# TLZ001 unparsable-file\n\nA file could not be read or parsed")


def run_python(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python with the engine on its path."""
    home = str(Path(threadly_lint.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": home}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    "statement",
    [
        "from threadly_lint.cli import main; main(['--help'])",
        "from threadly_lint.cli import main; main(['check', '--help'])",
        "import threadly_lint.flake8_plugin",
    ],
)
def test_help_and_plugin_import_nothing_heavy(statement: str) -> None:
    heavy = "{'libcst', 'astroid', 'grimp', 'msgspec', 'pathspec', 'concurrent.futures', 'sqlite3', 'flake8'}"
    ran = run_python("-c", f"{statement}; import sys; sys.exit(str({heavy} & set(sys.modules)))")
    assert ran.stderr.strip() == "set()"


def test_checking_imports_neither_libcst_nor_astroid(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    (tmp_path / "a.py").write_text("x = 1\n")
    statement = f"from threadly_lint.cli import main; code = main(['check', {str(tmp_path)!r}])"
    ran = run_python("-c", f"{statement}; import sys; sys.exit(str({{'libcst', 'astroid'}} & set(sys.modules)))")
    assert ran.stderr.strip() == "set()"


def test_version() -> None:
    ran = run_python("-m", "threadly_lint", "--version")
    assert (ran.returncode, ran.stdout) == (0, f"threadly-lint, version {threadly_lint.__version__}\n")


def test_broken_pipe_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    for number in range(50):
        (tmp_path / f"a{number}.py").write_text("def (\n" + "# " + "x" * 2000 + "\n")
    home = str(Path(threadly_lint.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "threadly_lint", "check", "--output-format", "json", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": home},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 1
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    (tmp_path / "a.py").write_text("flaw()\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    if "NO_COLOR" not in environment:
        monkeypatch.delenv("NO_COLOR", raising=False)
    assert ("\x1b[" in command("check")[1]) is coloured


@pytest.mark.parametrize(("terminal", "patience", "shown"), [(True, 0, True), (True, 99, False), (False, 0, False)])
def test_progress_is_for_long_runs_on_a_terminal(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool, patience: float, shown: bool
) -> None:
    (tmp_path / "a.py").write_text("sound()\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setattr("threadly_lint.commands._terminal.PATIENCE", patience)
    _, out, err = command("check")
    assert ("Reading" in err) is shown
    assert "Reading" not in out


def test_main_takes_arguments_from_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["threadly-lint", "--version"])
    assert main() == 0
