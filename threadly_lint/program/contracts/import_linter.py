"""Contracts in import-linter's settings (``setup.cfg``, ``.importlinter``, ``pyproject.toml``), as it reads them."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from threadly_lint.program.contracts.model import Contract, Layers, Origin
from threadly_lint.program.contracts.options import Options
from threadly_lint.program.contracts.reading import ALERTS, READERS, Common
from threadly_lint.skeleton.import_statements import IMPORT_KINDS

SECTION = "importlinter"
_CUSTOM_TYPE = (
    "only import-linter can check a type that the project defines itself, because that takes running its code; with "
    "`import-linter = false` in `[tool.threadly-lint.layers]` these settings are left alone"
)
FILES = ("setup.cfg", ".importlinter", "pyproject.toml")


class Document(Struct, frozen=True):
    """The raw settings in one file (relative to the project root): those for all, and those of each contract."""

    file: str
    session: Mapping[str, Any]
    contracts: tuple[Mapping[str, Any], ...]


def read_import_linter(root: Path, folders: Iterable[str], problems: list[str]) -> Iterator[Contract]:
    """The contracts declared in any of ``folders`` (relative to ``root``). Adds to ``problems``."""
    for folder in folders:
        document = _find_document(root, folder, problems)
        if document is not None:
            yield from _contracts(document, problems)


def _find_document(root: Path, folder: str, problems: list[str]) -> Document | None:
    """What the first file with our section says, in the order in which import-linter looks."""
    for name in FILES:
        file = f"{folder}/{name}" if folder else name
        try:
            text = (root / file).read_text(encoding="utf-8")
            document = _from_toml(file, text) if name.endswith(".toml") else _from_ini(file, text)
        except OSError:
            continue
        except (ValueError, configparser.Error) as error:
            if SECTION in (root / file).read_text(encoding="utf-8", errors="replace"):
                problems.append(f"{file}: cannot be read: {str(error).splitlines()[0]}")
            continue
        if document is not None:
            return document
    return None


def _from_ini(file: str, text: str) -> Document | None:
    config = configparser.ConfigParser()
    config.read_string(text)
    if SECTION not in config.sections():
        return None
    contracts = [
        {"id": name.rpartition(":")[2], **_lines(config[name])}
        for name in config.sections()
        if name.startswith(f"{SECTION}:")
    ]
    return Document(file, _lines(config[SECTION]), tuple(contracts))


def _lines(section: Mapping[str, str]) -> dict[str, Any]:
    return {key: value.strip().split("\n") if "\n" in value else value for key, value in section.items()}


def _from_toml(file: str, text: str) -> Document | None:
    table = tomllib.loads(text).get("tool", {}).get(SECTION, {})
    if not table:
        return None
    contracts = table.get("contracts", [])
    return Document(file, {key: value for key, value in table.items() if key != "contracts"}, tuple(contracts))


def _contracts(document: Document, problems: list[str]) -> Iterator[Contract]:
    session = Options(document.session, f"{document.file}: {SECTION}", problems)
    packages = session.words("root_packages") or session.words("root_package")
    if not packages:
        session.complain("root_packages", "is missing")
    origin = Origin(document.file, packages, _is_true(session, "include_external_packages"))
    kinds = frozenset(IMPORT_KINDS)
    if _is_true(session, "exclude_type_checking_imports"):
        kinds -= {"type-checking"}
    custom = {word.partition(":")[0].strip() for word in session.words("contract_types")}
    for table in document.contracts:
        options = Options(table, f"{document.file}: contract `{table.get('name', table.get('id', '?'))}`", problems)
        common = Common(
            name=options.text("name") or options.text("id", "?"),
            origin=origin,
            allowed=options.imports("ignore_imports"),
            unmatched=options.choice("unmatched_ignore_imports_alerting", ALERTS, "error") or "error",
            kinds=kinds,
            guidance=options.text("broken_contract_guidance"),
        )
        yield from _contract(options, common, custom)


def _contract(options: Options, common: Common, custom: set[str]) -> Iterator[Contract]:
    if options.get("type") in custom:
        options.complain("type", _CUSTOM_TYPE)
        return
    kind = options.choice("type", READERS)
    if kind is None:
        return
    contract = READERS[kind](options, common)
    if isinstance(contract, Layers) and contract.is_exhaustive and not contract.containers:
        options.complain("exhaustive", "takes containers")
    options.finish(also=("id", "name"))
    yield contract


def _is_true(session: Options, key: str) -> bool:
    return session.text(key).lower() == "true" if isinstance(session.get(key), str) else session.get(key) is True
