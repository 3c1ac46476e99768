"""Contracts as plain values, whichever settings they come from.

Module expressions are dotted names in which ``*`` stands for one name and ``**`` for one or more.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from threadly_lint.skeleton.import_statements import IMPORT_KINDS, ImportKind

Alert = Literal["error", "warn", "none"]


class AllowedImport(Struct, frozen=True):
    """An import that no contract minds; both sides are module expressions."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


class Layer(Struct, frozen=True):
    """Siblings on one level. ``optional`` ones may be missing, and no import from above may bypass a closed layer."""

    modules: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    is_independent: bool = True
    is_closed: bool = False


class Origin(Struct, frozen=True):
    """Where a contract is written and how names are meant there.

    ``file`` is the settings file, relative to the project root. With ``packages``, only what lies below these packages
    is looked at, in the way of import-linter; without, the whole project. ``external`` says whether packages from
    outside take part.
    """

    file: str
    packages: tuple[str, ...] = ()
    external: bool = True

    @property
    def folder(self) -> str:
        """The folder of the settings file; empty for the project root."""
        return self.file.rpartition("/")[0]


class Contract(Struct, frozen=True, kw_only=True):
    """What all contracts have in common. ``kinds`` are the imports that count, ``unmatched`` is what happens when an
    allowed import does not exist, ``guidance`` what the project says to who breaks it."""

    name: str
    origin: Origin
    allowed: tuple[AllowedImport, ...] = ()
    unmatched: Alert = "error"
    kinds: frozenset[ImportKind] = frozenset(IMPORT_KINDS)
    guidance: str = ""

    @property
    def mentioned(self) -> tuple[str, ...]:
        """The full dotted names and expressions that the contract is about."""
        raise NotImplementedError


class Layers(Contract, frozen=True, kw_only=True):
    """Higher layers may import lower ones. With ``containers`` (expressions), the layers are names inside of each."""

    layers: tuple[Layer, ...]
    containers: tuple[str, ...] = ()
    is_exhaustive: bool = False
    exhaustive_ignores: frozenset[str] = frozenset()

    @property
    def mentioned(self) -> tuple[str, ...]:
        return self.containers or tuple(name for layer in self.layers for name in layer.modules)


class Forbidden(Contract, frozen=True, kw_only=True):
    """The sources must not import the targets, not even by way of other modules unless ``direct_only``."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    direct_only: bool = False
    as_packages: bool = True

    @property
    def mentioned(self) -> tuple[str, ...]:
        return (*self.sources, *self.targets)


class Independence(Contract, frozen=True, kw_only=True):
    """None of the modules may import another one, not even by way of others."""

    modules: tuple[str, ...]

    @property
    def mentioned(self) -> tuple[str, ...]:
        return self.modules


class Protected(Contract, frozen=True, kw_only=True):
    """Only the allowed importers may import the modules directly."""

    modules: tuple[str, ...]
    importers: tuple[str, ...]
    as_packages: bool = True

    @property
    def mentioned(self) -> tuple[str, ...]:
        return (*self.modules, *self.importers)


class PrivateModules(Contract, frozen=True, kw_only=True):
    """Modules with a leading underscore may be imported inside of their parent package only."""

    packages: tuple[str, ...] = ()

    @property
    def mentioned(self) -> tuple[str, ...]:
        return self.packages


class PublicInterface(Contract, frozen=True, kw_only=True):
    """From outside of ``package``, only the package itself and its ``public`` modules may be imported."""

    package: str
    public: tuple[str, ...]

    @property
    def mentioned(self) -> tuple[str, ...]:
        return (self.package,)


class AcyclicSiblings(Contract, frozen=True, kw_only=True):
    """The children of each ancestor, as packages, must not import each other in a circle; nor theirs, so many levels
    down as ``depth`` says."""

    ancestors: tuple[str, ...]
    depth: int = 10
    skip: tuple[str, ...] = ()

    @property
    def mentioned(self) -> tuple[str, ...]:
        return self.ancestors
