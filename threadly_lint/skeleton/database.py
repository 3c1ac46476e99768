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
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS skeletons (key BLOB PRIMARY KEY, day INTEGER, checksum INTEGER, value BLOB);
CREATE INDEX IF NOT EXISTS skeletons_by_day ON skeletons (day);
"""

_Answer = TypeVar("_Answer")


def load(folder: Path, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """The values that the cache in ``folder`` has for ``keys``; values that are not as they were saved are left out."""
    rows = _with_database(folder, lambda database: list(_select(database, list(keys)))) or []
    sound = [row for row in rows if _is_sound(*row)]
    aged = [(_today(), key) for key, day, _, _ in sound if day < _today() - _TOUCHED_DAYS]
    if aged:
        _with_database(
            folder, lambda database: database.executemany("UPDATE skeletons SET day = ? WHERE key = ?", aged)
        )
    return {key: value for key, _, _, value in sound}


def save(folder: Path, values: Mapping[bytes, bytes]) -> None:
    """Keep ``values`` in the cache in ``folder``, and drop what nobody has asked for in KEPT_DAYS."""
    rows = [(key, _today(), crc32(value, crc32(key)), value) for key, value in values.items()]
    _with_database(folder, lambda database: _insert(database, rows))


def _with_database(folder: Path, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer | None:
    """What ``work`` answers; None when the file cannot be used. A damaged file is replaced by an empty one first."""
    for _ in range(2):
        try:
            with closing(_open(folder)) as database, database:
                return work(database)
        except _FAILURES as error:
            if not _tells_damage(error):
                return None
            _delete(folder)
        except OSError:
            return None
    return None


def _tells_damage(error: Exception) -> bool:
    """A damaged file can even spoil the text of the error message, which then cannot be decoded."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, UnicodeDecodeError) if code is None else code & 0xFF in _DAMAGE


def _open(folder: Path) -> sqlite3.Connection:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    database = sqlite3.connect(folder / FILE_NAME)
    try:
        database.executescript(_SCHEMA)
    except _FAILURES:
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


def _is_sound(key: object, day: object, checksum: object, value: object) -> bool:
    if not (isinstance(key, bytes) and isinstance(day, int) and isinstance(value, bytes)):
        return False
    return crc32(value, crc32(key)) == checksum


def _today() -> int:
    """Days since the epoch."""
    return int(time.time()) // 86400
