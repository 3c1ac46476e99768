"""Small projects in which each handler stands behind a guard of the project's own, and what can be done to them.

A project is two templates. ``gate`` holds the guards; lines that end in ``# check NAME`` are what makes NAME a guard.
``application`` uses them: ``{{...}}`` is one use, and ``# guards: ...`` in its line says which endpoints only that use
protects. ``$NAME`` stands for the guard wherever it is defined or used, ``$NAME_path`` for its dotted path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import NamedTuple

from msgspec.structs import replace

from threadly_lint.project import load_project
from threadly_lint.registry import load_registry
from threadly_lint.run import Request, run

MISSING = ("TLA001", "TLA002", "TLA008")
MEANINGLESS = ("zebra", "lantern", "gravel", "oboe")


class Project(NamedTuple):
    """Templates of a project, and how each of its guards is put into one more function or class."""

    name: str
    guards: dict[str, str]
    gate: str
    application: str


class Form(NamedTuple):
    """How a project is written down. Nothing of this changes what the project does."""

    renamed: bool = False
    aliased: bool = False
    wrapped: bool = False
    qualified: bool = False
    module: str = "gate"


PLAIN = Form()


class Use(NamedTuple):
    """One use of a guard in an application: the guard, its line in the template, the endpoints it alone protects."""

    guard: str
    line: int
    protects: frozenset[str]


_USE = re.compile(r"\{\{(.*?)\}\}")
_PROTECTS = re.compile(r"  # guards:(.*)")
_CHECK = re.compile(r"^(.*)  # check (\w+)\n", re.MULTILINE)


def sources(project: Project, form: Form = PLAIN, *, emptied: str = "", without: Use | None = None) -> dict[str, str]:
    """The files of a project: ``emptied`` loses its checks and keeps its name, the use ``without`` is left out."""
    kept = _CHECK.sub(lambda line: "" if line[2] == emptied else f"{line[1]}\n", dedent(project.gate))
    names = {guard: _name(guard, number) if form.renamed else guard for number, guard in enumerate(project.guards)}
    files = {f"{form.module.replace('.', '/')}.py": Template(kept).substitute(names)}
    place, offered = form.module, names
    if form.wrapped:
        place, offered = "around", {guard: f"{_case(guard, 'round')}_{name}" for guard, name in names.items()}
        files["around.py"] = f"from {form.module} import *\n" + "".join(
            Template(project.guards[guard]).substitute(inner=names[guard], outer=offered[guard]) for guard in names
        )
    used = {guard: _case(guard, f"q{number}") if form.aliased else offered[guard] for number, guard in enumerate(names)}
    imports = "".join(f"from {place} import {offered[guard]} as {used[guard]}\n" for guard in names)
    if form.qualified:
        used = {guard: f"q.{name}" for guard, name in offered.items()}
        imports = f"import {place} as q\n"
    paths = {f"{guard}_path": f"{place}.{offered[guard]}" for guard in names}
    application = Template("\n".join(_lines(project, without))).substitute(used | paths)
    return files | _split(imports, application)


def uses(project: Project) -> Iterator[Use]:
    """Every use of a guard."""
    for number, line in enumerate(dedent(project.application).split("\n")):
        if protects := _PROTECTS.search(line):
            guard = next(guard for guard in project.guards if re.search(rf"\${guard}(_path)?\b", line))
            yield Use(guard, number, frozenset(filter(None, protects[1].strip().split(", "))))


def reported(folder: Path, files: dict[str, str]) -> frozenset[str]:
    """The endpoints of a project whose missing authentication check is reported."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return unguarded_endpoints(folder)


def unguarded_endpoints(folder: Path) -> frozenset[str]:
    """The endpoints below a folder whose missing authentication check is reported."""
    project = load_project(folder)
    settings = replace(project.settings, select=MISSING, ignore=(), preview=True, min_confidence="medium")
    outcome = run(project, load_registry(), Request(settings))
    assert outcome.tracebacks == ()
    return frozenset(finding.endpoint for finding in outcome.findings)


def _lines(project: Project, without: Use | None) -> Iterator[str]:
    for number, line in enumerate(dedent(project.application).split("\n")):
        is_left_out = without is not None and without.line == number
        written = _USE.sub("" if is_left_out else r"\1", _PROTECTS.sub("", line))
        if written.strip() or not is_left_out:
            yield written


def _split(imports: str, application: str) -> dict[str, str]:
    """Parts of an application that start with ``# file: NAME`` are files; the first one imports the guards."""
    _, *parts = re.split(r"^# file: (\S+)\n", application, flags=re.MULTILINE)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    first = parts[0]
    return {"pyproject.toml": "[tool.threadly-lint]\n", **files, first: imports + files[first]}


def _name(guard: str, number: int) -> str:
    return _case(guard, MEANINGLESS[number])


def _case(guard: str, name: str) -> str:
    return name.capitalize() if guard[0].isupper() else name
