"""The documentation of one code as Markdown: what `threadly-lint rule` prints and ``docs/rules/`` holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from threadly_lint.rule import Pattern, Rule
from threadly_lint.tool_codes import ToolCode
from threadly_lint.values import Level, Safety

PATTERN_TITLES: dict[Pattern, str] = {
    "auth-database": "Authentication and database",
    "cache-aside": "Cache-aside",
    "service-layer": "Service layer",
    "error-boundary": "Error boundary",
    "validation-pipeline": "Validation pipeline",
    "real-time-events": "Real-time events",
    "search-integration": "Search integration",
    "monitoring-wrapper": "Monitoring wrapper",
    "rate-limiting": "Rate limiting",
    "transaction-coordination": "Transaction coordination",
    "layers": "Layers and import cycles",
}
TOOL_TITLE = "The linter's own codes"

_LEVELS: dict[Level, str] = {
    "error": "error",
    "warning": "warning",
    "preview": "preview (reported with `--preview` or when its code is selected)",
}
_FIXES: dict[Safety, str] = {
    "safe": "safe (`--fix`)",
    "unsafe": "unsafe (`--fix --unsafe-fixes`)",
    "suggested": "suggested (a remedy to carry out by hand)",
}
_EXAMPLE = re.compile(r"^```python (flawed|sound)$", re.MULTILINE)
_SHORT_HEADING = re.compile(r"^(What|Why|Instead|Exempt|Limits|Peers): *(\S)", re.MULTILINE)


def render_page(rule: Rule | ToolCode) -> str:
    """The page of ``rule``, with a line feed at its end."""
    summary, _, body = rule.page.strip().partition("\n\n")
    facts = "\n".join(f"- {name}: {value}" for name, value in _facts(rule))
    return f"# {rule.code} {rule.name}\n\n{summary}\n\n{facts}\n\n{_as_markdown(body)}\n"


def summary(rule: Rule | ToolCode) -> str:
    """The first sentence of the page, on one line and without its full stop."""
    return " ".join(rule.page.strip().partition("\n\n")[0].split()).removesuffix(".")


def group_title(rule: Rule | ToolCode) -> str:
    """The pattern that ``rule`` belongs to, as a heading."""
    return PATTERN_TITLES[rule.pattern] if isinstance(rule, Rule) else TOOL_TITLE


def fix_label(rule: Rule | ToolCode) -> str:
    """The safety of the fix that ``rule`` offers or is meant to offer; empty when there is none."""
    if not isinstance(rule, Rule):
        return ""
    return rule.fix or (f"planned: {rule.planned_fix}" if rule.planned_fix else "")


def _facts(rule: Rule | ToolCode) -> Iterator[tuple[str, str]]:
    yield "Pattern", group_title(rule)
    yield "Level", _LEVELS[rule.level]
    if not isinstance(rule, Rule):
        return
    if rule.fix:
        yield "Fix", _FIXES[rule.fix]
    elif rule.planned_fix:
        yield "Fix", f"none yet (planned: {rule.planned_fix})"
    else:
        yield "Fix", "none"


def _as_markdown(body: str) -> str:
    """Examples get a caption that readers can see, short sections (``What: ...``) a heading of their own."""
    body = _EXAMPLE.sub(lambda found: f"{found[1].capitalize()}:\n\n```python", body.strip())
    return _SHORT_HEADING.sub(lambda found: f"\n## {found[1]}\n\n{found[2].upper()}", body).strip()
