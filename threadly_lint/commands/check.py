"""``threadly-lint check``: analyse the project and report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from threadly_lint.commands._options import (
    cache_folder,
    cache_options,
    isolated_option,
    number_of_jobs,
    rules_option,
)

if TYPE_CHECKING:
    from threadly_lint.commands._mending import Workshop
    from threadly_lint.project import Project
    from threadly_lint.registry import Registry
    from threadly_lint.run import Outcome, Request
    from threadly_lint.settings import Settings


class Options(NamedTuple):
    """The options of the command, as click hands them over."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    preview: bool
    min_confidence: str | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    output_format: str
    statistics: bool
    exit_zero: bool
    isolated: bool
    jobs: int | None
    no_cache: bool
    cache_dir: Path | None
    folders: tuple[Path, ...]
    verbose: bool


def _codes(_context: click.Context, _option: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Codes may be given comma-separated, by repeating the option, or both."""
    return tuple(code for value in values for code in value.replace(",", " ").upper().split())


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--select", multiple=True, callback=_codes, metavar="CODES", help="Report only these codes or prefixes.")
@click.option(
    "--ignore", multiple=True, callback=_codes, metavar="CODES", help="Do not report these codes or prefixes."
)
@click.option("--preview", is_flag=True, help="Report the rules of level preview too.")
@click.option(
    "--min-confidence", type=click.Choice(["high", "medium", "low"]), help="The least confidence that is reported."
)
@click.option("--fix", is_flag=True, help="Apply safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also fixes that mean to change behaviour.")
@click.option("--diff", is_flag=True, help="Print what --fix would change instead of the findings; change nothing.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--statistics", is_flag=True, help="Count findings by code; in text, instead of showing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
@isolated_option
@cache_options
@rules_option
@click.option("--verbose", is_flag=True, help="Show the traceback of a rule that crashed.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Analyse the project around PATHS (by default the current folder) and report what is found in them.

    The whole project is always analysed; PATHS only limits what is reported.
    """
    return _check(paths, Options(**options))


def _check(paths: tuple[Path, ...], options: Options) -> int:
    from threadly_lint.commands._terminal import ReadingProgress
    from threadly_lint.decide import Selection
    from threadly_lint.project import load_project
    from threadly_lint.registry import load_registry
    from threadly_lint.report.summary import summarise_run
    from threadly_lint.run import run

    started = perf_counter()
    project = load_project(*paths, isolated=options.isolated)
    registry = load_registry(options.folders, Selection(_merged(project.settings, options)).chooses)
    request = _request(project, registry, paths, options)
    with ReadingProgress() as progress:
        outcome = run(project, registry, request, progress)
    fixed = 0
    if options.diff:
        _workshop(project, registry, request).show_diff(outcome, options.unsafe_fixes)
    else:
        if options.fix:
            mended = _workshop(project, registry, request).fix(outcome, options.unsafe_fixes)
            outcome, fixed = mended.outcome, len(mended.fixed)
        _report(project, outcome, options)
    summary = summarise_run(outcome.findings, outcome.files, outcome.lines, perf_counter() - started, fixed)
    click.echo(summary, err=options.diff or options.output_format == "json")
    return 1 if outcome.findings and not options.exit_zero else 0


def _workshop(project: Project, registry: Registry, request: Request) -> Workshop:
    from threadly_lint.commands._mending import Workshop
    from threadly_lint.commands._terminal import shown_from

    return Workshop(project, registry, request, shown_from(project.root))


def _request(project: Project, registry: Registry, paths: tuple[Path, ...], options: Options) -> Request:
    from threadly_lint.run import Request

    registry.demand({"--select": options.select, "--ignore": options.ignore})
    registry.demand_of_settings(project.settings)
    return Request(
        settings=_merged(project.settings, options),
        paths=_asked_for(project, paths),
        jobs=number_of_jobs(options.jobs),
        cache_dir=cache_folder(project, options.no_cache, options.cache_dir),
    )


def _merged(settings: Settings, options: Options) -> Settings:
    """The project's settings with the options put in; whoever selects here means it, whatever the settings ignore."""
    from msgspec.structs import replace

    return replace(
        settings,
        select=options.select or settings.select,
        ignore=options.ignore if options.select else (*settings.ignore, *options.ignore),
        preview=options.preview or settings.preview,
        min_confidence=options.min_confidence or settings.min_confidence,
    )


def _asked_for(project: Project, paths: tuple[Path, ...]) -> frozenset[str] | None:
    """The paths to report about, None for all; says so when a path brings no file into the analysis."""
    for path in paths or (project.root,):
        if not project.files_under([path]):
            click.echo(f"Warning: no Python file of the project is in {path}", err=True)
    asked = {project.relative(path) for path in paths}
    if not paths or "." in asked:
        return None
    return project.files_under(paths) | {path for path in asked if path}


def _report(project: Project, outcome: Outcome, options: Options) -> None:
    from threadly_lint.commands._terminal import shown_from, wants_colour
    from threadly_lint.report.json import render_json
    from threadly_lint.report.text import render_statistics, render_text
    from threadly_lint.run import read_text

    if options.output_format == "json":
        click.echo(render_json(outcome.findings, options.statistics))
    elif options.statistics:
        click.echo(render_statistics(outcome.findings), nl=False)
    else:
        blocks = render_text(
            outcome.findings, lambda path: read_text(project, path, {}), shown_from(project.root), wants_colour()
        )
        for block in blocks:
            click.echo(block)
    if options.verbose:
        for trace in outcome.tracebacks:
            click.echo(trace, err=True)
