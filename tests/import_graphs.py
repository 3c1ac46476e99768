"""Small projects on disk and their import graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from threadly_lint.program.imports.graph import ImportGraph
from threadly_lint.project import load_project
from threadly_lint.skeleton.build import build_skeleton


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write texts by relative path."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def graph_of(folder: Path) -> ImportGraph:
    """The import graph of the project in a folder."""
    project = load_project(folder)
    skeletons = {file.path: build_skeleton((folder / file.path).read_bytes(), file.path) for file in project.files}
    return ImportGraph(project, skeletons)
