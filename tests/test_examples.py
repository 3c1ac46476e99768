"""The example projects: each marked line is reported, and nothing else is; the sound editions have no findings at all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
EDITIONS = sorted(path for path in EXAMPLES.glob("*/*") if path.name in ("flawed", "sound"))
MARK = re.compile(r"# expect: ([\w, ]+)")

Places = Counter[tuple[str, int, str]]


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_findings_are_those_that_are_marked(edition: Path) -> None:
    expected = marked(edition)
    assert bool(expected) == (edition.name == "flawed")
    assert reported(edition) == expected


def marked(edition: Path) -> Places:
    found: Places = Counter()
    for file in edition.rglob("*.py"):
        for line, text in enumerate(file.read_text().splitlines(), 1):
            for mark in MARK.findall(text):
                found.update((file.relative_to(edition).as_posix(), line, code.strip()) for code in mark.split(","))
    return found


def reported(edition: Path) -> Places:
    options = ("--preview", "--no-cache", "--exit-zero", "--output-format", "json")
    command = [sys.executable, "-m", "threadly_lint", "check", *options, str(edition)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Counter((f["path"], f["line"], f["code"]) for f in json.loads(done.stdout)["findings"])
