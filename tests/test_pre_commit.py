"""The hooks, run by the real pre-commit from a scratch project against this repository.

No package is downloaded: what the hooks depend on is installed wherever the tests run, and is lent to them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import threadly_lint

HOME = Path(threadly_lint.__file__).parent.parent
PARTS = ("pyproject.toml", "setup.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "threadly_lint", "rules")


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    ran = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def commit(folder: Path) -> str:
    """Make ``folder`` a repository with one commit; returns its name."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Begin")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A repository with the working tree, its commit, and a folder for what pre-commit installs."""
    repository = tmp_path_factory.mktemp("repository")
    for part in PARTS:
        if (HOME / part).is_dir():
            shutil.copytree(HOME / part, repository / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(HOME / part, repository / part)
    return repository, commit(repository), tmp_path_factory.mktemp("home")


SHOP = {
    "shop/__init__.py": "",
    "shop/a.py": "import shop.b\n\n\ndef f(x):\n    return shop.b.g(x)\n",
    "shop/b.py": "from shop.a import f\n\n\ndef g(x: 'f'):\n    return x\n",
    "shop/c.py": "X = 1\n",
}


@pytest.fixture
def project(tmp_path: Path, hooks: tuple[Path, str, Path]) -> Path:
    repository, revision, _ = hooks
    (tmp_path / "shop").mkdir()
    for name, text in SHOP.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\nselect = ['TLG']\n")
    (tmp_path / ".gitignore").write_text(".threadly-lint-cache/\n")
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {repository}\n  rev: {revision}\n  hooks:\n  - id: threadly-lint\n  - id: threadly-lint-fix\n"
    )
    commit(tmp_path)
    return tmp_path


def run_hook(project: Path, hooks: tuple[Path, str, Path], *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PRE_COMMIT_HOME": str(hooks[2]),
        "PYTHONPATH": str(Path(click.__file__).parent.parent),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *words],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_hook_analyses_the_project_and_reports_the_passed_files(project: Path, hooks: tuple[Path, str, Path]) -> None:
    elsewhere = run_hook(project, hooks, "threadly-lint", "--files", "shop/c.py")
    assert elsewhere.returncode == 0, elsewhere.stdout + elsewhere.stderr
    everywhere = run_hook(project, hooks, "threadly-lint", "--all-files")
    assert everywhere.returncode == 1
    assert everywhere.stdout.count("TLG001 error: import cycle") == 1
    anchor = "shop/b.py" if "--> shop/b.py" in everywhere.stdout else "shop/a.py"
    assert "TLG001" in run_hook(project, hooks, "threadly-lint", "--files", anchor).stdout


def test_fix_hook_changes_files(project: Path, hooks: tuple[Path, str, Path]) -> None:
    ran = run_hook(project, hooks, "threadly-lint-fix", "--all-files")
    assert ran.returncode == 1
    assert "files were modified by this hook" in ran.stdout
    assert (project / "shop/b.py").read_text() == (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop.a import f\n"
        "\n\ndef g(x: 'f'):\n    return x\n"
    )
    git(project, "add", "-u")
    assert run_hook(project, hooks, "threadly-lint-fix", "--all-files").returncode == 0
