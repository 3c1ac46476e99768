"""Source roots that packaging files declare. They are read as data; a ``setup.py`` is searched, never run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

_PACKAGE_DIR = re.compile(r"""package_dir\s*=\s*(?:\{|dict\()\s*["']["']\s*:\s*["']([\w./-]+)["']""")
_FIND_PACKAGES = re.compile(r"""find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?["']([\w./-]+)["']""")


class SourceRoot(Struct, frozen=True, order=True):
    """A folder that absolute imports start from.

    ``folder`` is relative to the project root, empty for the root itself. ``prefix`` is the dotted name that the folder
    is installed under, nearly always empty.
    """

    folder: str
    prefix: str = ""


def declared_roots(root: Path, packaging: Iterable[str]) -> frozenset[SourceRoot]:
    """The source roots that the packaging files (paths relative to ``root``) name. Broken files declare nothing."""
    readers = {"pyproject.toml": _from_pyproject, "setup.cfg": _from_setup_cfg, "setup.py": _from_setup_py}
    found = set()
    for path in packaging:
        home, name = posixpath.split(path)
        if name not in readers:
            continue
        for dotted, folder in readers[name](_read_text(root / path)):
            where = posixpath.normpath(posixpath.join(home, folder))
            if not where.startswith(".."):
                found.add(_source_root(dotted, "" if where == "." else where))
    return frozenset(found)


def _source_root(dotted: str, folder: str) -> SourceRoot:
    """``pkg`` in ``lib/pkg`` is nothing but the root ``lib``; any other name is a prefix."""
    place = "/" + dotted.replace(".", "/")
    if dotted and f"/{folder}".endswith(place):
        return SourceRoot(folder[: -len(place)])
    return SourceRoot(folder, dotted)


def _from_pyproject(text: str) -> Iterator[tuple[str, str]]:
    import tomllib

    try:
        tool = tomllib.loads(text).get("tool", {})
    except ValueError:
        return
    for dotted, folder in _table(tool, "setuptools", "package-dir").items():
        yield from ((dotted, where) for where in _strings(folder))
    for folder in _strings(_table(tool, "setuptools", "packages", "find").get("where")):
        yield "", folder
    yield from _from_poetry(_table(tool, "poetry").get("packages"))
    yield from _from_hatch(_table(tool, "hatch", "build"))
    yield from _from_hatch(_table(tool, "hatch", "build", "targets", "wheel"))
    for *keys, last in (
        ("pdm", "build", "package-dir"),
        ("uv", "build-backend", "module-root"),
        ("maturin", "python-source"),
        ("pytest", "ini_options", "pythonpath"),
    ):
        for folder in _strings(_table(tool, *keys).get(last)):
            yield "", folder


def _from_poetry(packages: object) -> Iterator[tuple[str, str]]:
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and isinstance(package.get("from"), str):
            yield "", package["from"]


def _from_hatch(build: dict[str, Any]) -> Iterator[tuple[str, str]]:
    sources = build.get("sources")
    if isinstance(sources, dict):
        for folder, dotted in sources.items():
            yield from ((name.replace("/", "."), folder) for name in _strings(dotted))
    else:
        for folder in _strings(sources):
            yield "", folder
    for folder in _strings(build.get("packages")):
        yield "", posixpath.dirname(folder.rstrip("/"))


def _from_setup_cfg(text: str) -> Iterator[tuple[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for line in parser.get("options", "package_dir", fallback="").splitlines():
        dotted, equals, folder = line.partition("=")
        if equals:
            yield dotted.strip(), folder.strip()
    if where := parser.get("options.packages.find", "where", fallback="").strip():
        yield "", where


def _from_setup_py(text: str) -> Iterator[tuple[str, str]]:
    for pattern in (_PACKAGE_DIR, _FIND_PACKAGES):
        for folder in pattern.findall(text):
            yield "", folder


def _table(value: object, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
