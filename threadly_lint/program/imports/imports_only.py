"""What stands in for the program where rules ask about imports alone: no file is parsed that a scan can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from threadly_lint.program.contracts.verdicts import Verdicts, judge_project
from threadly_lint.program.imports.graph import ImportGraph
from threadly_lint.project import Project
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.collector import collector_paused
from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.excerpt import excerpt
from threadly_lint.skeleton.imports_scan import scan_imports
from threadly_lint.skeleton.nodes import Skeleton
from threadly_lint.skeleton.plain_code import Doubt

SUBJECTS: tuple[type, ...] = (ImportGraph, Verdicts)
"""All that rules can ask for here."""


class ImportsOnly:
    """The imports of a project. ``texts`` stand in for the content of files, ``progress`` is told how many of how many
    files are read."""

    inference = None
    not_followed = ()

    def __init__(
        self, project: Project, texts: Mapping[str, bytes], progress: Callable[[int, int], None] | None = None
    ) -> None:
        self.project = project
        self.skeletons: dict[str, Skeleton] = {}
        self._texts = texts
        with collector_paused():
            for number, file in enumerate(project.files, start=1):
                self.skeletons[file.path] = self._read(file.path)
                if progress:
                    progress(number, len(project.files))
            self.imports = ImportGraph(project, self.skeletons, self._whole, self._excerpt)

    def each(self, subject: type) -> Iterable[Any]:
        """All subjects of one kind; one of ``SUBJECTS``."""
        return (self.imports,) if subject is ImportGraph else (judge_project(self.imports),)

    def _read(self, path: str) -> Skeleton:
        try:
            data = self._content(path)
        except OSError as error:
            return Skeleton((), 0, problem=f"cannot be read: {error.strerror or error}")
        return scan_imports(data) or build_skeleton(data, path)

    def _whole(self, path: str) -> Skeleton:
        return build_skeleton(self._content(path), path)

    def _excerpt(self, path: str, pattern: str) -> Skeleton:
        if not pattern.isascii():  # names in a file may be spelled otherwise than in its tree
            return self._whole(path)
        try:
            text = excerpt(decode(self._content(path)), pattern)
        except (Unreadable, Doubt):
            return self._whole(path)
        found = build_skeleton(text.encode(), path)
        return self._whole(path) if found.problem else found

    def _content(self, path: str) -> bytes:
        if path in self._texts:
            return self._texts[path]
        with open(f"{self.project.root}/{path}", "rb", buffering=0) as stream:
            return stream.read()
