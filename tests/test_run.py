"""A run decides about the whole project, and remembers what it found for as long as that is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from toys import TOY_RULES

from threadly_lint import run as running
from threadly_lint.project import Project, load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.run import Outcome, Request, run
from threadly_lint.settings import Settings
from threadly_lint.skeleton.database import FILE_NAME

pytestmark = pytest.mark.usefixtures("toy_program")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry([TOY_RULES])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    (tmp_path / "a.py").write_text("flaw('safe', 'trail')\nflaw('low')\n")
    return load_project(tmp_path)


@pytest.fixture
def request_(project: Project) -> Request:
    return Request(Settings(select=("TLY",)), cache_dir=project.root / "cache")


class Analyses:
    """Counts how often a project is really analysed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        honest = running.read_program

        def counting(project: Project, **options: object) -> object:
            self.number += 1
            return honest(project, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(running, "read_program", counting)


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> Analyses:
    return Analyses(monkeypatch)


def test_decisions_are_complete_and_ordered(project: Project, registry: Registry) -> None:
    (project.root / "a.py").write_text("flaw('low')\nflaw()  # noqa: TLY001\nflaw()\n")
    outcome = run(project, registry, Request(Settings(select=("TLY",))))
    assert [(one.finding.line, one.verdict) for one in outcome.decisions] == [
        (1, "low-confidence"),
        (2, "noqa"),
        (3, "reported"),
    ]
    assert [finding.line for finding in outcome.findings] == [3]
    assert [finding.line for finding in outcome.everything] == [1, 2, 3]
    assert (outcome.files, outcome.lines, outcome.tracebacks) == (1, 3, ())


def test_rules_that_are_not_wanted_do_not_run(project: Project, registry: Registry) -> None:
    (project.root / "a.py").write_text("flaw('crash')\n")
    assert run(project, registry, Request(Settings(select=("TLG",)))).decisions == ()


def test_outcome_is_recalled_exactly(
    project: Project, registry: Registry, request_: Request, analyses: Analyses
) -> None:
    first = run(project, registry, request_)
    assert run(project, registry, request_) == first
    assert analyses.number == 1
    assert isinstance(first, Outcome)
    assert first.findings[0].fix is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda project, request: (project.root / "a.py").write_text("flaw()\n"),
        lambda project, request: (project.root / "pyproject.toml").write_text("[tool.other]\n"),
        lambda project, request: (project.root / ".importlinter").write_text("[importlinter]\n"),
        lambda project, request: (project.root / "cache" / FILE_NAME).write_bytes(b"no database"),
        lambda project, request: replace(request, settings=replace(request.settings, min_confidence="low")),
        lambda project, request: replace(request, leave_noqa=True),
        lambda project, request: replace(request, texts={"a.py": b"flaw()\n"}),
    ],
    ids=["text", "settings file", "contracts", "damage", "settings", "noqa", "editor"],
)
def test_whatever_matters_makes_it_analyse_again(
    project: Project, registry: Registry, request_: Request, analyses: Analyses, change: object
) -> None:
    run(project, registry, request_)
    changed = change(project, request_)  # type: ignore[operator]
    run(project, registry, changed if isinstance(changed, Request) else request_)
    assert analyses.number == 2


def test_paths_and_jobs_do_not_matter(
    project: Project, registry: Registry, request_: Request, analyses: Analyses
) -> None:
    run(project, registry, request_)
    assert run(project, registry, replace(request_, paths=frozenset({"b.py"}), jobs=2)).findings == ()
    assert analyses.number == 1


def test_text_from_an_editor_is_not_kept(
    project: Project, registry: Registry, request_: Request, analyses: Analyses
) -> None:
    before = run(project, registry, request_)
    edited = run(project, registry, replace(request_, texts={"a.py": b"\nflaw()\n"}))
    assert [finding.line for finding in edited.findings] == [2]
    assert run(project, registry, request_) == before
    assert analyses.number == 2


def test_crash_is_not_kept(project: Project, registry: Registry, request_: Request, analyses: Analyses) -> None:
    (project.root / "a.py").write_text("flaw('crash')\n")
    for _ in range(2):
        assert [finding.code for finding in run(project, registry, request_).findings] == ["TLZ002"]
    assert analyses.number == 2


def test_without_a_cache_nothing_is_written(project: Project, registry: Registry) -> None:
    before = sorted(project.root.iterdir())
    run(project, registry, Request(Settings(select=("TLY",))))
    assert sorted(project.root.iterdir()) == before


def test_program_that_cannot_make_subjects_is_a_finding_of_each_rule(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("toys.ToyProgram.each", fail)
    outcome = run(project, registry, Request(Settings(select=("TLY",))))
    assert [finding.message for finding in outcome.findings] == [
        "rule TLY001 (call-to-flaw) crashed here: RecursionError: too deep"
    ]
    assert len(outcome.tracebacks) == 1
