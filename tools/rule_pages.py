"""Writes the documentation of every rule to ``docs/rules/``; with ``--check`` it only says what is not current.

Run it when a rule's docstring or declaration changes.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from threadly_lint.registry import Registry, load_registry
from threadly_lint.report.rule_page import PATTERN_TITLES, TOOL_TITLE, fix_label, group_title, render_page, summary
from threadly_lint.rule import Rule
from threadly_lint.tool_codes import ToolCode

FOLDER = Path(__file__).parents[1] / "docs" / "rules"
INDEX = "README.md"
INTRODUCTION = """# Rules

Errors and warnings are on by default; preview rules are reported with `--preview` or when their code is selected. Codes are
stable and never reused. `threadly-lint rule CODE` prints the same pages.
"""


def pages(registry: Registry) -> dict[str, str]:
    """The text of every file of the folder by its name: one page for each code, and the index."""
    described = [rule for code in registry.codes if (rule := registry.describe(code))]
    return {INDEX: index(described), **{f"{rule.code}.md": render_page(rule) for rule in described}}


def index(rules: list[Rule | ToolCode]) -> str:
    """All rules by pattern, the linter's own codes last."""
    order = [*PATTERN_TITLES.values(), TOOL_TITLE]
    ordered = sorted(rules, key=lambda rule: (order.index(group_title(rule)), rule.code))
    sections = [section(title, list(group)) for title, group in groupby(ordered, key=group_title)]
    return "\n".join([INTRODUCTION, *sections])


def section(title: str, rules: list[Rule | ToolCode]) -> str:
    """The table of one pattern."""
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.level} | {fix_label(rule)} | {summary(rule)} |"
        for rule in rules
    ]
    return "\n".join([f"## {title}\n", "| Code | Name | Level | Fix | Says |", "|---|---|---|---|---|", *rows, ""])


def stale(wanted: dict[str, str], folder: Path) -> list[str]:
    """Names of files that are missing, different or left over, sorted."""
    present = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    return sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))


def write(wanted: dict[str, str], folder: Path) -> None:
    """Make the folder hold exactly these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(wanted, folder):
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def main(words: list[str]) -> int:
    """0 when all is well, 1 when ``--check`` found stale pages, 2 for words that are not understood."""
    wanted = pages(load_registry())
    if words == ["--check"]:
        names = stale(wanted, FOLDER)
        for name in names:
            print(f"docs/rules/{name} is not current; run tools/rule_pages.py", file=sys.stderr)
        return 1 if names else 0
    if words:
        print(f"usage: {Path(__file__).name} [--check]", file=sys.stderr)
        return 2
    write(wanted, FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
