"""Every rule against its fixtures: ``fixtures/<rule_name>/<case>/``. How they work: docs/harness.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from threadly_lint.registry import Registry, load_registry
from threadly_lint.testing import Fixture, check_fixture, find_fixtures


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.mark.parametrize("fixture", find_fixtures(Path(__file__).parent / "fixtures"), ids=lambda fixture: fixture.id)
def test_fixture(fixture: Fixture, registry: Registry) -> None:
    rule = registry.by_name(fixture.rule_name)
    assert rule is not None, f"there is no rule {fixture.rule_name}"
    check_fixture(fixture.folder, rule.code, registry)
