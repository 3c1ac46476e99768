"""The cache file: one SQLite database of byte strings by key. It may be deleted, damaged or locked at any time.

Nothing here fails: an unusable file answers nothing and keeps nothing, a damaged one is made anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar
from zlib import crc32

FILE_NAME = "store.sqlite3"
KEPT_DAYS = 30

_TOUCHED_DAYS = 7
_KEYS_PER_QUERY = 500
_DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS skeletons (key BLOB PRIMARY KEY, day INTEGER, checksum INTEGER, value BLOB);
CREATE INDEX IF NOT EXISTS skeletons_by_day ON skeletons (day);
"""

_Answer = TypeVar("_Answer")


def load(folder: Path, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """The values that the cache in ``folder`` has for ``keys``; values that are not as they were saved are left out."""
    rows = _with_database(folder, lambda database: list(_select(database, list(keys)))) or []
    sound = [(key, day, value) for key, day, checksum, value in rows if _is_sound(value, checksum)]
    aged = [(_today(), key) for key, day, _ in sound if day < _today() - _TOUCHED_DAYS]
    if aged:
        _with_database(
            folder, lambda database: database.executemany("UPDATE skeletons SET day = ? WHERE key = ?", aged)
        )
    return {key: value for key, _, value in sound}


def save(folder: Path, values: Mapping[bytes, bytes]) -> None:
    """Keep ``values`` in the cache in ``folder``, and drop what nobody has asked for in KEPT_DAYS."""
    rows = [(key, _today(), crc32(value), value) for key, value in values.items()]
    _with_database(folder, lambda database: _insert(database, rows))


def _with_database(folder: Path, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer | None:
    """What ``work`` answers; None when the file cannot be used. A damaged file is replaced by an empty one first."""
    for _ in range(2):
        try:
            with closing(_open(folder)) as database, database:
                return work(database)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGE:
                return None
            _delete(folder)
        except OSError:
            return None
    return None


def _open(folder: Path) -> sqlite3.Connection:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    database = sqlite3.connect(folder / FILE_NAME)
    try:
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _delete(folder: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            (folder / (FILE_NAME + suffix)).unlink(missing_ok=True)


def _select(database: sqlite3.Connection, keys: list[bytes]) -> Iterable[tuple[bytes, int, int, bytes]]:
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        some = keys[start : start + _KEYS_PER_QUERY]
        marks = ",".join("?" * len(some))
        yield from database.execute(f"SELECT key, day, checksum, value FROM skeletons WHERE key IN ({marks})", some)  # noqa: S608


def _insert(database: sqlite3.Connection, rows: list[tuple[bytes, int, int, bytes]]) -> None:
    database.executemany("INSERT OR REPLACE INTO skeletons VALUES (?, ?, ?, ?)", rows)
    database.execute("DELETE FROM skeletons WHERE day < ?", (_today() - KEPT_DAYS,))


def _is_sound(value: object, checksum: object) -> bool:
    return isinstance(value, bytes) and crc32(value) == checksum


def _today() -> int:
    """Days since the epoch."""
    return int(time.time()) // 86400
