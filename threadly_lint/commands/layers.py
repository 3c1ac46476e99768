"""``threadly-lint layers``: the picture of who imports whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadly_lint.commands._options import cache_options, isolated_option

if TYPE_CHECKING:
    from threadly_lint.program.imports.graph import ImportGraph


@click.command()
@click.argument("path", default=".", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output-format", type=click.Choice(["tree", "mermaid", "dot", "json"]), default="tree", show_default=True
)
@click.option("--depth", type=click.IntRange(min=1), default=None, help="Parts of a name that tell groups apart.")
@click.option("--below", default="", metavar="PACKAGE", help="Show this package only.")
@click.option("--propose", is_flag=True, help="Print contracts that the imports suggest, instead of the picture.")
@isolated_option
@cache_options
def command(
    path: Path,
    output_format: str,
    depth: int | None,
    below: str,
    propose: bool,
    isolated: bool,
    jobs: int | None,
    no_cache: bool,
    cache_dir: Path | None,
) -> None:
    """Show which packages of the project around PATH import which.

    Cycles and broken contracts are marked. Nothing is enforced: contracts are declared in the settings and reported by
    ``threadly-lint check``; ``--propose`` prints settings to begin with.
    """
    from threadly_lint.commands._options import cache_folder, number_of_jobs
    from threadly_lint.program.contracts.verdicts import judge_project
    from threadly_lint.program.imports.graph import ImportGraph
    from threadly_lint.program.imports.picture import draw
    from threadly_lint.program.imports.proposal import propose_contracts
    from threadly_lint.project import load_project
    from threadly_lint.report.pictures import RENDERERS
    from threadly_lint.skeleton.store import read_skeletons

    project = load_project(path, isolated=isolated)
    folder = cache_folder(project, no_cache, cache_dir)
    graph = ImportGraph(project, read_skeletons(project, jobs=number_of_jobs(jobs), cache_dir=folder))
    if below and not any(f"{file.module}.".startswith(f"{below}.") for file in graph.modules.values()):
        raise click.BadParameter(f"there is no package {below} in {project.root}", param_hint="--below")
    if propose:
        click.echo(propose_contracts(graph, below))
        return
    picture = draw(graph, depth or _default_depth(graph, below), below, judge_project(graph).violations)
    click.echo(RENDERERS[output_format](picture))


def _default_depth(graph: ImportGraph, below: str) -> int:
    """One part, or two where nearly everything is in one package."""
    from collections import Counter

    tops = Counter(file.module.partition(".")[0] for file in graph.modules.values())
    return 2 if not below and tops and tops.most_common(1)[0][1] > sum(tops.values()) / 2 else 1
