"""``threadly-lint rule CODE``: the documentation of one rule."""

from __future__ import annotations

from pathlib import Path

import click

from threadly_lint.commands._options import rules_option


@click.command()
@click.argument("code")
@rules_option
def command(code: str, folders: tuple[Path, ...]) -> None:
    """Explain the rule with this CODE or name."""
    from threadly_lint.registry import load_registry
    from threadly_lint.report.rule_page import render_page

    registry = load_registry(folders)
    rule = registry.describe(code.upper()) or registry.by_name(code)
    if rule is None:
        raise click.UsageError(f"there is no rule `{code}`{registry.hint(code)}")
    click.echo(render_page(rule), nl=False)
