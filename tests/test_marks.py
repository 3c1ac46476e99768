"""Attributes that the project puts on its handlers, and names that are put together at run time."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import reach

AIOHTTP = """
import sqlite3
from functools import wraps

from aiohttp import web


def {mark}(handler):
    handler.{mark} = True
    return handler


def by_name(handler):
    setattr(handler, "{mark}", True)
    return handler


def logged(handler):
    @wraps(handler)
    async def inner(request):
        return await handler(request)

    return inner


@web.middleware
async def check(request, handler):
    if {test}:
        return await handler(request)
    if request.headers.get("X-Key") != open("key").read():
        raise web.HTTPUnauthorized()
    return await handler(request)


@{mark}
async def marked(request):
    sqlite3.connect("x").execute("delete from thing")


@by_name
async def named(request):
    sqlite3.connect("x").execute("delete from thing")


@logged
@{mark}
async def below(request):
    sqlite3.connect("x").execute("delete from thing")


async def later(request):
    sqlite3.connect("x").execute("delete from thing")


async def plain(request):
    sqlite3.connect("x").execute("delete from thing")


later.{mark} = True
app = web.Application(middlewares=[check])
app.router.add_post("/marked", marked)
app.router.add_post("/named", named)
app.router.add_post("/below", below)
app.router.add_post("/later", later)
app.router.add_post("/plain", plain)
"""


@pytest.mark.parametrize("mark", ["is_open", "zorp"])
@pytest.mark.parametrize("test", ['getattr(handler, "{mark}", False)', 'hasattr(handler, "{mark}")'])
def test_middleware_leaves_marked_handlers_alone(tmp_path: Path, mark: str, test: str) -> None:
    found = reach(tmp_path, AIOHTTP.replace("{test}", test).replace("{mark}", mark))
    assert {name.split()[1]: r.unguarded for name, r in found.items()} == {
        "marked": ("write",),
        "named": ("write",),
        "below": ("write",),
        "later": ("write",),
        "plain": (),
    }


FALCON = """
import abc
import sqlite3

import falcon
import jwt


class Loader:
    def __init__(self, application):
        self.application = application

    def __call__(self, path, suffix=None):
        def register(cls):
            self.application.add_route("/v1" + path, cls(), suffix=suffix)
            return cls

        return register


class Gate:
    def process_resource(self, req, resp, resource, params):
        name = "on_" + req.method.lower()
        if len(params) > 1:
            name += "_" + req.path.split("/")[-1]
        if hasattr(resource, name) and getattr(getattr(resource, name), "free", False):
            return
        if not req.auth:
            resp.status = falcon.HTTP_401
            resp.complete = True
            return
        jwt.decode(req.auth, "key", algorithms=["HS256"])


def free(responder):
    responder.free = True
    return responder


app = falcon.App(middleware=[Gate()])
load = Loader(app)


@load("/closed")
class Closed(abc.ABC):
    def on_post(self, req, resp):
        sqlite3.connect("x").execute("delete from thing")


@load("/open")
class Open:
    @free
    def on_post(self, req, resp):
        sqlite3.connect("x").execute("delete from thing")
"""


def test_classes_registered_by_a_decorator_object_and_hooks_that_end_the_request(tmp_path: Path) -> None:
    found = reach(tmp_path, FALCON)
    assert {name: (r.paths, r.unguarded) for name, r in found.items()} == {
        "POST Closed.on_post": (("/v1/closed",), ()),
        "POST Open.on_post": (("/v1/open",), ("write",)),
    }


def test_methods_of_a_name_that_is_put_together(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from bottle import Bottle, request

app = Bottle()


class Commands:
    def run_wipe(self):
        sqlite3.connect("x").execute("delete from thing")

    def stop(self):
        sqlite3.connect("x").execute("select * from thing").fetchall()


@app.post("/run")
def run():
    return getattr(Commands(), f"run_{request.json['name']}")()


@app.post("/walk")
def walk():
    return getattr(Commands(), f"walk_{request.json['name']}", None)
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {"POST run": ("write",), "POST walk": ()}
