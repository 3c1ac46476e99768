"""A program that only knows its skeletons: enough for the toy rules, which judge a project as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from threadly_lint.project import Project
from threadly_lint.skeleton.nodes import Skeleton

TOY_RULES = Path(__file__).parent / "toy_rules"


class ToyProgram:
    """Stands in for the program in tests of the doors: what they do must not depend on what rules know."""

    not_followed = ()

    def __init__(self, project: Project, skeletons: Mapping[str, Skeleton], inference: None = None) -> None:
        self.project = project
        self.skeletons = skeletons

    def each(self, subject_type: type) -> Iterator[Project]:
        """The project for those who ask for it; nothing else."""
        if subject_type is Project:
            yield self.project
