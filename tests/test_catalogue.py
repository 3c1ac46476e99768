"""The catalogue of rules as a whole: every declaration, page, example and fixture, and that they agree with each other."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
from msgspec.structs import replace

from threadly_lint.project import load_project
from threadly_lint.registry import HEADINGS, load_registry
from threadly_lint.report.rule_page import PATTERN_TITLES, group_title
from threadly_lint.rule import Rule
from threadly_lint.run import Outcome, Request, run
from threadly_lint.testing import find_fixtures
from threadly_lint.values import Finding, Safety

ROOT = Path(__file__).parents[1]
REGISTRY = load_registry()
RULES = list(REGISTRY.rules.values())
LETTERS = {
    "A": "auth-database",
    "C": "cache-aside",
    "S": "service-layer",
    "E": "error-boundary",
    "V": "validation-pipeline",
    "R": "real-time-events",
    "X": "search-integration",
    "M": "monitoring-wrapper",
    "L": "rate-limiting",
    "T": "transaction-coordination",
    "G": "layers",
}
LEAST_FIXTURES = 6
SECOND_MISTAKES = {"TLT005": {"TLE001"}}  # the compensation that can vanish is a call to another system too

SAFETIES: list[Safety] = ["safe", "unsafe", "suggested"]  # what is promised most stands first

EXAMPLE = re.compile(r"^```python (flawed|sound)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"^# file: (\S+)\n", re.MULTILINE)

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_codes_and_names_are_unique() -> None:
    described = [REGISTRY.describe(code) for code in REGISTRY.codes]
    for field in ("code", "name"):
        counts = Counter(getattr(one, field) for one in described)
        assert [value for value, count in counts.items() if count > 1] == []


def test_every_pattern_has_rules_and_a_title() -> None:
    assert {rule.pattern for rule in RULES} == set(LETTERS.values()) == set(PATTERN_TITLES)


@each_rule
def test_letter_names_the_pattern(rule: Rule) -> None:
    assert LETTERS[rule.code[2]] == rule.pattern
    assert group_title(rule) == PATTERN_TITLES[rule.pattern]


@each_rule
def test_page_is_complete(rule: Rule) -> None:
    assert re.findall(r"^## (.*)$", rule.page, re.MULTILINE) == [*HEADINGS, "Peers"]
    sections = re.split(r"^## .*$", rule.page, flags=re.MULTILINE)
    assert all(section.strip() for section in sections)
    assert re.fullmatch(r"[^\n]+\.", sections[0].strip())
    assert _load_tool("new_rule").PLACEHOLDER not in Path(REGISTRY.sources[rule.code]).read_text(encoding="utf-8")
    assert [kind for kind, _ in EXAMPLE.findall(rule.page)] == ["flawed", "sound"]


@each_rule
def test_examples_show_this_mistake_and_no_other(rule: Rule, tmp_path: Path) -> None:
    """The flawed one has it, the sound one has not, and nothing else in them is worse than preview."""
    for kind, found in _example_findings(rule, tmp_path):
        assert (kind, any(finding.code == rule.code for finding in found)) == (kind, kind == "flawed")
        allowed = {rule.code, *SECOND_MISTAKES.get(rule.code, ())}
        assert [one for one in found if one.code not in allowed and one.level != "preview"] == []


@each_rule
def test_fixtures_are_enough(rule: Rule) -> None:
    cases = [one.case for one in find_fixtures(ROOT / "tests/fixtures") if one.rule_name == rule.name.replace("-", "_")]
    flawed, sound = (sum(case.startswith(kind) for case in cases) for kind in ("flawed", "sound"))
    assert flawed >= LEAST_FIXTURES, f"{flawed} flawed"
    assert sound >= LEAST_FIXTURES, f"{sound} sound"


@each_rule
def test_declared_fix_is_offered_and_a_planned_one_is_not(rule: Rule, tmp_path: Path) -> None:
    """A rule that declares a fix offers it somewhere, and elsewhere nothing bolder; any other rule offers none."""
    found = [finding for _, found in _example_findings(rule, tmp_path) for finding in found]
    found += _findings_in_shops()
    if rule.fix:
        found += _fixture_findings(rule, tmp_path)
    offered = {finding.fix.safety for finding in found if finding.code == rule.code and finding.fix}
    assert rule.fix is None or rule.fix in offered
    assert offered <= (set(SAFETIES[SAFETIES.index(rule.fix) :]) if rule.fix else set())
    assert not (rule.fix and rule.planned_fix)


def test_pages_in_docs_are_current() -> None:
    tool = _load_tool("rule_pages")
    assert tool.stale(tool.pages(REGISTRY), ROOT / "docs/rules") == []


def test_pages_are_written_and_left_over_ones_deleted(tmp_path: Path) -> None:
    tool = _load_tool("rule_pages")
    (tmp_path / "TLA001.md").write_text("old")
    (tmp_path / "TLA999.md").write_text("of a rule that is gone")
    wanted = {"README.md": "index\n", "TLA001.md": "new\n"}
    assert tool.stale(wanted, tmp_path) == ["README.md", "TLA001.md", "TLA999.md"]
    tool.write(wanted, tmp_path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == wanted


def _example_findings(rule: Rule, scratch: Path) -> Iterator[tuple[str, list[Finding]]]:
    """What every rule finds in each example of this rule's page, as a project of its own."""
    for kind, text in EXAMPLE.findall(rule.page):
        folder = scratch / kind
        files = _example_files(text)
        files["pyproject.toml"] = "[tool.threadly-lint]\n" + files.get("pyproject.toml", "")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        yield kind, list(_run(folder).findings)


def _example_files(text: str) -> dict[str, str]:
    """An example is one file, or several that begin with ``# file: NAME``."""
    _, *named = FILE_NAME.split(text)
    return dict(zip(named[::2], named[1::2], strict=True)) if named else {"example.py": text}


@cache
def _findings_in_shops() -> list[Finding]:
    """The flawed example shops have every mistake at least once."""
    shops = sorted((ROOT / "examples").glob("*/flawed"))
    return [finding for shop in shops for finding in _run(shop).findings]


def _fixture_findings(rule: Rule, scratch: Path) -> list[Finding]:
    found: list[Finding] = []
    for folder in sorted((ROOT / "tests/fixtures" / rule.name.replace("-", "_")).glob("flawed*")):
        copy = scratch / folder.name
        shutil.copytree(folder, copy)
        if not (copy / "pyproject.toml").exists():
            (copy / "pyproject.toml").write_text("[tool.threadly-lint]\n")
        found += _run(copy, rule.code).findings
    return found


def _run(folder: Path, *select: str) -> Outcome:
    project = load_project(folder)
    return run(project, REGISTRY, Request(replace(project.settings, select=select, preview=True)))


def _load_tool(name: str) -> ModuleType:
    spec = util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
