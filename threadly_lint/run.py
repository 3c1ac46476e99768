"""The sentence: read, summarise, link, check, decide. Fixes and reports start from what this returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from msgspec import Struct

from threadly_lint.check import check
from threadly_lint.decide import Decision, Judge, Selection
from threadly_lint.fingerprints import with_fingerprints
from threadly_lint.program import Program
from threadly_lint.project import Project
from threadly_lint.registry import Registry
from threadly_lint.settings import Settings
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.nodes import Skeleton
from threadly_lint.suppressions import Suppressions
from threadly_lint.tool_codes import UNPARSABLE_FILE
from threadly_lint.values import Finding

Progress = Callable[[int, int], None]


class Request(Struct, frozen=True):
    """What is asked of a run.

    ``settings`` are the project's with the caller's wishes put in. ``paths`` limits what is reported, never what is
    analysed; None is the whole project. ``texts`` stand in for the content of files. With ``leave_noqa`` the caller
    judges ``# noqa`` comments itself.
    """

    settings: Settings
    paths: frozenset[str] | None = None
    texts: Mapping[str, bytes] = {}
    leave_noqa: bool = False


class Outcome(Struct, frozen=True):
    """What a run has found; ``tracebacks`` belong to rules that crashed."""

    decisions: tuple[Decision, ...]
    tracebacks: tuple[str, ...]
    files: int
    lines: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be reported, in the order of a report."""
        return tuple(decision.finding for decision in self.decisions if decision.verdict == "reported")


def run(project: Project, registry: Registry, request: Request, progress: Progress | None = None) -> Outcome:
    """Analyse the whole project and decide about every finding."""
    skeletons = summarise(project, request.texts, progress)
    program = Program(project, skeletons)
    selection = Selection(request.settings)
    rules = [rule for rule in registry.rules.values() if selection.runs(rule)]
    checked = check(program, rules)
    found = [*_unreadable(project), *_unparsable(skeletons), *checked.findings]
    decisions = _decide(found, project, skeletons, registry, request)
    return Outcome(decisions, checked.tracebacks, len(skeletons), sum(one.lines for one in skeletons.values()))


def summarise(
    project: Project, texts: Mapping[str, bytes] | None = None, progress: Progress | None = None
) -> dict[str, Skeleton]:
    """The skeleton of every file, by path; ``texts`` stand in for the content of files."""
    skeletons: dict[str, Skeleton] = {}
    for number, file in enumerate(project.files, start=1):
        skeletons[file.path] = _summarise_file(project, file.path, texts or {})
        if progress:
            progress(number, len(project.files))
    return skeletons


def read_file(project: Project, path: str, texts: Mapping[str, bytes]) -> bytes:
    """The content of a file of the project, or what stands in for it. Raises OSError."""
    return texts[path] if path in texts else (project.root / path).read_bytes()


def read_text(project: Project, path: str, texts: Mapping[str, bytes]) -> str:
    """The decoded text of a file with ``\\n`` line ends; empty when it cannot be read."""
    try:
        return decode(read_file(project, path, texts))
    except (OSError, Unreadable):
        return ""


def _summarise_file(project: Project, path: str, texts: Mapping[str, bytes]) -> Skeleton:
    try:
        return build_skeleton(read_file(project, path, texts), path)
    except OSError as error:
        return Skeleton((), 0, problem=f"the file cannot be read: {error.strerror}")


def _unreadable(project: Project) -> Iterator[Finding]:
    for folder in project.unreadable:
        yield UNPARSABLE_FILE.finding(folder, 1, "the folder cannot be listed, so nothing in it was judged")


def _unparsable(skeletons: Mapping[str, Skeleton]) -> Iterator[Finding]:
    for path, skeleton in skeletons.items():
        if skeleton.problem:
            line, column, end_line, end_column = skeleton.problem_span
            end = (end_line, max(end_column, column + 1) if end_line == line else end_column)
            yield UNPARSABLE_FILE.finding(path, line, skeleton.problem, column=column, end=end)


def _decide(
    found: list[Finding], project: Project, skeletons: Mapping[str, Skeleton], registry: Registry, request: Request
) -> tuple[Decision, ...]:
    """The answers for all findings, and for what is wrong with the comments that suppress findings."""
    suppressions = Suppressions(skeletons, lambda path: read_text(project, path, request.texts), date.today())
    judge = Judge(request.settings, suppressions, request.paths, request.leave_noqa)
    decisions = judge.decide_all(with_fingerprints(found))
    selection = Selection(request.settings)
    complaints = suppressions.complaints(registry, selection.runs, request.settings.require_reason)
    decisions += judge.decide_all(with_fingerprints(complaints))
    return tuple(sorted(decisions, key=lambda decision: decision.finding.sort_key))
