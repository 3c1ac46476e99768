"""One judge for each type of contract. The algorithms are grimp's; the verdicts are those of import-linter.

A judge gets a graph from which allowed imports have been taken out. It raises Unjudgeable when the contract speaks of
modules that do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from threadly_lint.program.contracts.model import (
    AcyclicSiblings,
    Contract,
    Forbidden,
    Independence,
    Layers,
    PrivateModules,
    Protected,
    PublicInterface,
)
from threadly_lint.program.contracts.reading import is_private

if TYPE_CHECKING:
    import grimp


class Unjudgeable(Exception):
    """The contract cannot be judged; ``name`` is what it says that makes no sense here, the text says why."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Breach(Struct, frozen=True):
    """A chain of modules, each importing the next, that breaks a contract; ``why`` is a clause."""

    chain: tuple[str, ...]
    why: str


class Stray(Struct, frozen=True):
    """A module in ``container`` that an exhaustive contract does not place."""

    module: str
    container: str


def judge(contract: Contract, graph: grimp.ImportGraph) -> list[Breach | Stray]:
    """Everything in ``graph`` that breaks ``contract``, in a fixed order."""
    from grimp.exceptions import GrimpException

    try:
        found = set(_JUDGES[type(contract)](contract, graph))
    except (ValueError, GrimpException) as error:
        raise Unjudgeable("", str(error).rstrip(".")) from error
    return sorted(found, key=lambda one: (one.chain, one.why) if isinstance(one, Breach) else ((one.module,), ""))


def _judge_layers(contract: Layers, graph: grimp.ImportGraph) -> Iterator[Breach | Stray]:
    import grimp

    containers = _expand(graph, contract.containers)
    required = [name for layer in contract.layers for name in layer.modules if name not in layer.optional]
    _demand(graph, [*containers, *(_join(container, name) for container in containers or ("",) for name in required)])
    if contract.is_exhaustive:
        yield from _strays(contract, graph, containers)
    layers = [
        grimp.Layer(*layer.modules, independent=layer.is_independent, closed=layer.is_closed)
        for layer in contract.layers
    ]
    for found in graph.find_illegal_dependencies_for_layers(layers=layers, containers={*containers}):
        why = _relation(contract, containers, found.importer, found.imported)
        for chain in _chains(graph, found):
            yield Breach(chain, why)


def _strays(contract: Layers, graph: grimp.ImportGraph, containers: Collection[str]) -> Iterator[Stray]:
    """Children of the containers, or of the packages that the layers are in, that are no layers."""
    names = {name for layer in contract.layers for name in layer.modules}
    homes = containers or {name.rpartition(".")[0] for name in names} - {""}
    for home in homes:
        for child in graph.find_children(home):
            tail = child.rpartition(".")[2]
            if not {tail, child} & (names | contract.exhaustive_ignores):
                yield Stray(child, home)


def _relation(contract: Layers, containers: Collection[str], importer: str, imported: str) -> str:
    """What keeps one layer from importing the other."""
    heights = {
        _join(container, name): height
        for container in containers or ("",)
        for height, layer in enumerate(contract.layers)
        for name in layer.modules
    }
    difference = heights[importer] - heights[imported]
    if difference == 0:
        return f"`{importer}` and `{imported}` are independent siblings"
    if difference > 0:
        return f"layer `{importer}` lies below `{imported}`"
    return f"a closed layer lies between `{importer}` and `{imported}`"


def _judge_independence(contract: Independence, graph: grimp.ImportGraph) -> Iterator[Breach]:
    modules = _expand(graph, contract.modules)
    _demand(graph, modules)
    for found in graph.find_illegal_dependencies_for_layers(layers=({*modules},)):
        for chain in _chains(graph, found):
            yield Breach(chain, f"`{found.importer}` and `{found.imported}` are to be independent")


def _chains(graph: grimp.ImportGraph, found: grimp.PackageDependency) -> Iterator[tuple[str, ...]]:
    """One chain for each first import; all of them where modules import each other directly."""
    for route in found.routes:
        heads, tails = sorted(route.heads), sorted(route.tails)
        if route.middle:
            yield from ((head, *route.middle, tails[0]) for head in heads)
            continue
        pairs = ((head, tail) for head in heads for tail in tails)
        yield from (pair for pair in pairs if graph.direct_import_exists(importer=pair[0], imported=pair[1]))


def _judge_forbidden(contract: Forbidden, graph: grimp.ImportGraph) -> Iterator[Breach]:
    sources, targets = _expand(graph, contract.sources), _expand(graph, contract.targets)
    _demand(graph, [*sources, *(target for target in targets if _is_internal(contract, target))])
    _check_external(contract, [target for target in targets if not _is_internal(contract, target)])
    for source in sources:
        for target in targets:
            if target in graph.modules and not _overlap(source, target, contract.as_packages):
                why = f"`{source}` must not import `{target}`"
                yield from (Breach(chain, why) for chain in _ways(contract, graph, source, target))


def _is_internal(contract: Forbidden, target: str) -> bool:
    """Whether the target, existing or not, belongs to the project."""
    if contract.origin.packages:
        return any(f"{target}.".startswith(f"{package}.") for package in contract.origin.packages)
    return target.partition(".")[0] in {source.partition(".")[0] for source in contract.sources}


def _check_external(contract: Forbidden, targets: Iterable[str]) -> None:
    """Settings of import-linter have to ask for external packages, and know them as a whole only."""
    for target in targets if contract.origin.packages else ():
        if not contract.origin.external:
            raise Unjudgeable(target, f"`{target}` is external, which takes `include_external_packages`")
        if "." in target:
            raise Unjudgeable(target, f"`{target}` is inside of an external package")


def _overlap(source: str, target: str, as_packages: bool) -> bool:
    if not as_packages:
        return source == target
    return f"{source}.".startswith(f"{target}.") or f"{target}.".startswith(f"{source}.")


def _ways(contract: Forbidden, graph: grimp.ImportGraph, source: str, target: str) -> Iterable[tuple[str, ...]]:
    if not contract.direct_only:
        return graph.find_shortest_chains(importer=source, imported=target, as_packages=contract.as_packages)
    sources, targets = _package(graph, source, contract.as_packages), _package(graph, target, contract.as_packages)
    return ((one, other) for one in sources for other in graph.find_modules_directly_imported_by(one) & targets)


def _judge_protected(contract: Protected, graph: grimp.ImportGraph) -> Iterator[Breach]:
    importers = _expand(graph, contract.importers)
    _demand_packages(graph, importers if contract.as_packages else ())
    allowed = {one for name in importers for one in _package(graph, name, contract.as_packages)}
    who = " and ".join(f"`{one}`" for one in contract.importers) or "nobody"
    for module in _expand(graph, contract.modules):
        _demand(graph, [module])
        protected = _package(graph, module, contract.as_packages)
        yield from _direct(graph, protected, protected | allowed, f"only {who} may import `{module}`")


def _judge_private_modules(contract: PrivateModules, graph: grimp.ImportGraph) -> Iterator[Breach]:
    packages = _expand_all(graph, contract.packages)
    for package in packages:
        if any(map(is_private, package.split("."))):
            raise Unjudgeable(package, f"`{package}` is itself private")
    inside = {one for name in packages for one in _package(graph, name, True)} if packages else graph.modules
    for module in sorted(inside):
        parts = module.split(".")
        depth = max((place for place in range(1, len(parts)) if is_private(parts[place])), default=0)
        if depth:
            home, private = ".".join(parts[:depth]), ".".join(parts[: depth + 1])
            yield from _direct(graph, {module}, _package(graph, home, True), f"`{private}` is private to `{home}`")


def _judge_public_interface(contract: PublicInterface, graph: grimp.ImportGraph) -> Iterator[Breach]:
    _demand(graph, [contract.package, *contract.public])
    inside = _package(graph, contract.package, True)
    public = {contract.package}.union(*(_package(graph, name, True) for name in contract.public))
    names = " and ".join(f"`{one}`" for one in (contract.package, *contract.public))
    yield from _direct(graph, inside - public, inside, f"only {names} may be imported from outside of the package")


def _direct(graph: grimp.ImportGraph, modules: Collection[str], allowed: Collection[str], why: str) -> Iterator[Breach]:
    """The direct imports of ``modules`` by anything but ``allowed``."""
    for module in sorted(modules):
        for importer in sorted(graph.find_modules_that_directly_import(module) - {*allowed}):
            yield Breach((importer, module), why)


def _judge_acyclic_siblings(contract: AcyclicSiblings, graph: grimp.ImportGraph) -> Iterator[Breach]:
    ancestors, skip = _expand_all(graph, contract.ancestors), _expand_all(graph, contract.skip)
    pending = [(ancestor, contract.depth) for ancestor in ancestors]
    while pending:
        package, depth = pending.pop()
        children = graph.find_children(package)
        if len(children) > 1:
            why = f"the children of `{package}` are not to import each other in a circle"
            yield from (Breach(pair, why) for pair in graph.nominate_cycle_breakers(package))
        if depth:
            pending += [(child, depth - 1) for child in sorted(children - {*skip})]


def _expand(graph: grimp.ImportGraph, expressions: Iterable[str]) -> list[str]:
    """The modules that expressions stand for; a plain name stands for itself whether it exists or not."""
    found: set[str] = set()
    for expression in expressions:
        found |= graph.find_matching_modules(expression) if "*" in expression else {expression}
    return sorted(found)


def _expand_all(graph: grimp.ImportGraph, expressions: Iterable[str]) -> list[str]:
    """The same, when each expression has to stand for packages that exist in the project."""
    modules: list[str] = []
    for expression in expressions:
        found = _expand(graph, [expression])
        _demand_packages(graph, found or [expression])
        modules += found
    return sorted({*modules})


def _package(graph: grimp.ImportGraph, name: str, as_package: bool) -> set[str]:
    if not as_package or name not in graph.modules or graph.is_module_squashed(name):
        return {name}
    return {name, *graph.find_descendants(name)}


def _demand(graph: grimp.ImportGraph, names: Iterable[str]) -> None:
    for name in names:
        if name not in graph.modules:
            raise Unjudgeable(name, f"there is no module `{name}`")


def _demand_packages(graph: grimp.ImportGraph, names: Collection[str]) -> None:
    _demand(graph, names)
    for name in names:
        if graph.is_module_squashed(name):
            raise Unjudgeable(name, f"`{name}` is external")


def _join(container: str, name: str) -> str:
    return f"{container}.{name}" if container else name


_JUDGES: dict[type[Contract], Callable[[Any, grimp.ImportGraph], Iterable[Breach | Stray]]] = {
    Layers: _judge_layers,
    Forbidden: _judge_forbidden,
    Independence: _judge_independence,
    Protected: _judge_protected,
    PrivateModules: _judge_private_modules,
    PublicInterface: _judge_public_interface,
    AcyclicSiblings: _judge_acyclic_siblings,
}
