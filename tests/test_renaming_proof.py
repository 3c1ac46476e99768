"""A guard is known by what it does: its name, its import, its place and a function around it change nothing.

The other way round, a guard that does nothing any more protects nothing, whatever it is called.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from guarded import PLAIN, Form, Project, reported, sources, uses
from guarded_projects import PROJECTS

FORMS = {
    "as written": PLAIN,
    "renamed": Form(renamed=True),
    "aliased": Form(aliased=True),
    "wrapped": Form(wrapped=True),
    "qualified": Form(qualified=True),
    "moved": Form(module="parts.inner.third"),
    "qualified and moved": Form(renamed=True, wrapped=True, qualified=True, module="parts.inner.third"),
    "all at once": Form(renamed=True, aliased=True, wrapped=True, module="parts.inner.third"),
}
GUARDS = [
    pytest.param(project, guard, id=f"{project.name}-{guard}") for project in PROJECTS for guard in project.guards
]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_guard_is_seen_in_every_form(tmp_path: Path, project: Project, form: Form) -> None:
    assert reported(tmp_path, sources(project, form)) == frozenset()


@pytest.mark.parametrize("form", [FORMS["as written"], FORMS["all at once"]], ids=["as written", "all at once"])
@pytest.mark.parametrize(("project", "guard"), GUARDS)
def test_name_without_check_protects_nothing(tmp_path: Path, project: Project, guard: str, form: Form) -> None:
    protected = frozenset[str]().union(*(use.protects for use in uses(project) if use.guard == guard))
    assert protected
    assert reported(tmp_path, sources(project, form, emptied=guard)) == protected


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_nothing_is_left_of_the_names(project: Project) -> None:
    written = "".join(sources(project, FORMS["all at once"]).values())
    assert [guard for guard in project.guards if guard in written] == []
