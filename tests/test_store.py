"""Skeletons from files: the same with and without worker processes and a cache, whatever happens to the cache."""

from __future__ import annotations

import gc
import sqlite3
import sys
from pathlib import Path
from subprocess import run as run_process

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadly_lint.project import load_project
from threadly_lint.skeleton import database, store
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.nodes import Skeleton
from threadly_lint.skeleton.store import read_skeletons

TEXTS = {
    "a.py": b"import b\n\n\ndef view(request):\n    return b.load(request.args['id'], timeout=3)\n",
    "b.py": b"# flake8: noqa\nclass Model:\n    name: str = 'x'\n",
    "broken.py": b"def (:\n",
    "empty.py": b"",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text)
    return folder


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all files that were built and not taken from the cache."""
    built: list[str] = []

    def counted(data: bytes, path: str) -> Skeleton:
        built.append(path)
        return build_skeleton(data, path)

    monkeypatch.setattr(store, "build_skeleton", counted)
    return built


def encoded(skeletons: dict[str, Skeleton]) -> dict[str, bytes]:
    return {path: msgspec.msgpack.encode(skeleton) for path, skeleton in skeletons.items()}


EXPECTED = encoded({path: build_skeleton(text, path) for path, text in TEXTS.items()})


def read(root: Path, cache: Path | None) -> dict[str, bytes]:
    return encoded(read_skeletons(load_project(root), cache_dir=cache))


def test_without_a_cache_every_file_is_built_and_nothing_is_written(root: Path, builds: list[str]) -> None:
    assert read(root, None) == EXPECTED
    assert builds == sorted(TEXTS)
    assert sorted(path.name for path in root.iterdir()) == sorted(TEXTS)


def test_a_second_run_builds_only_what_has_changed(root: Path, builds: list[str]) -> None:
    cache = root / store.CACHE_FOLDER
    assert read(root, cache) == EXPECTED
    builds.clear()
    assert read(root, cache) == EXPECTED
    assert builds == []
    (root / "b.py").write_bytes(b"changed = 1\n")
    assert read(root, cache) == EXPECTED | encoded({"b.py": build_skeleton(b"changed = 1\n", "b.py")})
    assert builds == ["b.py"]


def test_a_moved_file_is_known_by_its_text(root: Path, builds: list[str], tmp_path: Path) -> None:
    read(root, tmp_path / "cache")
    builds.clear()
    (root / "a.py").rename(root / "moved.py")
    assert read(root, tmp_path / "cache")["moved.py"] == EXPECTED["a.py"]
    assert builds == []


def test_another_engine_or_python_builds_anew(
    root: Path, builds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(root, tmp_path / "cache")
    builds.clear()
    store._builder_digest.cache_clear()
    monkeypatch.setattr(sys, "version", "4.0")
    try:
        assert read(root, tmp_path / "cache") == EXPECTED
    finally:
        store._builder_digest.cache_clear()
    assert builds == sorted(TEXTS)


def test_the_cache_keeps_itself_out_of_git(root: Path, tmp_path: Path) -> None:
    read(root, tmp_path / "new" / "cache")
    assert (tmp_path / "new" / "cache" / ".gitignore").read_text() == "*\n"
    (tmp_path / "there").mkdir()
    read(root, tmp_path / "there")
    assert not (tmp_path / "there" / ".gitignore").exists()


def test_texts_stand_in_for_files_and_are_not_kept(root: Path, builds: list[str], tmp_path: Path) -> None:
    texts = {"a.py": b"", "b.py": b"draft = 1\n"}
    for _ in range(2):
        found = read_skeletons(load_project(root), cache_dir=tmp_path / "cache", texts=texts)
        assert encoded(found) == EXPECTED | encoded({path: build_skeleton(text, path) for path, text in texts.items()})
    assert builds == ["a.py", "b.py", "broken.py", "empty.py", "b.py"]


def test_a_file_that_vanishes_has_a_problem(root: Path, tmp_path: Path) -> None:
    project = load_project(root)
    (root / "a.py").unlink()
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):
        found = read_skeletons(project, cache_dir=cache)
        assert found["a.py"] == Skeleton((), 0, problem="cannot be read: No such file or directory")
        assert list(found) == sorted(TEXTS)


@pytest.mark.parametrize("runs", [1, 2])
def test_progress_is_told_for_every_file(root: Path, tmp_path: Path, runs: int) -> None:
    told: list[tuple[int, int]] = []
    for _ in range(runs):
        told.clear()
        read_skeletons(load_project(root), cache_dir=tmp_path / "cache", progress=lambda *state: told.append(state))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_the_cache_cannot_hold_is_built_every_time(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Skeleton((), 1, problem="\ud800")
    monkeypatch.setattr(store, "build_skeleton", lambda data, path: odd)
    for _ in range(2):
        assert read_skeletons(load_project(root), cache_dir=tmp_path / "cache") == dict.fromkeys(sorted(TEXTS), odd)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(root: Path, was_on: bool) -> None:
    try:
        gc.enable() if was_on else gc.disable()
        read(root, None)
        assert gc.isenabled() is was_on
    finally:
        gc.enable()


def test_an_unusable_cache_folder_means_no_cache(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read(root, tmp_path / "file") == EXPECTED
    assert read(root, tmp_path / "file" / "below") == EXPECTED


def test_a_cache_that_cannot_be_written_means_no_cache(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def connect_read_only(file: Path) -> sqlite3.Connection:
        connect(file).close()
        return connect(f"file:{file}?mode=ro", uri=True)

    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    assert read(root, tmp_path / "cache") == EXPECTED


def test_a_locked_cache_means_no_cache(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(root, tmp_path / "cache")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file: connect(file, timeout=0))
    holder = connect(tmp_path / "cache" / database.FILE_NAME, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert read(root, tmp_path / "cache") == EXPECTED
    finally:
        holder.close()
    assert len(list((tmp_path / "cache").iterdir())) >= 2


@pytest.mark.parametrize("damage", [b"", b"no database at all " * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_made_anew(root: Path, builds: list[str], tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / database.FILE_NAME).write_bytes(damage)
    assert read(root, tmp_path / "cache") == EXPECTED
    builds.clear()
    assert read(root, tmp_path / "cache") == EXPECTED
    assert builds == []


def test_a_database_of_another_shape_is_made_anew(root: Path, builds: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with sqlite3.connect(tmp_path / "cache" / database.FILE_NAME) as other:
        other.execute("CREATE TABLE skeletons (something TEXT)")
    other.close()
    assert read(root, tmp_path / "cache") == EXPECTED
    builds.clear()
    assert read(root, tmp_path / "cache") == EXPECTED
    assert builds == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), length=st.integers(1, 200), byte=st.integers(0, 255), cut=st.booleans())
def test_damage_anywhere_changes_nothing_and_is_mended(
    root: Path, tmp_path: Path, builds: list[str], place: float, length: int, byte: int, cut: bool
) -> None:
    cache = tmp_path / "cache"
    read(root, cache)
    file = cache / database.FILE_NAME
    data = bytearray(file.read_bytes())
    start = int(place * len(data))
    data[start : start + length] = b"" if cut else bytes([byte]) * len(data[start : start + length])
    file.write_bytes(data)
    assert read(root, cache) == EXPECTED
    assert read(root, cache) == EXPECTED
    builds.clear()
    assert read(root, cache) == EXPECTED
    assert builds == []


def test_a_value_that_is_sound_but_no_skeleton_is_built_anew(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    read(root, cache)
    database.save(cache, {store._key(text): msgspec.msgpack.encode([1, "x"]) for text in TEXTS.values()})
    assert read(root, cache) == EXPECTED


def test_values_are_dropped_when_nobody_asks_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 20_000
    monkeypatch.setattr(database, "_today", lambda: day)
    database.save(tmp_path, {b"used": b"1", b"unused": b"2"})
    day += database.KEPT_DAYS - 1
    assert database.load(tmp_path, [b"used", b"never"]) == {b"used": b"1"}
    day += 2
    database.save(tmp_path, {b"new": b"3"})
    assert database.load(tmp_path, [b"used", b"unused", b"new"]) == {b"used": b"1", b"new": b"3"}


def test_more_keys_than_one_query_takes(tmp_path: Path) -> None:
    values = {str(number).encode(): bytes([number % 256]) for number in range(1201)}
    database.save(tmp_path, values)
    assert database.load(tmp_path, values) == values


def test_runs_side_by_side_share_the_cache(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    read(root, cache)
    holder = sqlite3.connect(cache / database.FILE_NAME)
    try:
        holder.execute("SELECT * FROM skeletons").fetchone()
        (root / "new.py").write_bytes(b"new = 1\n")
        assert read(root, cache)["new.py"] == encoded({"new.py": build_skeleton(b"new = 1\n", "new.py")})["new.py"]
    finally:
        holder.close()
    assert database.load(cache, [store._key(b"new = 1\n")])


_IN_POOL = """
import sys
from pathlib import Path
import msgspec
from threadly_lint.project import load_project
from threadly_lint.skeleton import store

if __name__ == "__main__":
    store.POOL_BYTES, store.CHUNK_BYTES = 1, 100
    store.build_skeleton = None if "--no-fallback" in sys.argv else store.build_skeleton
    project = load_project(Path(sys.argv[1]))
    found = store.read_skeletons(project, jobs=2, cache_dir=Path(sys.argv[2]))
    encoded = {path: msgspec.msgpack.encode(skeleton) for path, skeleton in found.items()}
    Path(sys.argv[3]).write_bytes(msgspec.msgpack.encode(encoded))
"""


def test_worker_processes_give_the_same(root: Path, tmp_path: Path) -> None:
    script, answer = tmp_path / "script.py", tmp_path / "answer"
    script.write_text(_IN_POOL)
    run_process([sys.executable, script, root, tmp_path / "cache", answer, "--no-fallback"], check=True)
    assert msgspec.msgpack.decode(answer.read_bytes(), type=dict[str, bytes]) == EXPECTED
    assert read(root, tmp_path / "cache") == EXPECTED


def test_without_worker_processes_the_work_is_done_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPool:
        def __init__(self, *args: object) -> None:
            raise OSError(38, "no semaphores on this system")

    monkeypatch.setattr(store, "POOL_BYTES", 1)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", NoPool)
    assert encoded(read_skeletons(load_project(root), jobs=2)) == EXPECTED
