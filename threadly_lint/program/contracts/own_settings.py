"""Contracts in ``[tool.threadly-lint.layers]``.

The words are those of import-linter with dashes, and some more: ``closed`` layers, the type ``public-interface``, the
``imports`` that count, and ``allow`` with a reason for each import instead of ``ignore-imports``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from threadly_lint.program.contracts.model import AllowedImport, Contract, Layers, Origin
from threadly_lint.program.contracts.options import Options, fault_of_expression
from threadly_lint.program.contracts.reading import ALERTS, READERS, Common, Reader, read_layers, read_public_interface
from threadly_lint.skeleton.import_statements import IMPORT_KINDS, ImportKind

FILE = "pyproject.toml"


def read_own_settings(table: Mapping[str, Any], problems: list[str]) -> tuple[list[Contract], bool]:
    """The contracts of our table, and whether import-linter's settings count too. Adds to ``problems``."""
    options = Options(table, f"{FILE}: layers", problems, dashed=True)
    kinds = _kinds(options, IMPORT_KINDS)
    follows_import_linter = options.flag("import_linter", default=True)
    contracts = options.get("contracts")
    options.finish()
    if not isinstance(contracts, list | None) or not all(isinstance(one, dict) for one in contracts or ()):
        options.complain("contracts", "expected tables, each beginning with `[[tool.threadly-lint.layers.contracts]]`")
        contracts = []
    return list(_contracts(contracts or [], kinds, problems)), follows_import_linter


def _contracts(tables: list[dict[str, Any]], kinds: frozenset[ImportKind], problems: list[str]) -> Iterator[Contract]:
    for number, table in enumerate(tables, start=1):
        name = table.get("name")
        place = f"{FILE}: layers.contracts `{name}`" if isinstance(name, str) else f"{FILE}: layers.contracts[{number}]"
        options = Options(table, place, problems, dashed=True)
        kind = options.choice("type", _OWN_READERS)
        if kind is not None:
            yield _OWN_READERS[kind](options, _common(options, f"contract {number}", kinds))
            options.finish()


def _common(options: Options, name: str, kinds: frozenset[ImportKind]) -> Common:
    return Common(
        name=options.text("name", name),
        origin=Origin(FILE),
        allowed=tuple(_allowed(options)),
        unmatched=options.choice("unmatched", ALERTS, "error") or "error",
        kinds=_kinds(options, tuple(kinds)),
        guidance=options.text("guidance"),
    )


def _kinds(options: Options, default: tuple[ImportKind, ...]) -> frozenset[ImportKind]:
    words = options.words("imports")
    for word in words:
        if word not in IMPORT_KINDS:
            options.complain("imports", f"`{word}` is none of {', '.join(IMPORT_KINDS)}")
    return frozenset(kind for kind in IMPORT_KINDS if kind in words) or frozenset(default)


def _allowed(options: Options) -> Iterator[AllowedImport]:
    tables = options.get("allow")
    for table in tables if isinstance(tables, list) else [tables] if tables is not None else []:
        if not isinstance(table, dict) or sorted(table) != ["imported", "importer", "reason"]:
            options.complain("allow", 'expected tables like { importer = "a", imported = "b", reason = "..." }')
            continue
        importer, imported, reason = (str(table[key]).strip() for key in ("importer", "imported", "reason"))
        for expression in (importer, imported):
            if fault := fault_of_expression(expression):
                options.complain("allow", f"`{expression}`: {fault}")
        if not reason:
            options.complain("allow", f"`{importer} -> {imported}` needs a reason")
        yield AllowedImport(importer, imported)


def _read_own_layers(options: Options, common: Common) -> Contract:
    contract = read_layers(options, common)
    closed = options.words("closed")
    if not isinstance(contract, Layers):
        return contract
    for name in closed:
        if not any(name in layer.modules for layer in contract.layers):
            options.complain("closed", f"`{name}` is no layer")
    layers = (replace(layer, is_closed=not {*closed}.isdisjoint(layer.modules)) for layer in contract.layers)
    return replace(contract, layers=tuple(layers))


_OWN_READERS: dict[str, Reader] = {
    **{name.replace("_", "-"): reader for name, reader in READERS.items()},
    "layers": _read_own_layers,
    "public-interface": read_public_interface,
}
