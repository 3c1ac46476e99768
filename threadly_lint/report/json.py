"""The machine-readable report: one JSON object, the same for the same findings, from any working directory.

It is pure ASCII, so that no terminal or file name can spoil it.
"""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from typing import Any

import msgspec

from threadly_lint.report.statistics import count_by_code
from threadly_lint.values import Finding

FORMAT_VERSION = 1


def render_json(findings: Sequence[Finding], statistics: bool = False) -> str:
    """An object with ``version`` and ``findings``, and ``statistics`` (counts by code) when asked for.

    Paths are relative to the project root and use ``/``; lines and columns are 1-based, columns count characters.
    """
    document: dict[str, Any] = {"version": FORMAT_VERSION, "findings": [_as_data(finding) for finding in findings]}
    if statistics:
        document["statistics"] = msgspec.to_builtins(count_by_code(findings))
    return dumps(document, indent=2)


def _as_data(finding: Finding) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(finding)
    data["fix"] = {"safety": finding.fix.safety, "title": finding.fix.title} if finding.fix else None
    return data
