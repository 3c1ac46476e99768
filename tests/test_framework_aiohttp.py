"""aiohttp: routes in every form, and what stands before them."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, program_of, reach

from threadly_lint.program.input.request_flow import request_flows

HEAD = """
import os

import asyncpg
from aiohttp import web
from aiohttp_session import get_session


async def open_pool(app):
    app["db"] = await asyncpg.create_pool()


"""


def test_routes_in_every_form(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
table = web.RouteTableDef()


@table.post("/decorated/{id}")
async def decorated(request):
    await request.app["db"].execute("delete from thing")


@table.view("/view")
class Viewed(web.View):
    async def get(self):
        await self.request.app["db"].fetch("select 1")


async def listed(request):
    await request.app["db"].execute("delete from thing")


class Service:
    def __init__(self, application):
        application.router.add_put("/bound", self.bound)

    async def bound(self, request):
        await request.app["db"].execute("delete from thing")


def set_up(application):
    application.router.add_route("*", "/any", listed)
    application.add_routes(table)
    Service(application)


def main():
    app = web.Application()
    app.on_startup.append(open_pool)
    app.add_routes([web.delete("/listed", listed), web.view("/other", Viewed), web.static("/static", "static")])
    set_up(app)
    web.run_app(app)
""",
        head=HEAD,
    )
    assert found == {
        "DELETE listed": Reach(("/listed", "/any"), ("write",)),
        "GET Viewed.get": Reach(("/other", "/view"), ("read",)),
        "PUT Service.bound": Reach(("/bound",), ("write",)),
        "POST decorated": Reach(("/decorated/{id}",), ("write",)),
    }


def test_middlewares_new_and_old_with_exceptions(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
@web.middleware
async def q(request, handler):
    if request.path == "/login":
        return await handler(request)
    session = await get_session(request)
    if "user" not in session:
        raise web.HTTPFound("/login")
    return await handler(request)


async def old(app, handler):
    async def inner(request):
        if request.headers.get("Authorization") != os.environ["TOKEN"]:
            return web.Response(status=401)
        return await handler(request)

    return inner


@web.middleware
async def loud(request, handler):
    print(request.path)
    return await handler(request)


async def write(request):
    await request.app["db"].execute("delete from thing")


async def login(request):
    await request.app["db"].execute("delete from attempt")


async def machine(request):
    await request.app["db"].execute("delete from thing")


async def anybody(request):
    await request.app["db"].execute("delete from thing")


def people():
    app = web.Application(middlewares=[loud, q])
    app.on_startup.append(open_pool)
    app.router.add_post("/write", write)
    app.router.add_post("/login", login)


def machines():
    app = web.Application(middlewares=[old])
    app.router.add_post("/machine", machine)


def public():
    app = web.Application(middlewares=[loud])
    app.router.add_post("/anybody", anybody)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST write": (),
        "POST login": ("write",),
        "POST machine": (),
        "POST anybody": ("write",),
    }


def test_nested_applications_stand_behind_the_outer_middleware(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from aiohttp_security import check_authorized


@web.middleware
async def q(request, handler):
    await check_authorized(request)
    return await handler(request)


async def write(request):
    await request.app["db"].execute("delete from thing")


async def beside(request):
    await request.config_dict["db"].execute("delete from thing")


inner = web.Application()
inner.router.add_post("/write", write)
outer = web.Application()
outer.middlewares.append(q)
outer.on_startup.append(open_pool)
outer.add_subapp("/inner/", inner)
""",
        head=HEAD,
    )
    assert found == {"POST write": Reach(("/inner/write",), ())}


def test_checks_in_wrappers_and_bodies(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from functools import wraps

routes = web.RouteTableDef()


def q(f):
    @wraps(f)
    async def z(request):
        session = await get_session(request)
        if session.get("user") is None:
            raise web.HTTPUnauthorized()
        return await f(request)

    return z


@routes.post("/below")
@q
async def below(request):
    await request.app["db"].execute("delete from thing")


@q
@routes.post("/above")
async def above(request):
    await request.app["db"].execute("delete from thing")


@routes.post("/late")
async def late(request):
    await request.app["db"].execute("delete from thing")
    session = await get_session(request)
    if not session.get("user"):
        raise web.HTTPUnauthorized()


app = web.Application()
app.on_startup.append(open_pool)
app.add_routes(routes)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST below": (),
        "POST above": ("write",),
        "POST late": ("write",),
    }


def test_what_a_middleware_puts_on_the_request(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
@web.middleware
async def load(request, handler):
    request["user"] = None
    token = request.headers.get("Authorization")
    if token:
        request["user"] = await request.app["db"].fetchrow("select * from users where token = $1", token)
    return await handler(request)


async def tested(request):
    if not request["user"]:
        raise web.HTTPForbidden()
    await request.app["db"].execute("delete from thing")


async def ignored(request):
    await request.app["db"].execute("delete from thing where owner = $1", request["user"])


app = web.Application(middlewares=[load])
app.on_startup.append(open_pool)
app.router.add_post("/tested", tested)
app.router.add_post("/ignored", ignored)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {"POST tested": (), "POST ignored": ("write",)}


def test_a_csrf_token_in_the_session_is_no_identity(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
async def write(request):
    session = await get_session(request)
    form = await request.post()
    token = session.get("csrf_token")
    if not token or token != form.get("csrf_token"):
        raise web.HTTPForbidden()
    await request.app["db"].execute("delete from thing")


app = web.Application()
app.on_startup.append(open_pool)
app.router.add_post("/write", write)
""",
        head=HEAD,
    )
    assert found == {"POST write": Reach(("/write",), ("write",))}


def test_views_that_have_a_say_in_how_their_methods_are_called(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import asyncio


class Members:
    async def _iter(self):
        if "user" not in await get_session(self.request):
            raise web.HTTPUnauthorized()
        return await super()._iter()


class Early:
    @asyncio.coroutine
    def __iter__(self):
        method = getattr(self, self.request._method.lower(), None)
        session = yield from get_session(self.request)
        if not session.get("user"):
            return web.HTTPFound("/login")
        return (yield from method())


class Logged:
    async def _iter(self):
        print(self.request.path)
        return await super()._iter()


class Guarded(Members, web.View):
    async def post(self):
        await self.request.app["db"].execute("delete from thing")


class Old(Early, web.View):
    async def post(self):
        await self.request.app["db"].execute("delete from thing")


class Open(Logged, web.View):
    async def post(self):
        await self.request.app["db"].execute("delete from thing")


app = web.Application()
app.on_startup.append(open_pool)
app.router.add_view("/guarded", Guarded)
app.router.add_view("/old", Old)
app.router.add_view("/open", Open)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST Guarded.post": (),
        "POST Old.post": (),
        "POST Open.post": ("write",),
    }


def test_messages_of_a_websocket_are_request_data(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": """
            from aiohttp import web

            async def talk(request):
                socket = web.WebSocketResponse()
                await socket.prepare(request)
                async for message in socket:
                    open(message.json()["name"], "w")
                return socket

            app = web.Application()
            app.router.add_get("/talk", talk)
            """
        },
    )
    (entry,) = program.entry_points
    assert [flow.kind for flow in request_flows(program, entry)] == ["file path"]
