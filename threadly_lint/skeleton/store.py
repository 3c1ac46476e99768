"""From a project's files to their skeletons: out of the cache where the same text was seen before, else built anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec

from threadly_lint import __version__
from threadly_lint.project import Project
from threadly_lint.skeleton import database
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.collector import collector_paused
from threadly_lint.skeleton.nodes import Skeleton

CACHE_FOLDER = ".threadly-lint-cache"

POOL_BYTES = 8_000_000
"""From this much source text on, worker processes pay for their start."""

CHUNK_BYTES = 400_000

Progress = Callable[[int, int], None]
Source = tuple[str, bytes]

_decoder = msgspec.msgpack.Decoder(Skeleton)
_encoder = msgspec.msgpack.Encoder()


def read_skeletons(
    project: Project,
    *,
    jobs: int = 1,
    cache_dir: Path | None = None,
    texts: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
) -> dict[str, Skeleton]:
    """The skeleton of every file of ``project``, by path.

    ``jobs`` is the number of worker processes for big runs, ``cache_dir`` the folder of the cache (None for no cache).
    ``texts`` stand in for the content of files and are not kept. ``progress`` is told how many of how many files are
    done. A file that cannot be read has a skeleton saying so. Neither ``jobs`` nor the cache changes the result.
    """
    with collector_paused():
        reading = _Reading(project, texts or {}, progress)
        if cache_dir:
            reading.take_from(cache_dir)
        fresh = reading.build(jobs, keep=cache_dir is not None)
        if cache_dir and fresh:
            database.save(cache_dir, fresh)
    return {file.path: reading.found[file.path] for file in project.files}


class _Reading:
    """One pass over a project: ``missing`` texts become ``found`` skeletons."""

    def __init__(self, project: Project, texts: Mapping[str, bytes], progress: Progress | None) -> None:
        self.found: dict[str, Skeleton] = {}
        self.missing: dict[str, bytes] = {}
        self.texts = texts
        self.total = len(project.files)
        self.progress = progress
        for path in (file.path for file in project.files):
            try:
                self.missing[path] = texts[path] if path in texts else (project.root / path).read_bytes()
            except OSError as error:
                self._add(path, Skeleton((), 0, problem=f"cannot be read: {error.strerror or error}"))

    def take_from(self, cache_dir: Path) -> None:
        """Find what the cache knows."""
        keys = {path: _key(data) for path, data in self.missing.items()}
        values = database.load(cache_dir, set(keys.values()))
        for path, key in keys.items():
            skeleton = _decoded(values.get(key))
            if skeleton:
                self._add(path, skeleton)

    def build(self, jobs: int, keep: bool) -> dict[bytes, bytes]:
        """Find the rest from the texts. With ``keep``, returns it encoded, by key."""
        sources = list(self.missing.items())
        in_pool = jobs > 1 and sum(len(data) for _, data in sources) >= POOL_BYTES
        fresh: dict[bytes, bytes] = {}
        for (path, data), skeleton, value in _from_pool(sources, jobs) if in_pool else _from_here(sources, keep):
            self._add(path, skeleton)
            if keep and value and path not in self.texts:
                fresh[_key(data)] = value
        return fresh

    def _add(self, path: str, skeleton: Skeleton) -> None:
        self.found[path] = skeleton
        self.missing.pop(path, None)
        if self.progress:
            self.progress(len(self.found), self.total)


Built = tuple[Source, Skeleton, bytes | None]


def _from_here(sources: list[Source], keep: bool) -> Iterator[Built]:
    for path, data in sources:
        skeleton = build_skeleton(data, path)
        yield (path, data), skeleton, _encoded(skeleton) if keep else None


def _from_pool(sources: list[Source], jobs: int) -> Iterator[Built]:
    """Built by worker processes; here instead when there are none to be had or one of them dies."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    waiting = list(_chunks(sources))
    if not multiprocessing.current_process().daemon:
        try:
            with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
                for values in pool.map(build_chunk, tuple(waiting)):
                    yield from _received(waiting.pop(0), values)
        except (BrokenProcessPool, OSError):
            pass
    for chunk in waiting:
        yield from _from_here(chunk, keep=True)


def build_chunk(sources: list[Source]) -> list[bytes | None]:
    """The encoded skeletons of ``sources``; runs in a worker process."""
    with collector_paused():
        return [_encoded(build_skeleton(data, path)) for path, data in sources]


def _received(sources: list[Source], values: list[bytes | None]) -> Iterator[Built]:
    for (path, data), value in zip(sources, values, strict=True):
        yield (path, data), _decoded(value) or build_skeleton(data, path), value


def _chunks(sources: list[Source]) -> Iterator[list[Source]]:
    chunk: list[Source] = []
    size = 0
    for source in sources:
        chunk.append(source)
        size += len(source[1])
        if size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _encoded(skeleton: Skeleton) -> bytes | None:
    """None for what MessagePack cannot hold: text with lone surrogates, or very deep nesting."""
    try:
        return _encoder.encode(skeleton)
    except (ValueError, RecursionError):
        return None


def _decoded(value: bytes | None) -> Skeleton | None:
    if value is None:
        return None
    try:
        return _decoder.decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _key(data: bytes) -> bytes:
    return blake2b(data, digest_size=16, key=_builder_digest()).digest()


@cache
def _builder_digest() -> bytes:
    """Changes with everything but the text that a skeleton depends on: our code and the Python that parses."""
    digest = blake2b(f"{__version__} {sys.implementation.cache_tag} {sys.version}".encode(), digest_size=32)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.digest()
