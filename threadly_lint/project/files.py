"""Which files belong to a project: what lies below its root, less what Git ignores and the settings exclude."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from threadly_lint.project.patterns import IgnoreRules, path_matcher

OUTPUT_FOLDERS = ("build", "dist")
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
PACKAGING_FILES = ("pyproject.toml", "setup.cfg", "setup.py", "manage.py")

Entries = list[os.DirEntry[str]]


class IgnoreFile(Struct, frozen=True):
    """One ``.gitignore``. It judges paths of which ``depth`` characters are cut off, with ``prefix`` put before."""

    rules: IgnoreRules
    prefix: str
    depth: int

    def verdict(self, path: str) -> bool | None:
        """True for ignored, False for included again, None for not mentioned. Folders end in ``/``."""
        return self.rules.verdict(self.prefix + path[self.depth :])


class Listing(Struct, frozen=True):
    """What a walk has found, relative to the project root with ``/``, sorted.

    ``modules`` are the Python files, ``packaging`` the packaging files, ``unreadable`` the folders that could not be
    listed, and what has a name that is no text.
    """

    modules: tuple[str, ...]
    packaging: tuple[str, ...]
    unreadable: tuple[str, ...]


def list_files(root: Path, exclude: tuple[str, ...]) -> Listing:
    """All Python files and packaging files below ``root``. Symbolic links to folders are not followed.

    A stub (``.pyi``) counts only beside Python files and where there is no ``.py`` of that name: then it describes
    a compiled module of the project. Any other stub describes somebody else's code.
    """
    walk = _Walk(root, path_matcher(exclude))
    walk.run(_ignore_files_around(root))
    return Listing(tuple(sorted(walk.modules)), tuple(sorted(walk.packaging)), tuple(sorted(walk.unreadable)))


class _Walk:
    """One walk through the folders; a folder is spelled empty or with a ``/`` at its end."""

    def __init__(self, root: Path, is_excluded: Callable[[str], bool]) -> None:
        self.root = root
        self.is_excluded = is_excluded
        self.modules: list[str] = []
        self.packaging: list[str] = []
        self.unreadable: list[str] = []

    def run(self, ignores: tuple[IgnoreFile, ...]) -> None:
        """Collect below the root; ``ignores`` are the ignore files that hold there, innermost first."""
        pending = [("", ignores)]
        while pending:
            folder, ignores = pending.pop()
            entries = self._entries(folder)
            names = {entry.name for entry in entries}
            if folder and _holds_no_source(folder, names):
                continue
            if ".gitignore" in names:
                rules = _read_rules(self.root / folder / ".gitignore")
                ignores = (IgnoreFile(rules, "", len(folder)), *ignores)
            self._collect(folder, entries, ignores)
            pending += [(inner, ignores) for inner in self._folders(folder, entries, ignores)]

    def _entries(self, folder: str) -> Entries:
        try:
            with os.scandir(self.root / folder) as entries:
                return [entry for entry in entries if self._has_text_name(folder, entry)]
        except OSError:
            self.unreadable.append(folder.rstrip("/") or ".")
            return []

    def _has_text_name(self, folder: str, entry: os.DirEntry[str]) -> bool:
        spelled = os.fsencode(entry.name).decode(errors="replace")
        if spelled != entry.name and (entry.name.endswith(".py") or entry.is_dir(follow_symlinks=False)):
            self.unreadable.append(folder + spelled)
        return spelled == entry.name

    def _folders(self, folder: str, entries: Entries, ignores: tuple[IgnoreFile, ...]) -> Iterator[str]:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                path = f"{folder}{entry.name}/"
                if not self._is_left_out(path, ignores):
                    yield path

    def _collect(self, folder: str, entries: Entries, ignores: tuple[IgnoreFile, ...]) -> None:
        modules = _module_names({entry.name for entry in entries})
        for entry in entries:
            path = folder + entry.name
            if entry.name not in modules and entry.name not in PACKAGING_FILES:
                continue
            if not _is_file(entry) or self._is_left_out(path, ignores):
                continue
            if entry.name in modules:
                self.modules.append(path)
            if entry.name in PACKAGING_FILES:
                self.packaging.append(path)

    def _is_left_out(self, path: str, ignores: tuple[IgnoreFile, ...]) -> bool:
        return self.is_excluded(path) or _is_ignored(path, ignores)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere, or in circles, is none."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _module_names(names: set[str]) -> set[str]:
    sources = {name for name in names if name.endswith(".py")}
    stubs = {name for name in names if name.endswith(".pyi") and name[:-1] not in sources}
    return sources | stubs if sources else sources


def _holds_no_source(folder: str, names: set[str]) -> bool:
    if any(mark in names for mark in ENVIRONMENT_MARKS):
        return True
    return folder.split("/")[-2] in OUTPUT_FOLDERS and "__init__.py" not in names


def _is_ignored(path: str, ignores: tuple[IgnoreFile, ...]) -> bool:
    return _first(ignore.verdict(path) for ignore in ignores)


def _first(verdicts: Iterable[bool | None]) -> bool:
    """The innermost ignore file that mentions a path decides about it."""
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _ignore_files_around(root: Path) -> tuple[IgnoreFile, ...]:
    """What the Git repository around ``root`` ignores, innermost file first; nothing if that is ``root`` itself."""
    repository = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if repository is None:
        return ()
    around = [folder for folder in root.parents if folder.is_relative_to(repository)]
    sources = [(folder, _read_rules(folder / ".gitignore")) for folder in around]
    sources.append((repository, _read_rules(_git_folder(repository) / "info" / "exclude")))
    for folder in (root, *around[:-1]):
        inside = [(home, rules) for home, rules in sources if home in folder.parents]
        if _first(rules.verdict(_inner(folder, home)) for home, rules in inside):
            return ()
    return tuple(IgnoreFile(rules, _inner(root, home), 0) for home, rules in sources)


def _inner(folder: Path, home: Path) -> str:
    return "" if folder == home else folder.relative_to(home).as_posix() + "/"


def _git_folder(repository: Path) -> Path:
    """The folder that holds ``info/exclude``; in a work tree or submodule ``.git`` is a file that leads there."""
    pointer = repository / ".git"
    if pointer.is_dir():
        return pointer
    folder = repository / _read_text(pointer).removeprefix("gitdir:").strip()
    return folder / (_read_text(folder / "commondir").strip() or ".")


def _read_rules(file: Path) -> IgnoreRules:
    return IgnoreRules(_read_text(file).splitlines())


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
