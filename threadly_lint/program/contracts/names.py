"""Which modules a contract speaks of, and under which dotted names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from threadly_lint.program.contracts.model import Origin
from threadly_lint.program.imports.graph import ImportGraph


class MissingPackage(Exception):
    """A package is not in the project; the text is its name."""


class Naming(Struct, frozen=True):
    """Dotted names by path: ``names`` of what takes part, ``hidden`` of what lies in the same packages and does not.

    A naming ``is_partial`` when the rest of the project counts as external.
    """

    names: dict[str, str]
    hidden: dict[str, str] = {}
    is_partial: bool = False


def project_namings(graph: ImportGraph, mentioned: Collection[str]) -> list[Naming]:
    """All modules under the names that their own imports use; one naming for each source root when roots share names.

    Where no top-level name among ``mentioned`` exists that way, the names follow the paths below the project root.
    """
    tops = {_top(name) for name in mentioned}
    roots = sorted(_roots_with_shared_names(graph)) or [""]
    namings = [Naming(_names_seen_from(graph, root)) for root in roots]
    fitting = [naming for naming in namings if tops & set(map(_top, naming.names.values()))]
    return fitting or [Naming({path: _dotted(path) for path in graph.modules})]


def _names_seen_from(graph: ImportGraph, root: str) -> dict[str, str]:
    """All modules by name; where several have a name, the one in ``root``."""
    files = sorted(graph.modules.values(), key=lambda file: (file.root != root, file.path))
    paths: dict[str, str] = {}
    for file in files:
        paths.setdefault(file.module, file.path)
    return {path: name for name, path in paths.items()}


def _roots_with_shared_names(graph: ImportGraph) -> set[str]:
    counts = Counter(file.module for file in graph.modules.values())
    return {file.root for file in graph.modules.values() if counts[file.module] > 1}


def package_namings(graph: ImportGraph, origin: Origin) -> list[Naming]:
    """The modules below the packages of ``origin`` as import-linter sees them, once for each place of the packages.

    What it does not see are stubs and whatever lies, below a package with ``__init__.py``, in a folder without one.
    Raises MissingPackage when there is no such package.
    """
    places = {package: _places(graph, package, origin.folder) for package in origin.packages}
    if missing := [package for package, found in places.items() if not found]:
        raise MissingPackage(missing[0])
    return [
        _package_naming(
            graph, {package: found.get(base, next(iter(found.values()))) for package, found in places.items()}
        )
        for base in _bases(places[origin.packages[0]], origin.folder)
    ]


def _bases(places: dict[str, str], home: str) -> list[str]:
    """The folders to start from: the one beside the settings file alone, when there is one."""
    nearest = [base for base in (home, f"{home}/src".lstrip("/")) if base in places]
    return nearest[:1] or list(places)


def _places(graph: ImportGraph, package: str, home: str) -> dict[str, str]:
    """The folders of ``package`` below ``home``, by the folder that its dotted name starts from."""
    inner = package.replace(".", "/")
    known = {
        file.path.rpartition("/")[0] for file in graph.modules.values() if file.is_package and file.module == package
    }
    guesses = {f"{home}/{inner}".lstrip("/"), f"{home}/src/{inner}".lstrip("/")}
    folders = {path.rpartition("/")[0] for path in graph.modules}
    found = sorted(folder for folder in known | (guesses & folders) if not home or f"{folder}/".startswith(f"{home}/"))
    return {folder.removesuffix(inner).rstrip("/") if folder.endswith(inner) else folder: folder for folder in found}


def _package_naming(graph: ImportGraph, folders: dict[str, str]) -> Naming:
    names: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for package, folder in folders.items():
        for path in graph.modules:
            if f"{path}/".startswith(f"{folder}/"):
                found = names if _is_seen(graph, path, folder) else hidden
                found[path] = f"{package}.{_dotted(path[len(folder) + 1 :])}".rstrip(".")
    return Naming(names, hidden, is_partial=True)


def _is_seen(graph: ImportGraph, path: str, folder: str) -> bool:
    *folders, name = path[len(folder) + 1 :].split("/")
    if name and (not name.endswith(".py") or name.count(".") > 1):
        return False
    has_init = f"{folder}/__init__.py" in graph.modules
    for inner in folders:
        folder = f"{folder}/{inner}"
        if not inner.isidentifier() or (has_init and f"{folder}/__init__.py" not in graph.modules):
            return False
        has_init = has_init or f"{folder}/__init__.py" in graph.modules
    return True


def _dotted(path: str) -> str:
    """The dotted name that a path spells."""
    place = path.removesuffix("i").removesuffix(".py").removesuffix("/")
    return place.removesuffix("__init__").rstrip("/").replace("/", ".")


def _top(name: str) -> str:
    return name.partition(".")[0]


def outside_name(dotted: str, packages: Iterable[str]) -> str:
    """The name under which import-linter knows an import of something that it does not see: the top-level package, or
    as much more as it takes to tell it from the namespaces of ``packages``. Empty where that does not exist."""
    own = tuple(packages)
    if _top(dotted) in own:
        return _top(dotted)
    if any(f"{dotted}.".startswith(f"{package}.") for package in own):
        return ""
    return next((name for name in _prefixes(dotted) if not any(f"{one}.".startswith(f"{name}.") for one in own)), "")


def external_name(dotted: str, mentioned: Collection[str], internal: Collection[str]) -> str:
    """The longest name among ``mentioned`` that ``dotted`` is or lies in, else its top-level package; empty where that
    is one of the ``internal`` ones."""
    if _top(dotted) in internal:
        return ""
    found = [name for name in _prefixes(dotted) if name in mentioned]
    return found[-1] if found else _top(dotted)


def _prefixes(dotted: str) -> Iterator[str]:
    """``a``, ``a.b``, ``a.b.c`` for ``a.b.c``."""
    parts = dotted.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
