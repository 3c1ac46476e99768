"""The Python files of a project by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Tree:
    """Modules, packages and folders. A place is a path without ``.py`` or ``/__init__.py``, empty for the root."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.modules: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self.folders: set[str] = {""}
        for path in sorted(paths):
            folder, _, name = path.rpartition("/")
            self.folders.update(lineage(folder))
            if stem(name) == "__init__":
                self.packages[folder] = path
            else:
                self.modules[join(folder, stem(name))] = path

    def find(self, place: str) -> str | None:
        """The file of a package or module, as Python would choose between them."""
        return self.packages.get(place) or self.modules.get(place)

    def has(self, place: str) -> bool:
        """Whether there is a module, a package or a folder with Python files somewhere below."""
        return place in self.modules or place in self.folders


def join(folder: str, name: str) -> str:
    """``name`` in ``folder``, which may be the empty path."""
    return f"{folder}/{name}" if folder else name


def stem(name: str) -> str:
    """A file name without ``.py`` or ``.pyi``; any other name as it is."""
    return name.removesuffix(".py").removesuffix(".pyi")


def place_of(path: str) -> str:
    """The place of a file; that of a package is its folder."""
    folder, _, name = path.rpartition("/")
    return folder if stem(name) == "__init__" else join(folder, stem(name))


def lineage(path: str) -> Iterator[str]:
    """The path and all folders around it, up to the project root."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies in it."""
    return not folder or path == folder or path.startswith(folder + "/")
