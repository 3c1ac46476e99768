"""Databases of smaller libraries, as handlers use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import reach

HEAD = """
import dataset
import momoko
import orm
import peewee
import peewee_async
import records
import sqlobject
import torndb
from bottle import Bottle
from gino_starlette import Gino
from piccolo.table import Table
from rethinkdb import r
from tinydb import Query, TinyDB

app = Bottle()
rows = orm.ModelRegistry(database=None)
gino = Gino()


class Note(orm.Model):
    registry = rows
    fields = {"text": orm.Text()}


class Plant(gino.Model):
    id = gino.Column(gino.Integer())


class Fruit(peewee.Model):
    text = peewee.CharField()


fruits = peewee_async.Manager(None)


class Card(sqlobject.SQLObject):
    text = sqlobject.StringCol()


class Herb(Table):
    pass


def connections():
    yield torndb.Connection('h', 'd')


@app.post("/")
async def change():
"""


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ("return TinyDB('x.json').search(Query().id == 1)", "read"),
        ("TinyDB('x.json').table('notes').insert({'a': 1})", "write"),
        ("dataset.connect('sqlite://')['notes'].upsert({'id': 1}, ['id'])", "write"),
        ("return dataset.connect('sqlite://').load_table('notes').find_one(id=1)", "read"),
        ("return records.Database('sqlite://').query('select * from note').all()", "read"),
        ("records.Database('sqlite://').query('delete from note')", "write"),
        ("return await r.table('note').get(1).run(None)", "read"),
        ("await r.table('note').filter({'id': 1}).update({'a': 2}).run(None)", "write"),
        ("return torndb.Connection('h', 'd').query('select * from note')", "read"),
        ("torndb.Connection('h', 'd').execute('delete from note')", "write"),
        ("await momoko.Pool(dsn='').execute('insert into note values (1)')", "write"),
        ("return await Note.objects.filter(id=1).all()", "read"),
        ("await Note.objects.create(text='a')", "write"),
        ("await Plant.create(id=1)", "write"),
        ("return await fruits.get(Fruit, id=1)", "read"),
        ("return list(await fruits.execute(Fruit.select()))", "read"),
        ("await fruits.create(Fruit, text='a')", "write"),
        ("await fruits.delete(await fruits.get(Fruit, id=1))", "read write"),
        ("return Card.get(1).text", "read"),
        ("return await Herb.select()", "read"),
        ("return await Herb.raw('select * from herb')", "read"),
        ("return (await Herb.select().where(Herb.id == 1).first())['text']", "read"),
        ("next(connections()).execute('delete from note')", "write"),
        ("next(iter([]), torndb.Connection('h', 'd')).execute('delete from note')", "write"),
        ("Card.get(1).set(text='a')", "read write"),
    ],
)
def test_effects(tmp_path: Path, body: str, effect: str) -> None:
    assert reach(tmp_path, f"    {body}\n", HEAD)["POST change"].unguarded == tuple(effect.split())
