"""From a place on disk to a project."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path

from threadly_lint.project.declared import SourceRoot, declared_roots
from threadly_lint.project.files import Listing, list_files
from threadly_lint.project.model import Project
from threadly_lint.project.roots import assign_roots, scan_imports
from threadly_lint.project.tree import lineage
from threadly_lint.settings import Settings, load_settings


def load_project(*paths: Path, isolated: bool = False) -> Project:
    """The project around ``paths`` (files or folders; the current folder when there are none).

    ``isolated`` ignores its settings. Raises SettingsError when they are wrong.
    """
    root, settings = load_settings(_common_folder(paths or (Path(),)), isolated)
    listing = list_files(root, settings.exclude + settings.extend_exclude)
    return Project(root, settings, _find_roots(root, settings, listing), listing.unreadable, isolated)


def _common_folder(paths: Iterable[Path]) -> Path:
    resolved = [path.resolve() for path in paths]
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in resolved]))


def _find_roots(root: Path, settings: Settings, listing: Listing) -> dict[str, SourceRoot]:
    if settings.src:
        return _configured_roots(settings.src, listing.modules)
    return assign_roots(
        listing.modules,
        imports=scan_imports(root, listing.modules),
        declared=declared_roots(root, listing.packaging),
        markers={posixpath.dirname(path) for path in listing.packaging},
    )


def _configured_roots(src: tuple[str, ...], paths: Iterable[str]) -> dict[str, SourceRoot]:
    """The innermost configured root around each path; the project root for files outside of them all."""
    folders = {posixpath.normpath(folder).removeprefix(".") for folder in src}
    return {
        path: SourceRoot(next((folder for folder in lineage(posixpath.dirname(path)) if folder in folders), ""))
        for path in paths
    }
