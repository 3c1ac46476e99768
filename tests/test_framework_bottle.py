"""Bottle: applications, the default one, mounts, hooks, plugins."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import os
import sqlite3

import bottle
from bottle import Bottle, abort, hook, request, route

db = sqlite3.connect("shop.db")


"""


def test_routes_on_applications_and_the_default_one(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
outer, inner = Bottle(), Bottle()
outer.mount("/inner", inner)


@inner.post("/thing/<id>")
def mounted(id):
    db.execute("delete from thing where id = ?", (id,))


@route("/default", method="POST")
def default():
    db.execute("delete from thing")


def added():
    db.execute("delete from thing")


def set_up(application):
    application.route("/added", "DELETE", added)


set_up(outer)
""",
        head=HEAD,
    )
    assert found == {
        "POST mounted": Reach(("/inner/thing/<id>",), ("write",)),
        "POST default": Reach(("/default",), ("write",)),
        "DELETE added": Reach(("/added",), ("write",)),
    }


def test_hooks_have_to_raise(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
strict, lax = Bottle(), Bottle()


@strict.hook("before_request")
def raising():
    session = request.environ.get("beaker.session")
    if not session.get("user"):
        abort(401)


@lax.hook("before_request")
def returning():
    session = request.environ.get("beaker.session")
    if not session.get("user"):
        return "no"


@strict.post("/thing")
def guarded():
    db.execute("delete from thing")


@lax.post("/thing")
def open_():
    db.execute("delete from thing")
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {"POST guarded": (), "POST open_": ("write",)}


def test_plugins_wrap_callbacks_unless_skipped(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Key:
    api = 2

    def apply(self, callback, context):
        def wrapped(*args, **kwargs):
            if request.get_header("X-Api-Key") != os.environ["KEY"]:
                abort(403)
            return callback(*args, **kwargs)

        return wrapped


def timed(callback):
    def wrapped(*args, **kwargs):
        print("called")
        return callback(*args, **kwargs)

    return wrapped


app, other = Bottle(), Bottle()
app.install(Key())
other.install(timed)


@app.post("/inside")
def inside():
    db.execute("delete from thing")


@app.post("/skipped", skip=[Key])
def skipped():
    db.execute("delete from thing")


@other.post("/timed")
def only_timed():
    db.execute("delete from thing")


@other.post("/applied", apply=[Key()])
def applied():
    db.execute("delete from thing")
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST inside": (),
        "POST skipped": ("write",),
        "POST only_timed": ("write",),
        "POST applied": (),
    }


def test_plugins_give_callbacks_what_they_ask_for(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import bottle_sqlite


class Connecting:
    api = 2

    def __init__(self, keyword="rows"):
        self.keyword = keyword

    def apply(self, callback, route):
        def wrapper(*args, **kwargs):
            kwargs[self.keyword] = sqlite3.connect("shop.db")
            return callback(*args, **kwargs)

        return wrapper


own, plain, named = Bottle(), Bottle(), Bottle()
own.install(Connecting())
plain.install(bottle_sqlite.Plugin(dbfile="shop.db"))
named.install(bottle_sqlite.Plugin(dbfile="shop.db", keyword="shop"))


@own.post("/own/<id>")
def of_the_project(id, rows):
    rows.execute("delete from thing where id = ?", (id,))


@plain.post("/plain")
def of_a_library(db):
    db.execute("delete from thing")


@named.post("/named")
def under_another_name(shop):
    shop.execute("delete from thing")
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST of_the_project": ("write",),
        "POST of_a_library": ("write",),
        "POST under_another_name": ("write",),
    }


def test_templates_guard_nothing(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
app = Bottle()


@app.get("/page")
@bottle.view("page")
def page():
    return {"rows": db.execute("select * from thing").fetchall()}


@app.get("/private")
@bottle.auth_basic(print)
@bottle.jinja2_view("page")
def private():
    return {"rows": db.execute("select * from thing").fetchall()}
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {"GET page": ("read",), "GET private": ()}


def test_callbacks_that_take_any_part_of_the_path(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
app = Bottle()


@app.delete("/thing/<name>")
def named(**parts):
    if parts.get("name") == "all":
        db.execute("delete from thing")


@app.delete("/other/<name>")
def misnamed(**parts):
    if parts.get("nothing") == "all":
        db.execute("delete from thing")
""",
        head=HEAD,
    )
    assert found["DELETE named"].unguarded == ("write",)
    assert found["DELETE misnamed"].unguarded == ()
