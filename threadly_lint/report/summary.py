"""The last line of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from threadly_lint.values import LEVELS, Finding


def summarise_run(findings: Sequence[Finding], files: int, lines: int, seconds: float, fixed: int = 0) -> str:
    """How much was found in how much code and how long it took; findings that are ``fixed`` are no longer counted."""
    mended = f"{fixed:,} fixed, " if fixed else ""
    found = _counted_findings(findings)
    found = found.lower() if fixed else found
    return f"{mended}{found} in {_counted(files, 'file')} ({_counted(lines, 'line')}), {seconds:.2f} s"


def _counted_findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "No findings"
    levels = Counter(finding.level for finding in findings)
    parts = ", ".join(_counted(levels[level], level) for level in LEVELS if levels[level])
    return f"{_counted(len(findings), 'finding')} ({parts})"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 or noun == "preview" else f"{number:,} {noun}s"
