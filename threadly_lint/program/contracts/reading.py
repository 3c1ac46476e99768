"""From the options of one contract to the contract; the words are those of import-linter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypedDict

from threadly_lint.program.contracts.model import (
    AcyclicSiblings,
    Alert,
    AllowedImport,
    Contract,
    Forbidden,
    Independence,
    Layer,
    Layers,
    Origin,
    PrivateModules,
    Protected,
    PublicInterface,
)
from threadly_lint.program.contracts.options import Options
from threadly_lint.skeleton.import_statements import ImportKind

ALERTS: tuple[Alert, ...] = ("error", "warn", "none")


class Common(TypedDict):
    """What is the same for all types of contracts."""

    name: str
    origin: Origin
    allowed: tuple[AllowedImport, ...]
    unmatched: Alert
    kinds: frozenset[ImportKind]
    guidance: str


def read_layers(options: Options, common: Common) -> Contract:
    """``layers``, from high to low."""
    containers = options.expressions("containers")
    layers = [_layer(text, options) for text in options.words("layers", required=True)]
    exhaustive = options.flag("exhaustive")
    ignores = frozenset(options.words("exhaustive_ignores"))
    _check_layers(layers, options)
    return Layers(
        **common, layers=tuple(layers), containers=containers, is_exhaustive=exhaustive, exhaustive_ignores=ignores
    )


def read_forbidden(options: Options, common: Common) -> Contract:
    """``source_modules`` must not import ``forbidden_modules``."""
    return Forbidden(
        **common,
        sources=options.expressions("source_modules", required=True),
        targets=options.expressions("forbidden_modules", required=True),
        direct_only=options.flag("allow_indirect_imports"),
        as_packages=options.flag("as_packages", default=True),
    )


def read_independence(options: Options, common: Common) -> Contract:
    """``modules`` must not import each other."""
    return Independence(**common, modules=options.expressions("modules", required=True))


def read_protected(options: Options, common: Common) -> Contract:
    """``protected_modules`` may be imported by ``allowed_importers`` only."""
    return Protected(
        **common,
        modules=options.expressions("protected_modules", required=True),
        importers=options.expressions("allowed_importers", required=True),
        as_packages=options.flag("as_packages", default=True),
    )


def read_private_modules(options: Options, common: Common) -> Contract:
    """Private modules below ``packages_with_private_modules``, or everywhere."""
    packages = options.expressions("packages_with_private_modules")
    for package in packages:
        if any(is_private(part) for part in package.split(".")):
            options.complain(
                "packages_with_private_modules", f"`{package}` is itself private; name a package around it"
            )
    return PrivateModules(**common, packages=packages)


def read_public_interface(options: Options, common: Common) -> Contract:
    """The ``public`` modules of a ``package``; a word of our own settings."""
    package, *more = options.words("package", required=True) or ("",)
    if more:
        options.complain("package", "expected one package")
    public = options.words("public")
    for module in public:
        if package and not module.startswith(f"{package}."):
            options.complain("public", f"`{module}` is not in `{package}`")
    return PublicInterface(**common, package=package, public=public)


def read_acyclic_siblings(options: Options, common: Common) -> Contract:
    """No circles between the children of ``ancestors``."""
    ancestors = options.expressions("ancestors", required=True)
    skip = options.expressions("skip_descendants")
    for both in sorted({*ancestors} & {*skip}):
        options.complain("skip_descendants", f"`{both}` is also an ancestor")
    return AcyclicSiblings(**common, ancestors=ancestors, depth=options.number("depth", 10), skip=skip)


Reader = Callable[[Options, Common], Contract]

READERS: dict[str, Reader] = {
    "layers": read_layers,
    "forbidden": read_forbidden,
    "independence": read_independence,
    "protected": read_protected,
    "private_modules": read_private_modules,
    "acyclic_siblings": read_acyclic_siblings,
}


def is_private(name: str) -> bool:
    """Whether one part of a dotted name has a leading underscore, without being one of Python's own."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _layer(text: str, options: Options) -> Layer:
    """``a | b`` are independent siblings, ``a : b`` siblings that may import each other, ``(a)`` may be missing."""
    if "|" in text and ":" in text:
        options.complain("layers", f"`{text}` mixes `|` and `:`")
    parts = [part.strip() for part in text.split("|" if "|" in text else ":")]
    names = [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in parts]
    optional = frozenset(name for name, part in zip(names, parts, strict=True) if name != part)
    return Layer(tuple(names), optional, is_independent=":" not in text)


def _check_layers(layers: Sequence[Layer], options: Options) -> None:
    names = [name for layer in layers for name in layer.modules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        options.complain("layers", f"`{name}` is there more than once")
    for outer, inner in _nested(sorted(set(names))):
        options.complain("layers", f"`{outer}` contains `{inner}`")


def _nested(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((outer, inner) for outer in names for inner in names if inner.startswith(f"{outer}."))
