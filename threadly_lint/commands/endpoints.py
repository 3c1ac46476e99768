"""``threadly-lint endpoints``: what the outside can call."""

from __future__ import annotations

from pathlib import Path

import click

from threadly_lint.commands._options import cache_options, isolated_option


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@isolated_option
@cache_options
def command(
    paths: tuple[Path, ...],
    output_format: str,
    isolated: bool,
    jobs: int | None,
    no_cache: bool,
    cache_dir: Path | None,
) -> None:
    """List the endpoints in PATHS (by default the project around the current folder).

    Each way to one with its methods and path, its handler, what guards it, whether its input is validated, requests are
    limited, errors of external calls handled and failures monitored, and what it reaches.
    """
    from threadly_lint.commands._options import cache_folder, number_of_jobs
    from threadly_lint.explain import endpoints_of
    from threadly_lint.project import load_project
    from threadly_lint.report.endpoints import render_json, render_table
    from threadly_lint.run import read_program

    project = load_project(*paths, isolated=isolated)
    program = read_program(project, jobs=number_of_jobs(jobs), cache_dir=cache_folder(project, no_cache, cache_dir))
    wanted = project.files_under(paths or (project.root,))
    endpoints = endpoints_of(program, wanted)
    if output_format == "json":
        click.echo(render_json(endpoints))
        return
    for line in render_table(endpoints):
        click.echo(line)
