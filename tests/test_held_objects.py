"""Where sessions, managers and literals come from when no plain assignment says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import program_of, reach

HEAD = """
from fastapi import FastAPI
from sqlalchemy.orm import Session

app = FastAPI()
"""


@pytest.mark.parametrize(
    ("source", "receiver"),
    [
        (
            "class Place:\n    session = None\n\nplace = Place()\n\ndef start():\n    place.session = Session()\n",
            "place.session",
        ),
        ("class Place:\n    session = None\n\ndef start():\n    Place.session = Session()\n", "Place.session"),
        (
            (
                "class Place:\n    def __init__(self):\n        self.session = None\n\nplace = Place()\n\n"
                "def start():\n    place.session = Session()\n"
            ),
            "place.session",
        ),
        ("class Pool:\n    def __getitem__(self, key):\n        return Session()\n\npool = Pool()\n", "pool['main']"),
        ("sessions = [Session()] * 3\n", "sessions[0]"),
        ("sessions = {'main': Session(), 'archive': Session()}\n", "sessions.get(str(app))"),
        (
            (
                "class Reaching(type):\n    @property\n    def session(cls):\n        return Session()\n\n"
                "class Place(metaclass=Reaching):\n    pass\n"
            ),
            "Place.session",
        ),
        (
            (
                "class Reaching(type):\n    def session(cls):\n        return Session()\n\n"
                "class Place(metaclass=Reaching):\n    pass\n"
            ),
            "Place.session()",
        ),
    ],
    ids=[
        "on an instance",
        "on a class",
        "over None of the constructor",
        "item",
        "repeated",
        "any entry",
        "property",
        "method",
    ],
)
def test_sessions_are_found_where_they_were_put(tmp_path: Path, source: str, receiver: str) -> None:
    handler = f'\n@app.post("/orders")\ndef order():\n    {receiver}.commit()\n'
    assert reach(tmp_path, source + handler, HEAD)["POST order"].unguarded == ("commit",)


def test_what_is_put_into_another_class_is_not_found(tmp_path: Path) -> None:
    source = """
class Place:
    session = None

class Other:
    session = None

def start():
    Other.session = Session()

@app.post("/orders")
def order():
    Place.session.commit()
"""
    assert reach(tmp_path, source, HEAD)["POST order"].unguarded == ()


def test_the_value_of_a_member_of_an_enumeration_is_its_literal(tmp_path: Path) -> None:
    source = """
import enum
from fastapi import HTTPException

class Refusal(enum.Enum):
    STRANGER = 401

def turn_away(request):
    raise HTTPException(Refusal.STRANGER.value)
"""
    program = program_of(tmp_path, {"app.py": HEAD + source})
    function = next(f for f in program.functions if f.name == "turn_away")
    assert [e.status for e in program.generic_outcome(function).exits] == [401]


@pytest.mark.parametrize(
    ("manager", "base"),
    [
        ("from django_scopes import ScopedManager as Rows", "models.Model"),
        ("from mptt.managers import TreeManager as Rows", "MPTTModel"),
        ("from unheard_of import Rows", "models.Model"),
    ],
    ids=["scoped", "tree", "unknown"],
)
def test_managers_of_other_libraries_select_rows(tmp_path: Path, manager: str, base: str) -> None:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/__init__.py": "",
        "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\n",
        "shop/models.py": f"from django.db import models\nfrom mptt.models import MPTTModel\n{manager}\n\n"
        f"class Order({base}):\n    objects = Rows(shop='shop')\n    others = Rows(shop='other')\n",
        "shop/views.py": "from shop.models import Order\n\ndef drop(request):\n    Order.objects.filter(pk=1).delete()\n",
        "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('x', views.drop)]\n",
    }
    program = program_of(tmp_path, files)
    found = [(o.effect, o.event.model) for e in program.entry_points for r in e.runs for o in r.inside]
    assert found == [("build-read", "Order"), ("write", "Order")]


def test_a_global_that_other_modules_set_is_not_what_it_starts_as(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import desk
import sqlite3
from bottle import Bottle, request

app = Bottle()
db = sqlite3.connect("shop.db")


@app.post("/in")
def come_in():
    desk.clerk = request.forms["name"]
    desk_of_nobody = desk
    desk_of_nobody.closed = True


@app.post("/a")
def served():
    if desk.clerk is None:
        return
    db.execute("delete from thing")


@app.post("/b")
def never_served():
    if desk.guest is None:
        return
    db.execute("delete from thing")
""",
        desk="clerk = None\nguest = None\nclosed = False\n",
        test_desk="import desk\n\n\ndef test_it():\n    desk.guest = 'somebody'\n",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST come_in": (),
        "POST served": ("write",),
        "POST never_served": (),
    }
