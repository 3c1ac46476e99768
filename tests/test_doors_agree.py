"""However a run is started, it finds the same: on a cold or a warm cache, with any number of workers, from anywhere.

That flake8 and the command agree is tested with the flake8 plugin.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parent.parent
EDITIONS = ("marketplace/flawed", "marketplace_django/flawed")


@pytest.fixture(params=EDITIONS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "edition"
    shutil.copytree(HOME / "examples" / request.param, folder, ignore=shutil.ignore_patterns(".*cache"))
    return folder


def check(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What the command reports when it is started in a folder, paths seen from the project's root."""
    command = [sys.executable, "-m", "threadly_lint", "check", "--preview", "--output-format", "json", *words]
    ran = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(HOME)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1, ran.stderr
    findings: list[dict[str, Any]] = json.loads(ran.stdout)["findings"]
    return findings


def places(findings: Iterable[dict[str, Any]]) -> list[tuple[str, int, int, str, str]]:
    return sorted((Path(f["path"]).name, f["line"], f["column"], f["code"], f["message"]) for f in findings)


def test_cache_and_workers_change_nothing(shop: Path) -> None:
    expected = check(shop, "--no-cache", "--jobs", "1")
    assert len(expected) > 3
    assert check(shop, "--no-cache", "--jobs", "2") == expected
    assert check(shop, "--jobs", "2") == expected
    assert check(shop) == expected
    with (shop / "shop/__init__.py").open("a") as changed:
        changed.write("\n# one more line\n")
    assert check(shop) == expected


def test_findings_are_the_same_from_elsewhere_and_in_any_order(shop: Path) -> None:
    files = [str(file.relative_to(shop)) for file in sorted(shop.rglob("*.py"))]
    expected = check(shop, "--no-cache")
    assert check(shop, "--no-cache", *files) == check(shop, "--no-cache", *reversed(files)) == expected
    assert places(check(shop.parent, "--no-cache", "edition")) == places(expected)
    assert places(check(shop / "shop", "--no-cache", "..")) == places(expected)
    assert places(check(Path("/"), "--no-cache", str(shop))) == places(expected)
