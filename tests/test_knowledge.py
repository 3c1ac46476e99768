"""The knowledge that ships with the tool, and the loader that reads it."""

from __future__ import annotations

import pytest

from threadly_lint.knowledge import Knowledge, load_knowledge


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize(
    ("name", "effect", "returns"),
    [
        ("sqlalchemy.orm.session.Session.add", "write", "None"),
        ("sqlalchemy.ext.asyncio.AsyncSession.execute", "read-or-write", "sqlalchemy.engine.Result[$0.elem]"),
        ("flask_sqlalchemy.SQLAlchemy.session.commit", "commit", "None"),
        ("django.db.models.Manager.get", "read", "$elem"),
        ("django.shortcuts.get_object_or_404", "read", "$0.elem"),
        ("flask.request.json", "source", "None"),
        ("fastapi.Request.json", "source", "object"),
        ("requests.get", "external-call", "requests.Response"),
    ],
)
def test_lookups(known: Knowledge, name: str, effect: str, returns: str) -> None:
    fact = known.fact(name, effect)
    assert fact is not None
    assert str(fact.returns) == returns
