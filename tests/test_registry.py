"""Rules are found where they are installed or named, and checked before anything runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import threadly_lint
from threadly_lint.registry import Registry, RegistryError, load_registry
from threadly_lint.settings import Settings

HEADINGS = "What: a\nWhy: b\nInstead: c\nExempt: d\nLimits: e\n"
RULE = '''"""Summary.

{headings}"""
from threadly_lint.rule import Rule

rule = Rule(code="{code}", pattern="layers", level="warning")


@rule.for_each(int)
def check(subject, program):
    yield from ()
'''


def write_rule(folder: Path, name: str, code: str, headings: str = HEADINGS) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(RULE.format(code=code, headings=headings))


def problems(*folders: Path) -> list[str]:
    with pytest.raises(RegistryError) as raised:
        load_registry(folders)
    return list(raised.value.problems)


def test_built_in_rules_and_tool_codes_are_known() -> None:
    registry = load_registry()
    assert {"TLA001", "TLG001"} <= set(registry.rules)
    assert set(registry.tool_codes) == {f"TLZ{number:03}" for number in range(1, 11)}
    assert list(registry.codes) == sorted(registry.codes)


def test_rule_of_a_folder_is_added(tmp_path: Path) -> None:
    write_rule(tmp_path, "no_friday_deploys", "TLY900")
    write_rule(tmp_path, "_helper", "TLY901")
    registry = load_registry([tmp_path])
    rule = registry.rules["TLY900"]
    assert (rule.name, rule.level, rule.page) == ("no-friday-deploys", "warning", f"Summary.\n\n{HEADINGS}")
    assert registry.by_name("no_friday_deploys") is rule
    assert registry.sources["TLY900"] == tmp_path / "no_friday_deploys.py"
    assert "TLY901" not in registry.rules


def test_two_folders_may_have_files_of_the_same_name(tmp_path: Path) -> None:
    write_rule(tmp_path / "one", "mine", "TLY910")
    write_rule(tmp_path / "two", "mine", "TLY911")
    assert problems(tmp_path / "one", tmp_path / "two") == [
        f"{tmp_path}/two/mine.py: name mine is already used by {tmp_path}/one/mine.py"
    ]


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    write_rule(tmp_path, "a_lower", "tla001")
    write_rule(tmp_path, "b_short", "TLA1")
    write_rule(tmp_path, "c_reserved", "TLZ001")
    write_rule(tmp_path, "d_headings", "TLY920", "What: a\nSomewhy: b\nExempt: c\n")
    write_rule(tmp_path, "e_taken", "TLG001")
    (tmp_path / "f_syntax.py").write_text("def (\n")
    (tmp_path / "g_exit.py").write_text("raise SystemExit(4)\n")
    (tmp_path / "h_other.py").write_text("rule = 'no rule'\n")
    (tmp_path / "i_idle.py").write_text(RULE.format(code="TLY921", headings=HEADINGS).partition("@rule")[0])
    said = [problem.removeprefix(f"{tmp_path}/") for problem in problems(tmp_path)]
    own = load_registry().sources["TLG001"]
    assert said == [
        "a_lower.py: code 'tla001' is not TL, a capital letter and three digits",
        "b_short.py: code 'TLA1' is not TL, a capital letter and three digits",
        "c_reserved.py: code TLZ001 is reserved for the tool itself",
        "d_headings.py: the docstring lacks Why, Instead, Limits",
        "f_syntax.py: cannot be loaded: SyntaxError: invalid syntax (f_syntax.py, line 1)",
        "g_exit.py: cannot be loaded: SystemExit: 4",
        "h_other.py: declares no `rule = Rule(...)`",
        "i_idle.py: TLY921 subscribes to nothing; use @rule.for_each(...)",
        f"e_taken.py: code TLG001 is already used by {own}",
    ]


def test_folder_without_rules_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, tmp_path / "nowhere") == [
        f"{tmp_path}: holds no rule file",
        f"{tmp_path / 'nowhere'}: is not a folder",
    ]


def test_digest_follows_the_text_of_rules(tmp_path: Path) -> None:
    write_rule(tmp_path, "mine", "TLY930")
    first = load_registry([tmp_path]).digest()
    assert load_registry([tmp_path]).digest() == first
    write_rule(tmp_path, "mine", "TLY930", HEADINGS + "\n")
    assert load_registry([tmp_path]).digest() != first
    assert load_registry().digest() != first


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("TLG01", "TLG001"), ("import-cycles", "TLG001"), ("IMPORT_CYCLE", "TLG001"), ("xyzzy", None), ("", None)],
)
def test_nearest(word: str, nearest: str | None) -> None:
    assert load_registry().nearest(word) == nearest


def test_unknown_codes_of_settings_are_listed_by_place() -> None:
    settings = Settings(select=("TLG", "TLQ"), ignore=("X1",), per_file_ignores={"a/": ("TLG001", "TLG9")})
    with pytest.raises(RegistryError) as raised:
        load_registry().demand_of_settings(settings)
    places = [problem.partition(": there is no code ") for problem in raised.value.problems]
    assert [(place, said[:6]) for place, _, said in places] == [
        ("select", "`TLQ`"),
        ("ignore", "`X1`"),
        ("per-file-ignores.a/", "`TLG9`"),
    ]


def test_codes_of_a_prefix_are_known() -> None:
    registry: Registry = load_registry()
    known = [registry.knows(prefix) for prefix in ("TL", "TLG", "TLG001", "TLG0010", "tlg", "")]
    assert known == [True, True, True, False, False, False]


def install_pack(site: Path, entry: str) -> None:
    """What pip would leave behind for a rule pack."""
    metadata = site / "friday_rules-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: friday-rules\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[threadly_lint.rules]\nfriday = {entry}\n")


def load_with(site: Path) -> subprocess.CompletedProcess[str]:
    home = Path(threadly_lint.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{home}"}
    words = [sys.executable, "-m", "threadly_lint", "rules"]
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=False)


def test_installed_pack_is_found(tmp_path: Path) -> None:
    install_pack(tmp_path, "friday_rules")
    write_rule(tmp_path / "friday_rules", "no_friday_deploys", "TLY940")
    (tmp_path / "friday_rules/__init__.py").touch()
    assert "TLY940  warning  -          no-friday-deploys\n" in load_with(tmp_path).stdout


def test_installed_pack_may_be_a_single_module(tmp_path: Path) -> None:
    install_pack(tmp_path, "friday_rule")
    write_rule(tmp_path, "friday_rule", "TLY941")
    assert "TLY941  warning  -          friday-rule\n" in load_with(tmp_path).stdout


def test_broken_pack_stops_the_run(tmp_path: Path) -> None:
    install_pack(tmp_path, "friday_rules")
    ran = load_with(tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "rule pack friday (friday_rules) cannot be loaded: ModuleNotFoundError" in ran.stderr


def test_rules_are_found_in_a_checkout_that_is_not_installed() -> None:
    statement = (
        "import sys; sys.meta_path = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]; "
        "from threadly_lint.registry import load_registry; print(*load_registry().rules)"
    )
    home = Path(threadly_lint.__file__).parent.parent
    ran = subprocess.run(
        [sys.executable, "-c", statement],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(home)},
        check=True,
    )
    assert "TLG001" in ran.stdout.split()
