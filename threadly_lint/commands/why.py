"""``threadly-lint why FILE:LINE``: the evidence for what is reported, or not reported, at a place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadly_lint.commands._options import cache_options, isolated_option, rules_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threadly_lint.decide import Decision


class Place(click.ParamType[tuple[Path, int]]):
    """``FILE:LINE``, or ``FILE:LINE:COLUMN`` as reports print it."""

    name = "file:line"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Path, int]:
        """The file, which must exist, and the line."""
        parts = value.split(":")
        numbers = [part for part in parts[-2:] if part.isdigit()]
        file = Path(":".join(parts[: len(parts) - len(numbers)]))
        if not numbers or not file.is_file():
            self.fail(f"{value} is not FILE:LINE with a file that exists", param, ctx)
        return file, int(numbers[0])


@click.command()
@click.argument("place", type=Place())
@isolated_option
@rules_option
@cache_options
def command(
    place: tuple[Path, int],
    isolated: bool,
    folders: tuple[Path, ...],
    jobs: int | None,
    no_cache: bool,
    cache_dir: Path | None,
) -> None:
    """Explain what is known at FILE:LINE.

    For a line of an endpoint both sides: what was credited to it (guards, a public purpose, limits, boundaries), what was
    looked at and not credited, and what it reaches. For any line: every finding there, those that are not reported
    included, with the reason.
    """
    from threadly_lint.commands._options import cache_folder, number_of_jobs
    from threadly_lint.commands._terminal import shown_from
    from threadly_lint.explain import endpoints_of
    from threadly_lint.project import load_project
    from threadly_lint.registry import load_registry
    from threadly_lint.report.endpoints import render_endpoint
    from threadly_lint.run import Request, read_program, run

    file, line = place
    project, registry = load_project(file, isolated=isolated), load_registry(folders)
    folder, processes = cache_folder(project, no_cache, cache_dir), number_of_jobs(jobs)
    path = project.relative(file)
    if path is None or project.file(path) is None:
        raise click.UsageError(f"{file} does not belong to the project at {project.root}")
    outcome = run(project, registry, Request(project.settings, jobs=processes, cache_dir=folder))
    program = read_program(project, jobs=processes, cache_dir=folder)
    shown = shown_from(project.root)
    lines = [
        text
        for endpoint in endpoints_of(program, (path,))
        if endpoint.line <= line <= endpoint.end_line
        for text in render_endpoint(endpoint, shown)
    ]
    lines += [text for decision in outcome.decisions for text in _decision(decision, path, line)]
    click.echo("\n".join(lines) or f"{shown(path)}:{line} is in no endpoint, and nothing was found there")


def _decision(decision: Decision, path: str, line: int) -> Iterator[str]:
    finding = decision.finding
    if finding.path == path and finding.line <= line <= finding.end_line:
        because = f" ({decision.because})" if decision.because else ""
        yield f"{finding.code} {decision.verdict}{because}: {finding.message}"
