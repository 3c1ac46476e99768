"""``threadly-lint rules``: what can be reported."""

from __future__ import annotations

from pathlib import Path

import click

from threadly_lint.commands._options import rules_option


@click.command()
@rules_option
def command(folders: tuple[Path, ...]) -> None:
    """List all rules: code, level, the safety of the fix if there is one, name."""
    from threadly_lint.registry import load_registry

    registry = load_registry(folders)
    for code in registry.codes:
        rule = registry.describe(code)
        if rule:
            click.echo(f"{code}  {rule.level:<7}  {getattr(rule, 'fix', None) or '-':<9}  {rule.name}")
