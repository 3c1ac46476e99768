"""What the program finds in a small project: endpoints, their ways in, and what anonymous callers reach."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from threadly_lint.program import Program
from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.project import load_project
from threadly_lint.skeleton.build import build_skeleton

DATABASE = frozenset({"read", "write", "commit", "construct", "assign"})


class Reach(NamedTuple):
    """One endpoint: the paths of its mounts, and the database effects that no check precedes (each once, in order)."""

    paths: tuple[str, ...]
    unguarded: tuple[str, ...]


def program_of(folder: Path, files: dict[str, str]) -> Program:
    """The program of a project with these files."""
    (folder / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    project = load_project(folder)
    skeletons = {f.path: build_skeleton((project.root / f.path).read_bytes(), f.path) for f in project.files}
    return Program(project, skeletons)


def reach(folder: Path, source: str, head: str = "", **more: str) -> dict[str, Reach]:
    """The endpoints of one file ``app.py`` (and of more files, named without ending), by method and handler.

    ``head`` is what the file starts with.
    """
    files = {"app.py": head + source, **{f"{name}.py": text for name, text in more.items()}}
    return reached(program_of(folder, files))


def reached(program: Program) -> dict[str, Reach]:
    return {_name(e): Reach(tuple(m.path for m in e.mounts), _unguarded(e)) for e in program.entry_points}


def _name(entry: EntryPoint) -> str:
    return f"{'/'.join(entry.methods)} {entry.function.qualname}"


def _unguarded(entry: EntryPoint) -> tuple[str, ...]:
    found = [o.effect for run in entry.runs for o in run.inside if o.effect in DATABASE and not o.auth]
    return tuple(dict.fromkeys(found))
