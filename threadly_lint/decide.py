"""The only place that drops a finding, with a named answer for every one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from threadly_lint.baseline import NO_BASELINE, Baseline
from threadly_lint.project import path_matcher
from threadly_lint.rule import Rule
from threadly_lint.settings import Settings
from threadly_lint.skeleton.nodes import Directive
from threadly_lint.suppressions import Suppressions
from threadly_lint.tool_codes import ToolCode
from threadly_lint.values import CONFIDENCES, Finding, Level

Verdict = Literal[
    "reported",
    "outside-paths",
    "not-selected",
    "preview",
    "low-confidence",
    "per-file-ignore",
    "noqa",
    "suppressed",
    "baseline",
]


class Decision(Struct, frozen=True):
    """What becomes of a finding; ``because`` names the option, pattern or comment that decided, empty when reported."""

    finding: Finding
    verdict: Verdict
    because: str = ""


class Selection:
    """Which codes a run is interested in: of the prefixes in ``select`` and ``ignore``, the longer one wins.

    The tool's own codes (``TLZ``) need no selection: a file that was not analysed must not go unnoticed.
    """

    def __init__(self, settings: Settings) -> None:
        self._select = (*(settings.select or ("TL",)), "TLZ")
        self._ignore = settings.ignore
        self._preview = settings.preview

    def chooses(self, code: str) -> bool:
        """Whether ``code`` is selected and not ignored as precisely or more so."""
        return _longest(self._select, code) > _longest(self._ignore, code)

    def runs(self, rule: Rule | ToolCode) -> bool:
        """Whether it is worth running a rule: whether findings of its own level are wanted."""
        return self.chooses(rule.code) and self.shows(rule.code, rule.level)

    def shows(self, code: str, level: Level) -> bool:
        """Whether findings of ``level`` are wanted: preview ones by option, or by the full name of ``code``."""
        return level != "preview" or self._preview or code in self._select


class Judge:
    """Applies settings, comments and the baseline to findings.

    With ``leave_noqa`` the caller (flake8) judges ``# noqa`` comments itself: such findings stay reported.
    """

    def __init__(
        self,
        settings: Settings,
        suppressions: Suppressions,
        leave_noqa: bool = False,
        baseline: Baseline = NO_BASELINE,
    ) -> None:
        self._selection = Selection(settings)
        self._least = CONFIDENCES.index(settings.min_confidence)
        self._min_confidence = settings.min_confidence
        self._per_file = [
            (pattern, path_matcher([pattern]), codes) for pattern, codes in settings.per_file_ignores.items()
        ]
        self._suppressions = suppressions
        self._baseline = baseline
        self._leave_noqa = leave_noqa

    def decide(self, finding: Finding) -> Decision:
        """The answer for one finding; the first reason to drop it wins."""
        for question in (self._by_comment, self._by_selection, self._by_confidence, self._by_file, self._by_baseline):
            answer = question(finding)
            if answer:
                return answer
        return Decision(finding, "reported")

    def decide_all(self, findings: Iterable[Finding]) -> list[Decision]:
        """The answers for all findings, in the order of a report."""
        return [self.decide(finding) for finding in sorted(findings, key=lambda finding: finding.sort_key)]

    def _by_selection(self, finding: Finding) -> Decision | None:
        if not self._selection.chooses(finding.code):
            return Decision(finding, "not-selected", "select and ignore")
        if not self._selection.shows(finding.code, finding.level):
            return Decision(finding, "preview", "neither preview is on nor is the code selected by its full name")
        return None

    def _by_confidence(self, finding: Finding) -> Decision | None:
        if CONFIDENCES.index(finding.confidence) <= self._least:
            return None
        return Decision(finding, "low-confidence", f"{finding.confidence} is below {self._min_confidence}")

    def _by_file(self, finding: Finding) -> Decision | None:
        for pattern, matches, codes in self._per_file:
            if finding.code.startswith(codes) and matches(finding.path):
                return Decision(finding, "per-file-ignore", pattern)
        return None

    def _by_baseline(self, finding: Finding) -> Decision | None:
        return Decision(finding, "baseline", self._baseline.file) if self._baseline.excuses(finding) else None

    def _by_comment(self, finding: Finding) -> Decision | None:
        directive = self._suppressions.excuse(finding)
        if directive is None or (self._leave_noqa and _is_flake8s(directive)):
            return None
        verdict: Verdict = "suppressed" if directive.kind == "ignore" else "noqa"
        return Decision(finding, verdict, f"comment at line {directive.span[0]}")


def limit_to_paths(decisions: tuple[Decision, ...], paths: frozenset[str] | None) -> tuple[Decision, ...]:
    """``decisions`` with findings outside of ``paths`` (relative to the project root; None for all) not reported."""
    if paths is None:
        return decisions
    return tuple(
        one if one.finding.path in paths or one.verdict != "reported" else replace(one, verdict="outside-paths")
        for one in decisions
    )


def _longest(prefixes: tuple[str, ...], code: str) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def _is_flake8s(directive: Directive) -> bool:
    """Whether flake8 applies the comment by itself; it knows no codes on a ``# flake8: noqa`` line."""
    return directive.kind == "noqa" or (directive.kind == "noqa-file" and not directive.codes)
