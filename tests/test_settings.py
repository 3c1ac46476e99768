"""Settings: where they are found, what they may say, and what is answered when they are wrong."""

from __future__ import annotations

import json
from importlib import util
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.settings import Settings, SettingsError, load_settings, parse_settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\npreview = true\n")
    (tmp_path / "app" / "api").mkdir(parents=True)
    return tmp_path


def problems_of(text: str, folder: Path) -> list[str]:
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(folder)
    return [problem.removeprefix(f"{folder / 'pyproject.toml'}: ") for problem in caught.value.problems]


def test_settings_are_found_upwards_from_a_folder_and_from_a_file(project: Path) -> None:
    file = project / "app" / "api" / "views.py"
    file.touch()
    expected = (project, Settings(preview=True))
    assert load_settings(project) == expected
    assert load_settings(project / "app" / "api") == expected
    assert load_settings(file) == expected


def test_a_nearer_file_without_our_table_does_not_hide_settings(project: Path) -> None:
    (project / "app" / "pyproject.toml").write_text("[project]\nname = 'app'\n")
    assert load_settings(project / "app") == (project, Settings(preview=True))


def test_the_nearest_table_wins_alone(project: Path) -> None:
    (project / "app" / "pyproject.toml").write_text("[tool.threadly-lint]\ntimeout = 3\n")
    assert load_settings(project / "app") == (project / "app", Settings(timeout=3))


def test_isolated_keeps_the_root_and_ignores_the_table(project: Path) -> None:
    assert load_settings(project / "app", isolated=True) == (project, Settings())


def test_isolated_ignores_even_wrong_settings(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.threadly-lint]\nnonsense = 1\n")
    assert load_settings(project, isolated=True)[1] == Settings()
    (project / "pyproject.toml").write_text("[tool.threadly-lint\n")
    assert load_settings(project, isolated=True)[1] == Settings()


@pytest.mark.parametrize("mark", [".git/", "pyproject.toml", "setup.py", "setup.cfg"])
def test_without_a_table_the_root_is_the_repository_or_the_packaged_folder(tmp_path: Path, mark: str) -> None:
    inner = tmp_path / "app" / "api"
    inner.mkdir(parents=True)
    (tmp_path / mark).mkdir() if mark.endswith("/") else (tmp_path / mark).touch()
    assert load_settings(inner) == (tmp_path, Settings())


def test_the_repository_goes_before_packages_inside_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "setup.py").touch()
    assert load_settings(tmp_path / "service")[0] == tmp_path


def test_a_bare_folder_is_its_own_root_and_a_package_belongs_to_the_folder_around_it(tmp_path: Path) -> None:
    inner = tmp_path / "app" / "api"
    inner.mkdir(parents=True)
    assert load_settings(inner)[0] == inner
    (inner / "__init__.py").touch()
    (inner.parent / "__init__.py").touch()
    assert load_settings(inner)[0] == tmp_path


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        """
        [tool.threadly-lint]
        select = ["TLA", "TLE002"]
        ignore = ["TLA005"]
        preview = true
        min-confidence = "low"
        exclude = ["vendor/"]
        extend-exclude = ["generated/"]
        src = ["lib"]
        public = ["/health*", "shop.pages.home"]
        exempt = ["tests/"]
        timeout = 2.5
        majority-share = 0.75
        majority-count = 4
        summary-count = 6
        ttl-bound = 60
        require-reason = true
        gateway-limit = true
        [tool.threadly-lint.per-file-ignores]
        "legacy/" = ["TLE"]
        [tool.threadly-lint.layers]
        anything = { goes = [1, "two"] }
        """
    )
    assert load_settings(tmp_path)[1] == Settings(
        select=("TLA", "TLE002"),
        ignore=("TLA005",),
        preview=True,
        min_confidence="low",
        exclude=("vendor/",),
        extend_exclude=("generated/",),
        src=("lib",),
        per_file_ignores={"legacy/": ("TLE",)},
        public=("/health*", "shop.pages.home"),
        exempt=("tests/",),
        timeout=2.5,
        majority_share=0.75,
        majority_count=4,
        summary_count=6,
        ttl_bound=60,
        require_reason=True,
        layers={"anything": {"goes": [1, "two"]}},
        gateway_limit=True,
    )


def test_all_problems_are_listed_at_once_with_key_and_nearest_name(tmp_path: Path) -> None:
    text = """
        [tool.threadly-lint]
        selct = ["TLA"]
        min_confidence = "high"
        zzzzzz = 1
        select = ["TLA", "tla1", 3]
        min-confidence = "hgih"
        timeout = 0
        majority-share = 1.5
        preview = "yes"
        src = ["nowhere"]
        per-file-ignores = { "a.py" = ["x"], "b.py" = ["TLA"], "c.py" = 3 }
        """
    assert problems_of(text, tmp_path) == [
        "unknown key `selct`; did you mean `select`?",
        "unknown key `min_confidence`; did you mean `min-confidence`?",
        "unknown key `zzzzzz`",
        "`select[1]`: expected a code such as TLA001, or how it begins, got 'tla1'",
        "`select[2]`: expected `str`, got `int`",
        "`min-confidence`: expected one of high, medium, low, got 'hgih'; did you mean `high`?",
        "`timeout`: expected `int` >= 1",
        "`majority-share`: expected `float` <= 1.0",
        "`preview`: expected `bool`, got `str`",
        "`per-file-ignores[a.py]`: expected a code such as TLA001, or how it begins, got ['x']",
        "`per-file-ignores[c.py]`: expected `array`, got `int`",
        "`src[0]`: no such folder: nowhere",
    ]


def test_a_misspelt_or_misshapen_table_is_a_problem(tmp_path: Path) -> None:
    assert problems_of("[tool.threadly_lint]\npreview = true\n", tmp_path) == [
        "unknown table `tool.threadly_lint`; did you mean `tool.threadly-lint`?"
    ]
    assert problems_of("[tool]\nthreadly-lint = 3\n", tmp_path) == ["`tool.threadly-lint`: expected a table"]


def test_a_broken_file_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems_of("[tool.threadly-lint\n", tmp_path)
    assert problem.startswith("cannot be read: ")
    assert "line 1" in problem


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
_KEYS = st.sampled_from([field.encode_name for field in msgspec.structs.fields(Settings)]) | st.text()


@given(st.dictionaries(_KEYS, _VALUES))
def test_any_table_gives_settings_or_a_list_of_problems(table: dict[str, object]) -> None:
    file = Path("somewhere") / "pyproject.toml"
    try:
        answer: object = parse_settings(table, file)
    except SettingsError as error:
        answer = error.problems
    assert isinstance(answer, Settings) or (answer and all(str(file) in problem for problem in answer))


def test_the_schema_file_is_current() -> None:
    spec = util.spec_from_file_location("settings_schema", ROOT / "tools" / "settings_schema.py")
    assert spec
    assert spec.loader
    tool = util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.SCHEMA_FILE.read_text() == tool.schema_text()


def test_the_schema_knows_every_key_with_its_meaning_and_no_other() -> None:
    schema = json.loads((ROOT / "docs" / "settings.schema.json").read_text())
    assert list(schema["properties"]) == [field.encode_name for field in msgspec.structs.fields(Settings)]
    assert all(one["description"].endswith(".") for one in schema["properties"].values())
    assert schema["additionalProperties"] is False


def test_an_application_with_a_stray_init_is_its_own_root(tmp_path: Path) -> None:
    application = tmp_path / "shop"
    application.mkdir()
    (application / "__init__.py").touch()

    assert load_settings(application)[0] == tmp_path

    (application / "requirements.txt").touch()

    assert load_settings(application)[0] == application
