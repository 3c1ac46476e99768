"""A new rule starts as files that can be loaded and that fail until somebody fills them in."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from threadly_lint.registry import Registry, load_registry
from threadly_lint.testing import check_fixture, find_fixtures


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = util.spec_from_file_location("new_rule", Path(__file__).parents[1] / "tools" / "new_rule.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def test_skeleton_loads_as_a_rule_and_fails_its_fixtures(tool: ModuleType, registry: Registry, tmp_path: Path) -> None:
    assert tool.start("TLE990", "endless-polling", registry, tmp_path) == []
    grown = load_registry([tmp_path / "rules"])
    rule = grown.rules["TLE990"]
    assert (rule.name, rule.pattern, rule.level) == ("endless-polling", "error-boundary", "preview")
    flawed, sound = find_fixtures(tmp_path / "tests/fixtures")
    assert (flawed.id, sound.id) == ("endless_polling/flawed_placeholder", "endless_polling/sound_placeholder")
    with pytest.raises(AssertionError, match=r"app\.py:3: TLE990 is expected"):
        check_fixture(flawed.folder, "TLE990", grown)


def test_skeleton_cannot_pass_for_a_finished_rule(tool: ModuleType) -> None:
    """Its examples are empty and its fixtures fewer than the catalogue demands."""
    written = tool.files("TLE990", "endless-polling", "error-boundary")
    assert "```python flawed\n```" in written["rules/endless_polling.py"]
    assert len(written) == 3


@pytest.mark.parametrize(
    ("code", "name", "problem"),
    [
        ("TLA001", "endless-polling", "the code TLA001 is taken"),
        ("TLE990", "import-cycle", "the name import-cycle is taken"),
        ("TLE99", "endless-polling", "'TLE99' is not TL, a capital letter and three digits"),
        ("TLZ990", "endless-polling", "no pattern has codes that begin with TLZ"),
        ("TLE990", "Endless", "'Endless' is not a name such as `import-cycle`"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(
    tool: ModuleType, registry: Registry, tmp_path: Path, code: str, name: str, problem: str
) -> None:
    assert tool.start(code, name, registry, tmp_path) == [problem]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tool: ModuleType, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/endless_polling.py").write_text("mine")
    assert tool.start("TLE990", "endless-polling", registry, tmp_path) == ["rules/endless_polling.py exists already"]
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["endless_polling.py"]


def test_wrong_words_are_answered_with_the_usage(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["TLE990"]) == 2
    assert capsys.readouterr().err == "usage: new_rule.py CODE name\n"
