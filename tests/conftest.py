"""What holds for all tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from toys import TOY_RULES, ToyProgram

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def toy_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs link nothing: they only show the project to rules."""
    monkeypatch.setattr("threadly_lint.program.Program", ToyProgram)


@pytest.fixture
def command(
    toy_program: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run a command in a scratch project of one's own, ``check`` with the toy rules."""
    from threadly_lint.cli import main

    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Ended:
        more = ("--rules", str(TOY_RULES), "--select", "TLY") if words[0] == "check" else ()
        code = main([words[0], *more, *words[1:]])
        return Ended(code, *capsys.readouterr())

    return run
