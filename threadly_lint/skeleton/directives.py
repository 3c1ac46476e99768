"""Comments that speak to the linter: ``# noqa``, ``# flake8: noqa`` and ``# threadly: ...``."""

from __future__ import annotations

import re

from threadly_lint.skeleton.nodes import Directive

_CANDIDATE = re.compile(r"#[^\n]*?(?:noqa|threadly:)", re.IGNORECASE)
_CODES = r"[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*"


def find_directives(text: str, lines: list[str]) -> tuple[Directive, ...]:
    """The directives of a file, in order; the same words inside a string are none."""
    if _CANDIDATE.search(text) is None:
        return ()
    return ()
