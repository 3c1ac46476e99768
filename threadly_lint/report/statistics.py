"""Counts of findings by code, the most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from threadly_lint.values import Finding


class CodeCount(Struct, frozen=True):
    """How often one code was reported."""

    code: str
    name: str
    count: int


def count_by_code(findings: Sequence[Finding]) -> list[CodeCount]:
    """One entry for each code that occurs."""
    counts = Counter((finding.code, finding.name) for finding in findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [CodeCount(code, name, count) for (code, name), count in ordered]
