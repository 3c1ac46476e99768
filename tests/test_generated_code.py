"""Generated programs are analysed to the end, by all rules, and what is in them is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from generated_code import (
    HEAD,
    class_hierarchy,
    deep_chain,
    long_choice,
    long_module,
    middleware_stack,
    mutual_recursion,
    nested_chain,
    shared_helpers,
)
from msgspec.structs import replace

from threadly_lint.project import load_project
from threadly_lint.registry import load_registry
from threadly_lint.run import Outcome, Request, run


def unguarded(folder: Path, source: str) -> list[str]:
    """The endpoints that TLA001 reports when all rules run; nothing may go wrong."""
    outcome = analysed(folder, source)
    assert [finding for finding in outcome.findings if finding.code.startswith("TLZ")] == []
    return sorted(finding.endpoint for finding in outcome.findings if finding.code == "TLA001")


def analysed(folder: Path, source: str) -> Outcome:
    (folder / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    (folder / "app.py").write_text(source)
    project = load_project(folder)
    outcome = run(project, load_registry(), Request(replace(project.settings, preview=True)))
    assert outcome.tracebacks == ()
    return outcome


def test_long_module(tmp_path: Path) -> None:
    source = long_module(2_000)
    assert 1_500 < source.count("\n") < 2_500
    assert unguarded(tmp_path, source) == sorted(f"POST /g{group}" for group in range(50))


@pytest.mark.parametrize("depth", [10, 500])
def test_chain_of_calls(tmp_path: Path, depth: int) -> None:
    assert unguarded(tmp_path, deep_chain(depth)) == ["POST /write"]


def test_chain_of_calls_in_nested_constructs(tmp_path: Path) -> None:
    assert unguarded(tmp_path, nested_chain(30)) == ["POST /write"]


def test_chain_that_is_deeper_than_calls_are_followed_is_said_to_be_so(tmp_path: Path) -> None:
    found = analysed(tmp_path, deep_chain(1_500)).findings
    assert {finding.code for finding in found} >= {"TLZ010"}
    assert "TLA001" not in {finding.code for finding in found}


@pytest.mark.parametrize("functions", [8, 60])
def test_mutual_recursion(tmp_path: Path, functions: int) -> None:
    assert unguarded(tmp_path, mutual_recursion(functions)) == ["POST /write"]


@pytest.mark.parametrize("classes", [10, 200])
def test_line_of_classes(tmp_path: Path, classes: int) -> None:
    assert unguarded(tmp_path, class_hierarchy(classes)) == ["POST /write"]


@pytest.mark.parametrize("branches", [5, 59, 60, 61, 1_000])
def test_long_choice(tmp_path: Path, branches: int) -> None:
    assert unguarded(tmp_path, long_choice(branches)) == ["POST /write"]


@pytest.mark.parametrize("layers", [3, 40])
def test_layers_of_middleware(tmp_path: Path, layers: int) -> None:
    assert unguarded(tmp_path, middleware_stack(layers)) == ["POST /write"]


def test_shared_helpers(tmp_path: Path) -> None:
    assert unguarded(tmp_path, shared_helpers(60)) == []


@pytest.mark.parametrize("branches", [3, 100])
@pytest.mark.parametrize(
    ("first", "expected"), [("session.get('user') is None", []), ("request.args['x'] == '1'", ["POST /write"])]
)
def test_branches_of_a_choice_exclude_each_other(
    tmp_path: Path, branches: int, first: str, expected: list[str]
) -> None:
    tests = "".join(f"\n    elif value == {at}:\n        return {{}}" for at in range(branches))
    handler = (
        f"\n\n@app.post('/write')\ndef write():\n    value = request.args['v']\n    if {first}:\n        return {{}}{tests}"
        "\n    else:\n        db.execute('insert into row values (1)')\n    return {}\n"
    )
    assert unguarded(tmp_path, HEAD + handler) == expected
