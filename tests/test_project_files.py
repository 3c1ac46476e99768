"""Which files belong to a project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from threadly_lint.project import load_project
from threadly_lint.project.files import list_files
from threadly_lint.settings import DEFAULT_EXCLUDE


def write(root: Path, *paths: str, **texts: str) -> Path:
    """Empty files at ``paths`` below ``root``; ``texts`` are the ignore files and settings by a short name."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    for name, text in texts.items():
        file = root / {"ignore": ".gitignore", "exclude": ".git/info/exclude", "settings": "pyproject.toml"}[name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def modules(root: Path) -> list[str]:
    return list(list_files(root, DEFAULT_EXCLUDE).modules)


def test_python_files_are_found_sorted_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path, "b/c/d.py", "a.py", "README.md", "b/x.pyc", "b/__init__.py")
    assert modules(tmp_path) == ["a.py", "b/__init__.py", "b/c/d.py"]


def test_folders_without_source_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        ".git/hooks/a.py",
        ".venv/lib/a.py",
        ".tox/py/a.py",
        "venv/lib/a.py",
        "node_modules/tool/a.py",
        "__pycache__/a.py",
        "lib/site-packages/a.py",
        "thing.egg-info/a.py",
        "build/lib/a.py",
        "dist/a.py",
        "my-env/pyvenv.cfg",
        "my-env/lib/a.py",
        "conda/conda-meta/history",
        "conda/lib/a.py",
    )
    assert modules(tmp_path) == ["app.py"]


def test_a_package_named_build_is_source(tmp_path: Path) -> None:
    write(tmp_path, "app/build/__init__.py", "app/build/steps.py", "app/dist/notes.py")
    assert modules(tmp_path) == ["app/build/__init__.py", "app/build/steps.py"]


def test_an_unreadable_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.py", "locked/b.py")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_files(tmp_path, ())
    assert (listing.modules, listing.unreadable) == (("a.py",), ("locked",))


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are always text there")
def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "\udcff.py", "\udcfe/b.py", "\udcfd.txt", "\u00e4.py")
    listing = list_files(tmp_path, ())
    assert (listing.modules, listing.unreadable) == (("a.py", "\u00e4.py"), ("\ufffd", "\ufffd.py"))


def test_settings_exclude_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.py",
        "old/b.py",
        "venv/c.py",
        "gen/d_pb2.py",
        settings="[tool.threadly-lint]\nexclude = ['old/']\nextend-exclude = ['*_pb2.py']\n",
    )
    assert [file.path for file in load_project(tmp_path).files] == ["a.py", "venv/c.py"]


def test_ignore_files_hold_at_their_own_level(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "x/a.py", "x/y/a.py", "x/y/b.py", "z/b.py", ignore="b.py\n")
    (tmp_path / "x" / ".gitignore").write_text("/a.py\n")
    (tmp_path / "x" / "y" / ".gitignore").write_text("!b.py\n")
    assert modules(tmp_path) == ["a.py", "x/y/a.py", "x/y/b.py"]


def test_nothing_in_an_ignored_folder_can_come_back(tmp_path: Path) -> None:
    write(tmp_path, "out/a.py", "out/keep.py", ignore="out/\n!out/keep.py\n")
    (tmp_path / "out" / ".gitignore").write_text("!keep.py\n")
    assert modules(tmp_path) == []


def test_a_broken_pattern_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py", ignore="[z-a].py\n!\nb.py\n")
    assert modules(tmp_path) == ["a.py"]


def test_the_private_exclude_file_of_git_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py", "c.py", exclude="b.py\nc.py\n", ignore="!c.py\n")
    assert modules(tmp_path) == ["a.py", "c.py"]


def test_a_linked_work_tree_finds_the_private_exclude_file(tmp_path: Path) -> None:
    main = write(tmp_path / "main", exclude="b.py\n")
    (main / ".git" / "worktrees" / "side").mkdir(parents=True)
    (main / ".git" / "worktrees" / "side" / "commondir").write_text("../..\n")
    side = write(tmp_path / "side", "a.py", "b.py")
    (side / ".git").write_text(f"gitdir: {main}/.git/worktrees/side\n")
    assert modules(side) == ["a.py"]


def test_ignore_files_between_the_repository_and_the_project_count(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD", ignore="*_pb2.py\n/service/tmp/\n")
    write(tmp_path / "service", "a.py", "a_pb2.py", "tmp/b.py", "in/tmp/c.py")
    assert modules(tmp_path / "service") == ["a.py", "in/tmp/c.py"]


def test_ignore_files_outside_the_repository_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, ignore="a.py\n")
    write(tmp_path / "repository", ".git/HEAD", "a.py")
    assert modules(tmp_path / "repository") == ["a.py"]


@pytest.mark.parametrize("ignore", ["service/\n", "/outer/service\n", "outer/\n", "*\n"])
def test_a_project_that_is_ignored_as_a_whole_is_analysed_all_the_same(tmp_path: Path, ignore: str) -> None:
    write(tmp_path, ".git/HEAD", ignore=ignore + "b.py\n")
    write(tmp_path / "outer" / "service", "a.py", "b.py", "c.py", ignore="c.py\n")
    assert modules(tmp_path / "outer" / "service") == ["a.py", "b.py"]


def test_links_do_not_lead_the_walk_astray(tmp_path: Path) -> None:
    write(tmp_path / "project", "app/a.py")
    write(tmp_path / "elsewhere", "b.py")
    (tmp_path / "project" / "app" / "loop").symlink_to(tmp_path / "project", target_is_directory=True)
    (tmp_path / "project" / "far").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "project" / "b.py").symlink_to(tmp_path / "elsewhere" / "b.py")
    (tmp_path / "project" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "project" / "round.py").symlink_to(tmp_path / "project" / "round.py")
    assert modules(tmp_path / "project") == ["app/a.py", "b.py"]


def test_what_is_no_regular_file_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "folder.py/b.py")
    os.mkfifo(tmp_path / "pipe.py")
    assert modules(tmp_path) == ["a.py", "folder.py/b.py"]


def test_stubs_count_only_for_compiled_modules_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, "app/a.py", "app/a.pyi", "app/_speedups.pyi", "typings/requests.pyi")
    files = load_project(tmp_path).files
    assert [(file.path, file.module, file.is_stub) for file in files] == [
        ("app/_speedups.pyi", "app._speedups", True),
        ("app/a.py", "app.a", False),
    ]


def test_a_folder_without_python_is_an_empty_project(tmp_path: Path) -> None:
    write(tmp_path, "README.md")
    assert load_project(tmp_path).files == ()


def test_a_project_is_the_same_from_any_place_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "app/a.py", "lib/b.py", settings="[tool.threadly-lint]\n")
    expected = load_project(tmp_path)
    monkeypatch.chdir(tmp_path / "lib")
    for paths in ([], [Path()], [Path("b.py")], [Path("../app")], [Path("b.py"), Path("../app/a.py")]):
        found = load_project(*paths)
        assert (found.root, found.files) == (expected.root, expected.files)


def test_paths_are_told_relative_to_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(write(tmp_path / "project", "app/a.py", "app/in/b.py", "application.py"))
    monkeypatch.chdir(tmp_path / "project" / "app")
    assert project.relative(Path("../app/a.py")) == "app/a.py"
    assert project.relative(Path("..")) == "."
    assert project.relative(tmp_path) is None
    assert project.files_under([Path()]) == {"app/a.py", "app/in/b.py"}
    assert project.files_under([Path("in/b.py"), Path("../application.py")]) == {"app/in/b.py", "application.py"}
    assert project.files_under([Path("..")]) == {"app/a.py", "app/in/b.py", "application.py"}
    assert project.files_under([tmp_path / "nothing"]) == set()


@pytest.mark.parametrize(
    ("path", "exempt"),
    [
        ("tests/views.py", True),
        ("app/tests/deep/views.py", True),
        ("app/test_views.py", True),
        ("app/migrations/0001_initial.py", True),
        ("app/management/commands/load.py", True),
        ("app/contest.py", False),
        ("app/views.py", False),
        ("app/latest/views.py", False),
    ],
)
def test_exempt_files(tmp_path: Path, path: str, exempt: bool) -> None:
    assert load_project(write(tmp_path, path)).is_exempt(path) is exempt


_NAMES = st.sampled_from(["a", "b", "ab", "c.py", "d.py"])
_PATTERNS = st.lists(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "!"]),
        st.sampled_from(["", "/", "**/", "a/"]),
        st.sampled_from(["a", "b", "a*", "*b", "?", "c.py", "*.py", "**"]),
        st.sampled_from(["", "/", "/**", "/c.py"]),
    ).filter(lambda pattern: not pattern.endswith("/**/")),  # the one form that pathspec reads differently
    max_size=4,
)


@pytest.mark.skipif(not shutil.which("git"), reason="compares with git")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.sets(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), min_size=1), outer=_PATTERNS, inner=_PATTERNS
)
@example(paths={"a/a/a"}, outer=["a/**", "!**/a/**"], inner=[])
def test_git_lists_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, paths: set[str], outer: list[str], inner: list[str]
) -> None:
    root = tmp_path_factory.mktemp("repository")
    files = {path.replace(".py/", "/") + ("" if path.endswith(".py") else ".py") for path in paths}
    files = {file for file in files if not any(other.startswith(file + "/") for other in files)}
    write(root, *files, ".git/HEAD", ignore="\n".join(outer))
    if (root / "a").is_dir():
        (root / "a" / ".gitignore").write_text("\n".join(inner))
    shutil.rmtree(root / ".git")
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "--others", "--exclude-standard", "-z"], check=True, capture_output=True, text=True
    )
    expected = sorted(path for path in listed.stdout.split("\0") if path.endswith(".py"))
    assert list(list_files(root, ()).modules) == expected
