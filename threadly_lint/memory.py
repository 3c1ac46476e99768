"""What a run has found is kept in the cache, and recalled when nothing that it depends on has changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

import threadly_lint
from threadly_lint.project import Project
from threadly_lint.skeleton import database

CONFIGURATION_FILES = ("pyproject.toml", "setup.cfg", ".importlinter")

_Result = TypeVar("_Result")


class Memory:
    """A place in the cache for one question about one project; a new answer replaces the old one."""

    def __init__(self, folder: Path, question: Iterable[bytes], state: Iterable[bytes]) -> None:
        self._folder = folder
        self._key = digest(question)
        self._state = digest(state)

    def recall(self, kind: type[_Result]) -> _Result | None:
        """The answer, if it was given for exactly this state."""
        kept = database.load(self._folder, [self._key]).get(self._key, b"")
        if not kept.startswith(self._state):
            return None
        try:
            return msgspec.msgpack.decode(kept[len(self._state) :], type=kind)
        except msgspec.MsgspecError:
            return None

    def keep(self, result: object) -> None:
        """Keep the answer; one that MessagePack cannot hold (lone surrogates in a path) is not kept."""
        try:
            database.save(self._folder, {self._key: self._state + msgspec.msgpack.encode(result)})
        except ValueError:
            return


def state_of(project: Project, texts: Mapping[str, bytes]) -> Iterator[bytes]:
    """All that an analysis of ``project`` depends on: engine, Python, settings, files and their content."""
    yield from _engine()
    yield msgspec.json.encode([project.settings, project.files, project.unreadable, project.isolated])
    for home in project.homes:
        for name in CONFIGURATION_FILES:
            yield _content(project.root / home / name)
    for file in project.files:
        yield texts[file.path] if file.path in texts else _content(project.root / file.path)


def digest(parts: Iterable[bytes]) -> bytes:
    """One hash of many byte strings; where one ends and the next begins makes a difference."""
    whole = blake2b(digest_size=32)
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


def _engine() -> Iterator[bytes]:
    """Which files the engine consists of, without reading them."""
    yield sys.version.encode()
    home = Path(threadly_lint.__file__).parent
    for folder, _, names in sorted(os.walk(home)):
        for name in sorted(names):
            if name.endswith((".py", ".toml")):
                status = os.stat(os.path.join(folder, name))
                yield f"{folder}/{name} {status.st_size} {status.st_mtime_ns}".encode(errors="surrogatepass")


def _content(file: Path) -> bytes:
    try:
        return b"+" + file.read_bytes()
    except OSError as error:
        return f"-{error.errno}".encode()
