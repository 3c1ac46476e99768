"""A run that asks for imports alone finds what a whole run finds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from import_graphs import write_files
from msgspec.structs import replace

from threadly_lint.check import check
from threadly_lint.knowledge import Knowledge, load_knowledge
from threadly_lint.memory import state_of
from threadly_lint.program import Program
from threadly_lint.program.imports.imports_only import ImportsOnly
from threadly_lint.project import load_project
from threadly_lint.registry import load_registry
from threadly_lint.run import Request, run
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.store import read_skeletons

FIXTURES = Path(__file__).parent / "fixtures"
CASES = (
    "import_cycle/flawed_annotations_only",
    "import_cycle/flawed_only_functions_need_it",
    "import_cycle/flawed_reexport",
    "import_cycle/sound_silenced_edge",
    "contract_violation/flawed_layers",
    "contract_violation/flawed_import_linter_toml",
    "unplaced_module/flawed_namespace_package",
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize("case", CASES)
def test_same_findings_as_a_whole_program(case: str, knowledge: Knowledge, tmp_path: Path) -> None:
    write_files(tmp_path, {"pyproject.toml": "[tool.threadly-lint]\n"})
    project = load_project(Path(shutil.copytree(FIXTURES / case, tmp_path, dirs_exist_ok=True)))
    rules = [rule for code, rule in load_registry().rules.items() if code.startswith("TLG")]
    whole = check(Program(project, read_skeletons(project), knowledge), rules)
    alone = check(ImportsOnly(project, {}), rules)  # type: ignore[arg-type]
    assert alone == whole
    assert bool(whole.findings)


def test_nothing_is_parsed_that_a_scan_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def note(build: Callable[[bytes, str], object]) -> Callable[[bytes, str], object]:
        return lambda data, path: (parsed.append(path), build(data, path))[1]

    monkeypatch.setattr("threadly_lint.program.imports.imports_only.build_skeleton", note(build_skeleton))
    files = {"a/__init__.py": "", "a/b.py": "import a.c\n", "a/c.py": "x = 1; import a.d\n", "a/d.py": "y = (\n"}
    write_files(tmp_path, {**files, "pyproject.toml": "[tool.threadly-lint]\n"})
    graph = ImportsOnly(load_project(tmp_path), {"a/b.py": b"import a.d\n"}).imports
    assert parsed == ["a/c.py"]
    assert [(edge.importer, edge.imported) for edge in graph.edges] == [("a/b.py", "a/d.py"), ("a/c.py", "a/d.py")]


def test_a_file_that_cannot_be_read_has_no_imports(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": "import b\n", "b.py": ""})
    project = load_project(tmp_path)
    (tmp_path / "a.py").unlink()
    program = ImportsOnly(project, {})
    assert program.imports.edges == ()
    assert program.skeletons["a.py"].problem == "cannot be read: No such file or directory"


def test_progress_and_outcome_count_all_files(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": "import b\n", "b.py": "x = 1\ny = 2\n"})
    project = load_project(tmp_path)
    told: list[tuple[int, int]] = []
    request = Request(replace(project.settings, select=("TLG",)))
    outcome = run(project, load_registry(), request, lambda done, total: told.append((done, total)))
    assert (told, outcome.files, outcome.lines, outcome.findings) == ([(1, 2), (2, 2)], 2, 3, ())


def test_contract_files_beside_source_roots_are_part_of_what_an_outcome_depends_on(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"back/app/__init__.py": "", "back/app/api.py": "import app.store\n", "back/app/store.py": ""}
    )
    before = list(state_of(load_project(tmp_path), {}))
    assert list(state_of(load_project(tmp_path), {})) == before
    assert list(state_of(load_project(tmp_path, isolated=True), {})) != before
    write_files(tmp_path, {"back/.importlinter": "[importlinter]\n"})
    assert list(state_of(load_project(tmp_path), {})) != before
