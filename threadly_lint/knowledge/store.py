"""Keeps the compiled form in the user's cache folder, so that the TOML files are read only after a change."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from threadly_lint.knowledge.facts import Compiled

FOLDER = Path(__file__).parent
KEPT = 4  # compiled forms: several versions of the tool may be in use side by side


def compiled_knowledge(folder: Path = FOLDER, cache: Path | None = None) -> Compiled:
    """The knowledge of ``folder``, from the cache when it was compiled from exactly these files by exactly this code.

    Raises ``KnowledgeError`` when the files are wrong. An unusable cache costs time, never an error.
    """
    paths = sorted(folder.glob("*.toml"))
    stored = (cache or cache_folder()) / f"knowledge-{_digest([*paths, *FOLDER.glob('*.py')])}.msgpack"
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.msgpack.decode(stored.read_bytes(), type=Compiled)
    from threadly_lint.knowledge.compiling import compile_files

    compiled = compile_files(paths)
    with suppress(OSError):
        _store(stored, msgspec.msgpack.encode(compiled))
    return compiled


def cache_folder() -> Path:
    """The tool's folder below the user's cache folder."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "threadly-lint"


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.blake2b(sys.version.encode() + msgspec.__version__.encode(), digest_size=16)
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _store(path: Path, content: bytes) -> None:
    """Write the whole file or nothing; forget forms that later ones have followed."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="knowledge-", suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(name, path)
    stored = sorted(path.parent.glob("knowledge-*.msgpack"), key=lambda kept: kept.stat().st_mtime_ns, reverse=True)
    for old in stored[KEPT:]:
        old.unlink(missing_ok=True)
