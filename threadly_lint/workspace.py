"""A project as an editor or flake8 sees it: asked about one file after another, each with a text of its own."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from threadly_lint.baseline import read_baseline
from threadly_lint.project import Project, load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.run import Outcome, Request, read_text, run
from threadly_lint.settings import load_settings
from threadly_lint.skeleton.store import CACHE_FOLDER
from threadly_lint.values import Finding


class Workspace:
    """A project that is analysed once; a file whose text is not the one on disk is looked at in its place."""

    def __init__(self, project: Project, registry: Registry) -> None:
        self._project = project
        self._registry = registry

    def findings_in(self, file: Path, text: str) -> list[Finding]:
        """What is reported in ``file`` when it has this ``text``, suppressions by ``# noqa`` not yet applied.

        Nothing for a file that does not belong to the project.
        """
        path = self._project.relative(file)
        if path is None or self._project.file(path) is None:
            return []
        unchanged = _with_line_feeds(text) == read_text(self._project, path, {})
        outcome = self.outcome if unchanged else self._run({path: _encoded(text)})
        return [finding for finding in outcome.findings if finding.path == path]

    @cached_property
    def outcome(self) -> Outcome:
        """What is found in the files as they are on disk."""
        return self._run({})

    def _run(self, texts: Mapping[str, bytes]) -> Outcome:
        settings, cache_dir = self._project.settings, self._project.root / CACHE_FOLDER
        baseline = read_baseline(self._project.root, settings.baseline)
        request = Request(settings, None, texts, leave_noqa=True, baseline=baseline, cache_dir=cache_dir)
        return run(self._project, self._registry, request)


def workspace_of(file: Path) -> Workspace:
    """The workspace around a file or folder; the same object for all files of a project.

    Raises SettingsError or RegistryError when the settings or rules cannot be used.
    """
    return _workspace_around(file if file.is_dir() else file.parent)


@cache
def _workspace_around(folder: Path) -> Workspace:
    root, _ = load_settings(folder)
    return _workspace_at(root)


@cache
def _workspace_at(root: Path) -> Workspace:
    project, registry = load_project(root), load_registry()
    registry.demand_of_settings(project.settings)
    return Workspace(project, registry)


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def _encoded(text: str) -> bytes:
    """``text`` as the bytes of a file, in the encoding that it declares for itself."""
    data = text.encode(errors="replace")
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        return text.encode(encoding)
    except (SyntaxError, UnicodeEncodeError):
        return data
