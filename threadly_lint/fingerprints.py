"""Names for findings that survive edits elsewhere: no line numbers, so that a moved finding stays the same finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from threadly_lint.values import Finding


def with_fingerprints(findings: Iterable[Finding]) -> list[Finding]:
    """All findings in the order of a report, each with its fingerprint.

    A fingerprint is made of code, path, symbol and message (numbers left out); findings that agree in all of
    these are told apart by their order in the file. Hand over all findings of a code, before any is dropped.
    """
    seen: Counter[str] = Counter()
    marked = []
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        identity = "\0".join((finding.code, finding.path, finding.symbol, re.sub(r"\d+", "#", finding.message)))
        text = f"{identity}\0{seen[identity]}"
        seen[identity] += 1
        marked.append(msgspec.structs.replace(finding, fingerprint=sha256(text.encode()).hexdigest()[:16]))
    return marked
