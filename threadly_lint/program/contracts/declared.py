"""All contracts that a project declares, in our settings and in those of import-linter."""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.program.contracts.import_linter import FILES, read_import_linter
from threadly_lint.program.contracts.model import Contract
from threadly_lint.program.contracts.own_settings import read_own_settings
from threadly_lint.project import Project
from threadly_lint.settings import SettingsError


def declared_contracts(project: Project) -> tuple[Contract, ...]:
    """The contracts, ours first. Raises SettingsError with everything that is wrong with them."""
    problems: list[str] = []
    contracts, follows_import_linter = read_own_settings(project.settings.layers, problems)
    if follows_import_linter and not project.isolated:
        contracts += read_import_linter(project.root, _folders(project), problems)
    if problems:
        raise SettingsError(tuple(problems))
    return tuple(contracts)


def contract_files(project: Project) -> tuple[str, ...]:
    """The files, existing or not and relative to the project root, in which import-linter's settings are looked for."""
    return tuple(f"{folder}/{name}".lstrip("/") for folder in _folders(project) for name in FILES)


def _folders(project: Project) -> list[str]:
    """The project root, the source roots and what is between them."""
    return sorted({folder for root in project.roots for folder in _upwards(root.folder)})


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
