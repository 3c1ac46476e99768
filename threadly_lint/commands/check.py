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
    baseline: Path | None
    write_baseline: bool
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
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with findings that are accepted for now, in the place of the one in the settings.",
)
@click.option("--write-baseline", is_flag=True, help="Accept what is found: write the baseline anew.")
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
    if options.write_baseline:
        _demand_baseline(project, options)
    registry = load_registry(options.folders, Selection(_merged(project.settings, options)).chooses)
    request = _request(project, registry, paths, options)
    with ReadingProgress() as progress:
        outcome = run(project, registry, request, progress)
    if options.write_baseline:
        return _write_baseline(project, request, outcome, _baseline(project, options))
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
    from threadly_lint.baseline import NO_BASELINE, read_baseline
    from threadly_lint.run import Request

    registry.demand({"--select": options.select, "--ignore": options.ignore})
    registry.demand_of_settings(project.settings)
    return Request(
        settings=_merged(project.settings, options),
        paths=_asked_for(project, paths),
        baseline=NO_BASELINE if options.write_baseline else read_baseline(project.root, _baseline(project, options)),
        jobs=number_of_jobs(options.jobs),
        cache_dir=cache_folder(project, options.no_cache, options.cache_dir),
    )


def _baseline(project: Project, options: Options) -> str:
    """The baseline's file as seen from the project root; empty when there is none."""
    if options.baseline is None:
        return project.settings.baseline
    return project.relative(options.baseline) or str(options.baseline.resolve())


def _demand_baseline(project: Project, options: Options) -> None:
    if options.fix or options.diff:
        raise click.UsageError("--write-baseline goes with neither --fix nor --diff")
    if not _baseline(project, options):
        raise click.UsageError("name a file with --baseline FILE, or with `baseline` in the settings")


def _write_baseline(project: Project, request: Request, outcome: Outcome, name: str) -> int:
    """Accept what is reported; of the entries so far, those that the run did not ask about stay."""
    from threadly_lint.baseline import read_baseline, render_baseline
    from threadly_lint.decide import Selection
    from threadly_lint.fixing import replace_file

    file = project.root / name
    known = read_baseline(project.root, name).entries if file.exists() else ()
    chooses, paths = Selection(request.settings).chooses, request.paths
    kept = [e for e in known if not chooses(e.code) or (paths is not None and e.path not in paths)]
    text, count = render_baseline(outcome.findings, kept)
    try:
        file.touch()
        replace_file(file, text)
    except OSError as error:
        raise click.ClickException(f"{name} cannot be written: {error.strerror}") from None
    click.echo(f"{name} excuses {count} finding{'s' * (count != 1)}", err=True)
    return 0


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
    from threadly_lint.report.text import render_statistics, render_text
    from threadly_lint.run import read_text

    if options.output_format == "json":
        from threadly_lint.report.json import render_json

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
