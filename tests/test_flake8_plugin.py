"""The flake8 plugin says what the command says, through flake8 itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from toys import TOY_RULES

import threadly_lint
from threadly_lint import workspace
from threadly_lint.flake8_plugin import Plugin
from threadly_lint.registry import load_registry

HOME = Path(threadly_lint.__file__).parent.parent
MARKETPLACE = HOME / "examples/marketplace"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_program: None) -> Iterator[Path]:
    """A project that is checked with the toy rules."""
    registry = load_registry([TOY_RULES])
    monkeypatch.setattr(workspace, "load_registry", lambda: registry)
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\nselect = ['TLY']\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    workspace._workspace_around.cache_clear()
    workspace._workspace_at.cache_clear()


def reported(file: str, text: str) -> list[tuple[int, int, str]]:
    plugin = Plugin(None, file, text.splitlines(keepends=True))
    return [(line, column, said) for line, column, said, _ in plugin.run()]


def test_place_and_text_are_as_flake8_wants_them(shop: Path) -> None:
    text = "x = 1\nif x:\n    flaw()\n"
    (shop / "a.py").write_text(text)
    assert reported("a.py", text) == [(3, 4, "TLY001 `flaw` is called with 0 wishes")]
    assert reported(str(shop / "a.py"), text) == [(3, 4, "TLY001 `flaw` is called with 0 wishes")]
    assert reported("./a.py", text) == [(3, 4, "TLY001 `flaw` is called with 0 wishes")]


def test_text_from_the_editor_takes_the_place_of_the_file(shop: Path) -> None:
    (shop / "a.py").write_text("sound()\n")
    assert reported("a.py", "sound()\n\nflaw()\n") == [(3, 0, "TLY001 `flaw` is called with 0 wishes")]
    assert (shop / "a.py").read_text() == "sound()\n"
    assert reported("a.py", "sound()\n") == []


def test_text_may_declare_its_encoding(shop: Path) -> None:
    text = "# coding: latin-1\nx = 'é'; flaw()\n"
    (shop / "a.py").write_text("", encoding="latin-1")
    assert reported("a.py", text) == [(2, 9, "TLY001 `flaw` is called with 0 wishes")]


def test_line_ends_and_byte_order_mark_make_no_difference(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "a.py").write_bytes(b"\xef\xbb\xbfflaw()\r\n")
    monkeypatch.setattr(workspace, "_encoded", lambda text: pytest.fail("the text is the one on disk"))
    assert reported("a.py", "flaw()\n") == [(1, 0, "TLY001 `flaw` is called with 0 wishes")]


def test_noqa_is_left_to_flake8_and_our_own_comment_is_not(shop: Path) -> None:
    text = "flaw()  # noqa: TLY001\nflaw()  # threadly: ignore[TLY001] reason\n"
    (shop / "a.py").write_text(text)
    assert [line for line, _, _ in reported("a.py", text)] == [1]


def test_files_outside_of_the_project_are_silent(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[tool.threadly-lint]\nextend-exclude = ['left_out.py']\n")
    (shop / "left_out.py").write_text("flaw()\n")
    assert reported("left_out.py", "flaw()\n") == []
    assert reported("stdin", "flaw()\n") == []


def test_project_is_analysed_once(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (shop / f"{name}.py").write_text("flaw()\n")
    runs = []
    honest = workspace.run
    monkeypatch.setattr(workspace, "run", lambda *words: runs.append(words) or honest(*words))
    Plugin.parse_options(Namespace(filenames=["a.py", "b.py"], bug_report=False))
    assert len(reported("a.py", "flaw()\n") + reported("b.py", "flaw()\n")) == 2
    assert len(runs) == 1


@pytest.mark.parametrize("options", [{"filenames": ["-"], "bug_report": False}, {"filenames": [], "bug_report": True}])
def test_nothing_is_prepared_for_standard_input(
    shop: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    runs: list[object] = []
    monkeypatch.setattr(workspace, "run", lambda *words: runs.append(words))
    Plugin.parse_options(Namespace(**options))
    assert runs == []


def test_wrong_settings_are_told_through_flake8(shop: Path) -> None:
    from flake8.exceptions import ExecutionError

    (shop / "pyproject.toml").write_text("[tool.threadly-lint]\nselct = []\npreview = 1\n")
    (shop / "a.py").write_text("")
    with pytest.raises(ExecutionError, match=r"unknown key `selct`.*\n.*`preview`"):
        reported("a.py", "")


def test_crash_is_told_through_flake8_in_one_line(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8.exceptions import ExecutionError

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    (shop / "a.py").write_text("")
    monkeypatch.setattr(workspace, "run", fail)
    monkeypatch.delenv("THREADLY_LINT_TRACEBACK", raising=False)
    with pytest.raises(ExecutionError, match=r"^threadly-lint: internal error: RuntimeError: broken$"):
        reported("a.py", "")
    monkeypatch.setenv("THREADLY_LINT_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="broken"):
        reported("a.py", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation leaves for flake8 to find; empty where we are, so that it finds us once."""
    folder = tmp_path_factory.mktemp("site")
    if any(point.value.startswith("threadly_lint.") for point in entry_points(group="flake8.extension")):
        return folder
    metadata = folder / "threadly_lint_checkout-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: threadly-lint-checkout\nVersion: 1.0\n")
    entry = "[flake8.extension]\nTL = threadly_lint.flake8_plugin:Plugin\n"
    (metadata / "entry_points.txt").write_text(entry)
    return folder


def python(site: Path, folder: Path, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{HOME}"}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def flake8(site: Path, folder: Path, *words: str, text: str | None = None) -> list[str]:
    """The lines that flake8 prints about our codes."""
    ran = python(site, folder, "flake8", "--isolated", "--select=TL", *words, text=text)
    assert ran.stderr == ""
    return sorted(line.removeprefix("./") for line in ran.stdout.splitlines())


CYCLE = {"shop/__init__.py": "", "shop/a.py": "from shop.b import g\n\n\ndef f():\n    g()\n"}


def cyclic_project(folder: Path, last_line: str = "from shop.a import f\n") -> None:
    for name, text in {**CYCLE, "shop/b.py": f"{last_line}\n\ndef g():\n    f()\n", "pyproject.toml": SETTINGS}.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


SETTINGS = "[tool.threadly-lint]\nselect = ['TLG001']\n"


def as_flake8_prints(folder: Path, site: Path) -> list[str]:
    ran = python(site, folder, "threadly_lint", "check", "--output-format", "json")
    return sorted(
        f"{one['path']}:{one['line']}:{one['column']}: {one['code']} {one['message']}"
        for one in json.loads(ran.stdout)["findings"]
    )


def test_flake8_reports_cross_file_findings_like_the_command(site: Path, tmp_path: Path) -> None:
    cyclic_project(tmp_path)
    expected = as_flake8_prints(tmp_path, site)
    assert len(expected) == 1
    assert flake8(site, tmp_path) == expected
    assert flake8(site, tmp_path, "--jobs=2", ".") == expected
    assert flake8(site, tmp_path, expected[0].partition(":")[0]) == expected


def test_flake8_reads_the_editors_text(site: Path, tmp_path: Path) -> None:
    cyclic_project(tmp_path, "import shop.c\n")
    assert flake8(site, tmp_path) == []
    text = "from shop.a import f\n\n\ndef g():\n    f()\n"
    from_editor = flake8(site, tmp_path, "--stdin-display-name", "shop/b.py", "-", text=text)
    (tmp_path / "shop/b.py").write_text(text)
    assert from_editor == [line for line in flake8(site, tmp_path) if line.startswith("shop/b.py")]


def test_flake8_honours_noqa(site: Path, tmp_path: Path) -> None:
    cyclic_project(tmp_path)
    path, line, _ = as_flake8_prints(tmp_path, site)[0].split(":", 2)
    lines = (tmp_path / path).read_text().splitlines(keepends=True)
    lines[int(line) - 1] = lines[int(line) - 1].rstrip("\n") + "  # noqa: TLG001\n"
    (tmp_path / path).write_text("".join(lines))
    assert flake8(site, tmp_path) == []
    assert as_flake8_prints(tmp_path, site) == []


def test_flake8_fails_on_wrong_settings(site: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\nselct = []\n")
    (tmp_path / "a.py").write_text("")
    ran = python(site, tmp_path, "flake8", "--isolated")
    assert ran.returncode == 1
    assert "threadly-lint: " in ran.stdout
    assert "unknown key `selct`" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("edition", sorted(path.parent.name for path in MARKETPLACE.glob("*/pyproject.toml")))
def test_marketplace_reads_the_same_in_flake8_and_command(site: Path, tmp_path: Path, edition: str) -> None:
    folder = tmp_path / edition
    shutil.copytree(MARKETPLACE / edition, folder, ignore=shutil.ignore_patterns(".*cache"))
    assert flake8(site, folder) == as_flake8_prints(folder, site)
