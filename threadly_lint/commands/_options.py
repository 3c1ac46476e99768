"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

rules_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with rules of your own.",
)
isolated_option = click.option("--isolated", is_flag=True, help="Ignore all settings files.")
