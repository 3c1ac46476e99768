"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from threadly_lint.project import Project

rules_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with rules of your own.",
)
isolated_option = click.option("--isolated", is_flag=True, help="Ignore all settings files.")


def cache_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--jobs``, ``--no-cache`` and ``--cache-dir``: how files are read, which changes no result."""
    options = [
        click.option(
            "--jobs", type=click.IntRange(min=1), help="Processes that may read files; one for each processor."
        ),
        click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
        click.option("--cache-dir", type=click.Path(file_okay=False, path_type=Path), help="Where the cache is kept."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def number_of_jobs(jobs: int | None) -> int:
    """What ``--jobs`` means."""
    return jobs or os.cpu_count() or 1


def cache_folder(project: Project, no_cache: bool, cache_dir: Path | None) -> Path | None:
    """Where the cache is; None when there is to be none."""
    if no_cache:
        return None
    from threadly_lint.skeleton.store import CACHE_FOLDER

    return cache_dir or project.root / CACHE_FOLDER
