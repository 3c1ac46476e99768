"""Applies the fixes of a whole project in rounds, and checks after each round that it did what it promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from threadly_lint.fingerprints import identity
from threadly_lint.fixing.apply import apply_fixes
from threadly_lint.fixing.source import Refusal, read_source
from threadly_lint.values import Finding, Fix

MAX_ROUNDS = 10


class Analysed(Protocol):
    """What an analysis has to tell: what is reported, and everything that was found, dropped findings included."""

    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def everything(self) -> tuple[Finding, ...]: ...


_Outcome = TypeVar("_Outcome", bound=Analysed)


class Mended(Struct, Generic[_Outcome], frozen=True):
    """The new content of each file that changed, what an analysis says about it, and what became of the fixes."""

    texts: Mapping[str, bytes]
    outcome: _Outcome
    fixed: tuple[Finding, ...]
    refused: tuple[tuple[Finding, str], ...]


def mend(
    outcome: _Outcome,
    analyse: Callable[[Mapping[str, bytes]], _Outcome],
    read: Callable[[str], bytes],
    wanted: Callable[[Finding], bool],
) -> Mended[_Outcome]:
    """Apply the fixes of the ``wanted`` ones among the findings that ``outcome`` reports, without writing anything.

    ``analyse`` looks at the project with new content of some files, ``read`` gives the content of a file on disk.
    A fix is kept only when its finding goes and no code gets more findings by it.
    """
    mender = _Mender(outcome, analyse, read, wanted)
    rounds = 0
    while rounds < MAX_ROUNDS and (findings := mender.fixable()):
        rounds += mender.attempt(findings)
    return Mended(mender.texts, mender.outcome, tuple(mender.fixed), tuple(mender.refused.values()))


class _Mender(Generic[_Outcome]):
    def __init__(
        self,
        outcome: _Outcome,
        analyse: Callable[[Mapping[str, bytes]], _Outcome],
        read: Callable[[str], bytes],
        wanted: Callable[[Finding], bool],
    ) -> None:
        self.texts: dict[str, bytes] = {}
        self.outcome = outcome
        self.fixed: list[Finding] = []
        self.refused: dict[str, tuple[Finding, str]] = {}
        self._analyse = analyse
        self._read = read
        self._wanted = wanted

    def fixable(self) -> list[Finding]:
        """What could be fixed now."""
        return [
            finding
            for finding in self.outcome.findings
            if finding.fix and self._wanted(finding) and finding.fingerprint not in self.refused
        ]

    def attempt(self, findings: Sequence[Finding]) -> bool:
        """Apply as much as goes together; False when nothing was applied and some fix was refused."""
        texts, applied = self._changed(findings)
        if not applied:
            return False
        outcome = self._analyse({**self.texts, **texts})
        if not _broken_promise(self.outcome, outcome, applied):
            self._accept(texts, outcome, applied)
            return True
        refused_before = len(self.refused)
        self._refuse_culprits(applied)
        if len(self.refused) > refused_before:
            return False
        return self.attempt(applied[: len(applied) // 2])

    def _accept(self, texts: Mapping[str, bytes], outcome: _Outcome, applied: Sequence[Finding]) -> None:
        """Earlier refusals are forgotten: what they were about may have moved, and is tried again where it is now."""
        self.texts.update(texts)
        self.outcome = outcome
        self.fixed += applied
        self.refused.clear()

    def _refuse_culprits(self, findings: Sequence[Finding]) -> None:
        """Halve the findings until each fix that breaks a promise stands alone."""
        texts, applied = self._changed(findings)
        complaint = _broken_promise(self.outcome, self._analyse({**self.texts, **texts}), applied)
        if not complaint:
            return
        if len(applied) == 1:
            self._refuse(applied[0], complaint)
            return
        self._refuse_culprits(applied[: len(applied) // 2])
        self._refuse_culprits(applied[len(applied) // 2 :])

    def _changed(self, findings: Sequence[Finding]) -> tuple[dict[str, bytes], list[Finding]]:
        """New content of files, and the findings whose fixes are in it."""
        by_file: dict[str, dict[Fix, Finding]] = defaultdict(dict)
        for finding in findings:
            if finding.fix:
                by_file[file_of(finding)].setdefault(finding.fix, finding)
        texts: dict[str, bytes] = {}
        applied: list[Finding] = []
        for path, fixes in by_file.items():
            content, done = self._change_file(path, fixes)
            applied += done
            if done:
                texts[path] = content
        return texts, applied

    def _change_file(self, path: str, fixes: Mapping[Fix, Finding]) -> tuple[bytes, list[Finding]]:
        try:
            content = self.texts[path] if path in self.texts else self._read(path)
            source = read_source(content)
            result = apply_fixes(source.text, list(fixes))
            for fix, reason in result.refused:
                self._refuse(fixes[fix], reason)
            return source.encode(result.text), [fixes[fix] for fix in result.applied]
        except (Refusal, OSError) as error:
            for finding in fixes.values():
                self._refuse(finding, str(error))
            return b"", []

    def _refuse(self, finding: Finding, reason: str) -> None:
        self.refused[finding.fingerprint] = (finding, reason)


def file_of(finding: Finding) -> str:
    """The file that the finding's fix changes."""
    return finding.fix.path or finding.path if finding.fix else finding.path


def _broken_promise(before: Analysed, after: Analysed, applied: Sequence[Finding]) -> str:
    """What is worse after the fixes than before, as the end of a sentence; empty when nothing is."""
    identities_before = Counter(map(identity, before.everything))
    identities_after = Counter(map(identity, after.everything))
    for finding_identity, number in Counter(map(identity, applied)).items():
        if identities_after[finding_identity] > identities_before[finding_identity] - number:
            return "the finding would still be there"
    codes_before = Counter(finding.code for finding in before.everything)
    codes_after = Counter(finding.code for finding in after.everything)
    worse = sorted(code for code, number in codes_after.items() if number > codes_before[code])
    return f"it would cause {', '.join(worse)}" if worse else ""
