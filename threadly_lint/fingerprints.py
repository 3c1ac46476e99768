"""Names for findings that survive edits elsewhere: no line numbers, so that a moved finding stays the same finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from msgspec.structs import replace

from threadly_lint.values import Finding


def identity(finding: Finding) -> str:
    """What a finding says wherever its line moves: code, path, symbol and message, numbers left out."""
    return "\0".join((finding.code, finding.path, finding.symbol, re.sub(r"\d+", "#", finding.message)))


def with_fingerprints(findings: Iterable[Finding]) -> list[Finding]:
    """All findings in the order of a report, each with its fingerprint: a hash of its identity.

    Findings of the same identity are told apart by their order in the file. Hand over all findings of a code at
    once, before any is dropped.
    """
    seen: Counter[str] = Counter()
    marked = []
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        same = identity(finding)
        text = f"{same}\0{seen[same]}"
        seen[same] += 1
        fingerprint = sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
        marked.append(replace(finding, fingerprint=fingerprint))
    return marked
