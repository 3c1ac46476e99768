"""All contracts that a project declares, in our settings and in those of import-linter."""

from __future__ import annotations

from threadly_lint.program.contracts.import_linter import read_import_linter
from threadly_lint.program.contracts.model import Contract
from threadly_lint.program.contracts.own_settings import read_own_settings
from threadly_lint.project import Project
from threadly_lint.settings import SettingsError


def declared_contracts(project: Project) -> tuple[Contract, ...]:
    """The contracts, ours first. Raises SettingsError with everything that is wrong with them."""
    problems: list[str] = []
    contracts, follows_import_linter = read_own_settings(project.settings.layers, problems)
    if follows_import_linter and not project.isolated:
        contracts += read_import_linter(project.root, project.homes, problems)
    if problems:
        raise SettingsError(tuple(problems))
    return tuple(contracts)
