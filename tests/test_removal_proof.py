"""Without one use of one guard, exactly the endpoints that it protected are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from guarded import Project, Use, reported, sources, uses
from guarded_projects import PROJECTS

USES = [
    pytest.param(project, use, id=f"{project.name}-{use.guard}-{use.line}")
    for project in PROJECTS
    for use in uses(project)
]


@pytest.mark.parametrize(("project", "use"), USES)
def test_endpoints_of_a_removed_guard_are_reported(tmp_path: Path, project: Project, use: Use) -> None:
    assert reported(tmp_path, sources(project, without=use)) == use.protects
