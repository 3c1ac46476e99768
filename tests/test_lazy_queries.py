"""Queries of many libraries reach the database where their rows are wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import reach

HEAD = """
import mongoengine
import peewee
import sqlobject
from bottle import Bottle
from pony import orm
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker
from tortoise import fields
from tortoise.models import Model

Base = declarative_base()
Session = sessionmaker(bind=create_engine("sqlite://"))
pony_db = orm.Database()


class Pea(peewee.Model):
    email = peewee.CharField()


class Row(Base):
    __tablename__ = "row"
    id = Column(Integer, primary_key=True)
    email = Column(String)


class Doc(mongoengine.Document):
    email = mongoengine.StringField()


class Shell(Model):
    email = fields.TextField()


class Foal(pony_db.Entity):
    email = orm.Required(str)


class Thing(sqlobject.SQLObject):
    email = sqlobject.StringCol()


app = Bottle()


@app.get("/")
async def show():
"""


@pytest.mark.parametrize(
    "body",
    [
        "return [x.email for x in Pea.select().where(Pea.email != '')]",
        "return list(Pea.select().dicts())",
        "return [x.email for x in Session().query(Row).filter_by(id=1)]",
        "return [x.email for x in Session().query(Row)[:3]]",
        "return [x.email for x in Doc.objects(email='a')]",
        "rows = await Shell.all()\n    return rows[0].email",
        "return [x.email async for x in Shell.filter(id=1)]",
        "return [x.email for x in orm.select(f for f in Foal)]",
        "return [x.email for x in Foal.select()[:]]",
        "return [x.email for x in Thing.selectBy(email='a')]",
    ],
)
def test_iterating_reads_once(tmp_path: Path, body: str) -> None:
    assert reach(tmp_path, f"    {body}\n", HEAD)["GET show"].unguarded == ("read",)


@pytest.mark.parametrize("body", ["Pea.select()", "Session().query(Row)", "Doc.objects", "Shell.filter(id=1)"])
def test_building_alone_reads_nothing(tmp_path: Path, body: str) -> None:
    assert reach(tmp_path, f"    {body}\n", HEAD)["GET show"].unguarded == ()


def test_what_a_comprehension_goes_through_is_computed_once(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
    return [x for x in renew()]


def renew():
    Row.metadata
    session = Session()
    session.query(Row).delete()
    return []
""",
        HEAD,
    )
    assert found["GET show"].unguarded == ("write",)
