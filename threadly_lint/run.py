"""The sentence: read and summarise, link, check, decide. Fixes and reports start from what this returns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from threadly_lint.baseline import NO_BASELINE, Baseline, Entry
from threadly_lint.check import check
from threadly_lint.decide import Decision, Judge, Selection, limit_to_paths
from threadly_lint.fingerprints import with_fingerprints
from threadly_lint.program.imports import imports_only
from threadly_lint.project import Project
from threadly_lint.registry import Registry
from threadly_lint.room import with_room
from threadly_lint.rule import Rule
from threadly_lint.settings import Settings
from threadly_lint.skeleton.collector import collector_paused
from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.nodes import Skeleton
from threadly_lint.suppressions import Suppressions
from threadly_lint.tool_codes import LIMIT_REACHED, UNPARSABLE_FILE
from threadly_lint.unmatched import unmatched_patterns
from threadly_lint.values import Finding

if TYPE_CHECKING:
    from threadly_lint.memory import Memory
    from threadly_lint.program import Program
    from threadly_lint.program.inference import Inference
    from threadly_lint.skeleton.store import Progress


class Request(Struct, frozen=True):
    """What is asked of a run.

    ``settings`` are the project's with the caller's wishes put in. ``paths`` limits what is reported, never what is
    analysed; None is the whole project. ``texts`` stand in for the content of files. With ``leave_noqa`` the caller
    judges ``# noqa`` comments itself. ``baseline`` excuses findings. ``jobs`` is the number of processes that may read
    files, ``cache_dir`` the folder of the cache, None for no cache; neither changes the outcome.
    """

    settings: Settings
    paths: frozenset[str] | None = None
    texts: Mapping[str, bytes] = {}
    leave_noqa: bool = False
    baseline: Baseline = NO_BASELINE
    jobs: int = 1
    cache_dir: Path | None = None


class Outcome(Struct, frozen=True):
    """What a run has found, in the order of a report; ``tracebacks`` belong to rules that crashed."""

    decisions: tuple[Decision, ...]
    tracebacks: tuple[str, ...]
    files: int
    lines: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be reported."""
        return tuple(decision.finding for decision in self.decisions if decision.verdict == "reported")

    @property
    def everything(self) -> tuple[Finding, ...]:
        """What was found, whatever was decided about it."""
        return tuple(decision.finding for decision in self.decisions)


def run(project: Project, registry: Registry, request: Request, progress: Progress | None = None) -> Outcome:
    """Analyse the whole project and decide about every finding."""
    if _asks_for_nothing(project, request):
        return Outcome((), (), 0, 0)
    memory = _memory(request.cache_dir, project, registry, request) if request.cache_dir else None
    outcome = memory.recall(Outcome) if memory else None
    if outcome is None:
        outcome = _analyse(project, registry, request, progress)
        if memory and not request.texts and not outcome.tracebacks:
            memory.keep(outcome)
    return replace(outcome, decisions=limit_to_paths(outcome.decisions, request.paths))


def _asks_for_nothing(project: Project, request: Request) -> bool:
    """Whether only files and folders are asked about that do not belong to the project, because they are excluded."""
    if request.paths is None or project.unreadable:
        return False
    known = {file.path for file in project.files}
    excluded = (path.endswith(".py") or (project.root / path).is_dir() for path in request.paths)
    return known.isdisjoint(request.paths) and all(excluded)


def _analyse(project: Project, registry: Registry, request: Request, progress: Progress | None) -> Outcome:
    selection = Selection(request.settings)
    rules = [rule for rule in registry.rules.values() if selection.runs(rule)]
    with collector_paused() if _ask_for_imports_alone(rules) else nullcontext():
        return _judge(rules, project, registry, request, progress)


def _judge(
    rules: list[Rule], project: Project, registry: Registry, request: Request, progress: Progress | None
) -> Outcome:
    program = _program_for(rules, project, request, progress)
    skeletons = program.skeletons
    checked = with_room(lambda: check(program, rules))
    if project.settings.inference and request.cache_dir and not request.texts:
        _keep_answers(program, request.cache_dir)
    limits = _not_followed(program)
    found = [*_unreadable(project), *_unparsable(skeletons), *unmatched_patterns(project), *limits, *checked.findings]
    decisions = _decide(found, project, skeletons, registry, request, is_whole=not checked.tracebacks)
    return Outcome(decisions, checked.tracebacks, len(skeletons), sum(one.lines for one in skeletons.values()))


def _ask_for_imports_alone(rules: list[Rule]) -> bool:
    return bool(rules) and all(subject in imports_only.SUBJECTS for rule in rules for subject, _ in rule.checks)


def _program_for(rules: list[Rule], project: Project, request: Request, progress: Progress | None) -> Program:
    """The program; its imports alone, read without parsing, where the rules ask for nothing else."""
    if _ask_for_imports_alone(rules):
        return cast("Program", imports_only.ImportsOnly(project, request.texts, progress))
    return read_program(project, jobs=request.jobs, cache_dir=request.cache_dir, texts=request.texts, progress=progress)


def read_program(
    project: Project,
    *,
    jobs: int = 1,
    cache_dir: Path | None = None,
    texts: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
) -> Program:
    """The project as a program; the options mean what they mean in a ``Request``."""
    from threadly_lint.program import Program
    from threadly_lint.skeleton.store import read_skeletons

    texts = texts or {}
    skeletons = read_skeletons(project, jobs=jobs, cache_dir=cache_dir, texts=texts, progress=progress)
    inference = _inference(project, texts, cache_dir) if project.settings.inference else None
    return Program(project, skeletons, inference=inference)


def _inference(project: Project, texts: Mapping[str, bytes], cache_dir: Path | None) -> Inference:
    from threadly_lint.knowledge import load_knowledge
    from threadly_lint.program.inference import Inference

    names = {file.path: file.module for file in project.files}
    known = _answers(project, texts, cache_dir).recall(dict[str, tuple[str, str] | None]) if cache_dir else None
    return Inference(names, lambda path: read_text(project, path, texts), load_knowledge(), answers=known)


def _keep_answers(program: Program, cache_dir: Path) -> None:
    """Keep what astroid said for as long as no file changes, whatever is asked next."""
    if program.inference is not None and program.inference.has_news:
        _answers(program.project, {}, cache_dir).keep(program.inference.answers)


def _answers(project: Project, texts: Mapping[str, bytes], cache_dir: Path) -> Memory:
    from importlib.metadata import version

    from threadly_lint.memory import Memory, state_of

    question = [os.fsencode(project.root), b"receivers"]
    return Memory(cache_dir, question, [version("astroid").encode(), *state_of(project, texts)])


def read_text(project: Project, path: str, texts: Mapping[str, bytes]) -> str:
    """The text of a file with ``\\n`` line ends; empty when it cannot be read."""
    try:
        return decode(texts[path] if path in texts else (project.root / path).read_bytes())
    except (OSError, Unreadable):
        return ""


def _memory(folder: Path, project: Project, registry: Registry, request: Request) -> Memory:
    from threadly_lint.memory import Memory, state_of

    asked = [request.settings, request.leave_noqa, request.baseline]
    question = [os.fsencode(project.root), msgspec.json.encode(asked)]
    state = [_today().isoformat().encode(), registry.digest().encode(), *state_of(project, request.texts)]
    return Memory(folder, question, state)


def _unreadable(project: Project) -> Iterator[Finding]:
    for folder in project.unreadable:
        yield UNPARSABLE_FILE.finding(folder, 1, "the folder cannot be listed, so nothing in it was judged")


def _unparsable(skeletons: Mapping[str, Skeleton]) -> Iterator[Finding]:
    for path, skeleton in skeletons.items():
        if skeleton.problem:
            line, column, end_line, end_column = skeleton.problem_span
            end = (end_line, max(end_column, column + 1) if end_line == line else end_column)
            yield UNPARSABLE_FILE.finding(path, line, skeleton.problem, column=column, end=end)


def _not_followed(program: Program) -> Iterator[Finding]:
    for function in program.not_followed:
        message = f"`{function.qualname}` is called too many calls deep, what it does there is not judged"
        yield LIMIT_REACHED.finding(function.path, function.span.line, message)


def _decide(
    found: list[Finding],
    project: Project,
    skeletons: Mapping[str, Skeleton],
    registry: Registry,
    request: Request,
    *,
    is_whole: bool,
) -> tuple[Decision, ...]:
    """The answers for all findings, and for what is wrong with that which suppresses or excuses findings.

    Where not ``is_whole``, because rules have crashed, nothing is said of what a baseline excuses in vain.
    """
    suppressions = Suppressions(skeletons, lambda path: read_text(project, path, request.texts), _today())
    judge = Judge(request.settings, suppressions, request.leave_noqa, request.baseline)
    findings = with_fingerprints(found)
    decisions = judge.decide_all(findings)
    selection = Selection(request.settings)

    def is_judged(entry: Entry) -> bool:
        rule = registry.describe(entry.code)
        readable = entry.path not in skeletons or not skeletons[entry.path].problem
        return is_whole and readable and rule is not None and selection.runs(rule)

    stale = request.baseline.stale(findings, is_judged, skeletons.__contains__)
    complaints = [*suppressions.complaints(registry, selection.runs, request.settings.require_reason), *stale]
    decisions += judge.decide_all(with_fingerprints(complaints))
    return tuple(sorted(decisions, key=lambda decision: decision.finding.sort_key))


def _today() -> date:
    return datetime.now(UTC).date()
