"""Sanic: blueprints, groups, class views, middleware."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import asyncpg
from sanic import Blueprint, Sanic
from sanic.exceptions import Unauthorized
from sanic.response import json
from sanic.views import HTTPMethodView

app = Sanic("shop")


@app.before_server_start
async def connect(app, loop):
    app.ctx.db = await asyncpg.create_pool()


"""


def test_blueprints_groups_and_views(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
first = Blueprint("first", url_prefix="/first")
second = Blueprint("second", url_prefix="/second")
group = Blueprint.group(first, second, url_prefix="/api")


@first.post("/<id:int>")
async def decorated(request, id):
    await request.app.ctx.db.execute("delete from thing where id = $1", id)


class Thing(HTTPMethodView):
    async def get(self, request):
        await request.app.ctx.db.fetch("select 1")

    async def delete(self, request):
        await request.app.ctx.db.execute("delete from thing")


async def added(request):
    await request.app.ctx.db.execute("delete from thing")


def attach(application):
    application.blueprint(group)
    application.add_route(added, "/added", methods=["PUT"])


second.add_route(Thing.as_view(), "/thing")
attach(app)
""",
        head=HEAD,
    )
    assert found == {
        "POST decorated": Reach(("/api/first/<id:int>",), ("write",)),
        "DELETE Thing.delete": Reach(("/api/second/thing",), ("write",)),
        "GET Thing.get": Reach(("/api/second/thing",), ("read",)),
        "PUT added": Reach(("/added",), ("write",)),
    }


def test_middleware_that_answers_and_middleware_that_loads(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
inside = Blueprint("inside", url_prefix="/inside")
app.blueprint(inside)


@app.middleware("request")
async def load(request):
    request.ctx.user = None
    token = request.headers.get("Authorization")
    if token:
        request.ctx.user = await request.app.ctx.db.fetchrow("select * from users where token = $1", token)


@app.middleware("response")
async def late(request, response):
    if not request.ctx.user:
        return json({}, status=401)


@inside.on_request
async def demand(request):
    if request.path == "/inside/free":
        return
    if not request.ctx.user:
        return json({}, status=403)


@inside.post("/write")
async def write(request):
    await request.app.ctx.db.execute("delete from thing")


@inside.post("/free")
async def free(request):
    await request.app.ctx.db.execute("delete from thing")


@app.post("/outside")
async def outside(request):
    await request.app.ctx.db.execute("delete from thing")


@app.post("/tested")
async def tested(request):
    if request.ctx.user is None:
        raise Unauthorized("no")
    await request.app.ctx.db.execute("delete from thing")
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST write": (),
        "POST free": ("write",),
        "POST outside": ("write",),
        "POST tested": (),
    }


def test_decorators_of_a_view_class(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from functools import wraps


def q(f):
    @wraps(f)
    async def z(request, *args, **kwargs):
        if not request.token:
            return json({}, status=401)
        return await f(request, *args, **kwargs)

    return z


class Guarded(HTTPMethodView, attach=app, uri="/guarded"):
    decorators = [q]

    async def post(self, request):
        await request.app.ctx.db.execute("delete from thing")


class Open(HTTPMethodView, attach=app, uri="/open"):
    async def post(self, request):
        await request.app.ctx.db.execute("delete from thing")
""",
        head=HEAD,
    )
    assert found == {
        "POST Guarded.post": Reach(("/guarded",), ()),
        "POST Open.post": Reach(("/open",), ("write",)),
    }
