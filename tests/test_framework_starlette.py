"""Starlette: route tables, mounts, class endpoints, and the middleware around them."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import databases
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser, requires
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute

db = databases.Database("sqlite:///shop.db")


"""


def test_nested_tables_classes_and_sockets(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
async def plain(request):
    await db.execute("delete from thing")


class Thing(HTTPEndpoint):
    async def get(self, request):
        await db.fetch_all("select 1")

    async def delete(self, request):
        await db.execute("delete from thing")


class Chat(WebSocketEndpoint):
    async def on_receive(self, websocket, data):
        await db.execute("insert into message values (1)")


inner = Router([Route("/plain", plain, methods=["POST"])])
app = Starlette(
    routes=[
        Mount("/api", routes=[Mount("/v1", app=inner), Route("/thing/{id:int}", Thing)]),
        WebSocketRoute("/chat", Chat),
    ]
)


@app.route("/decorated", methods=["PUT"])
async def decorated(request):
    await db.execute("delete from thing")


def more(application):
    application.add_route("/added", plain, methods=["POST"])


more(app)
""",
        head=HEAD,
    )
    assert found == {
        "POST plain": Reach(("/api/v1/plain", "/added"), ("write",)),
        "GET Thing.get": Reach(("/api/thing/{id:int}",), ("read",)),
        "DELETE Thing.delete": Reach(("/api/thing/{id:int}",), ("write",)),
        "WEBSOCKET Chat.on_receive": Reach(("/chat",), ("write",)),
        "PUT decorated": Reach(("/decorated",), ("write",)),
    }


def test_requires_and_what_only_reads_the_user(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
@requires("authenticated")
async def required(request):
    await db.execute("delete from thing")


async def tested(request):
    if not request.user.is_authenticated:
        return JSONResponse({}, status_code=401)
    await db.execute("delete from thing")


async def shown(request):
    await db.execute("insert into visit values (:name)", {"name": request.user.display_name})


class Thing(HTTPEndpoint):
    @requires(["authenticated", "admin"], redirect="login")
    async def post(self, request):
        await db.execute("delete from thing")


app = Starlette(
    routes=[
        Route("/required", required, methods=["POST"]),
        Route("/tested", tested, methods=["POST"]),
        Route("/shown", shown, methods=["POST"]),
        Route("/thing", Thing),
    ]
)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST required": (),
        "POST tested": (),
        "POST shown": ("write",),
        "POST Thing.post": (),
    }


def test_backends_that_demand_and_backends_that_only_load(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Demanding(AuthenticationBackend):
    async def authenticate(self, conn):
        row = await db.fetch_one("select * from token where key = :k", {"k": conn.headers.get("Authorization")})
        if row is None:
            raise AuthenticationError("no")
        return AuthCredentials(["authenticated"]), SimpleUser(row["name"])


class Loading(AuthenticationBackend):
    async def authenticate(self, conn):
        if conn.headers.get("Authorization") is None:
            return None
        return AuthCredentials(["authenticated"]), SimpleUser("x")


async def first(request):
    await db.execute("delete from thing")


async def second(request):
    await db.execute("delete from thing")


strict = Starlette(
    routes=[Route("/first", first, methods=["POST"])],
    middleware=[Middleware(AuthenticationMiddleware, backend=Demanding())],
)
lax = Starlette(routes=[Route("/second", second, methods=["POST"])])
lax.add_middleware(AuthenticationMiddleware, backend=Loading())
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {"POST first": (), "POST second": ("write",)}


def test_middleware_of_all_kinds_with_exceptions(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Q(BaseHTTPMiddleware):
    def __init__(self, app, free=()):
        super().__init__(app)
        self.free = free

    async def dispatch(self, request, call_next):
        if request.url.path in self.free:
            return await call_next(request)
        if not request.session.get("user"):
            return JSONResponse({}, status_code=401)
        return await call_next(request)


class Pure:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith("/inner/closed"):
            if not scope["session"].get("user"):
                await JSONResponse({}, status_code=401)(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def write(request):
    await db.execute("delete from thing")


async def health(request):
    await db.execute("delete from thing")


async def socket(websocket):
    await db.execute("delete from thing")


async def open_(request):
    await db.execute("delete from thing")


app = Starlette(
    routes=[
        Route("/write", write, methods=["POST"]),
        Route("/health", health, methods=["POST"]),
        WebSocketRoute("/socket", socket),
    ],
    middleware=[Middleware(Q, free=["/health"])],
)
other = Starlette(
    routes=[Mount("/inner", routes=[Route("/open", open_, methods=["POST"])])], middleware=[Middleware(Pure)]
)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST write": (),
        "POST health": ("write",),
        "WEBSOCKET socket": ("write",),
        "POST open_": ("write",),
    }


def test_middleware_of_a_mount_and_of_a_route_guards_only_there(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Q(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if "user" not in request.session:
            return JSONResponse({}, status_code=403)
        return await call_next(request)


async def inside(request):
    await db.execute("delete from thing")


async def single(request):
    await db.execute("delete from thing")


async def outside(request):
    await db.execute("delete from thing")


app = Starlette(
    routes=[
        Mount("/in", routes=[Route("/x", inside, methods=["POST"])], middleware=[Middleware(Q)]),
        Route("/single", single, methods=["POST"], middleware=[Middleware(Q)]),
        Route("/out", outside, methods=["POST"]),
    ]
)
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST inside": (),
        "POST single": (),
        "POST outside": ("write",),
    }


def test_dispatch_that_is_handed_to_the_base_class(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from contextvars import copy_context

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.middleware.base import BaseHTTPMiddleware


async def in_a_context(request, onward):
    def go_on():
        return onward(request)

    return await copy_context().run(go_on)


async def stop_strangers(request, onward):
    if not request.session.get("caller"):
        return JSONResponse({}, status_code=401)
    return await onward(request)


class Surrounding(BaseHTTPMiddleware):
    def __init__(self, app):
        super().__init__(app, in_a_context)


class Stopping(BaseHTTPMiddleware):
    def __init__(self, app):
        super().__init__(app, dispatch=stop_strangers)


open_api = FastAPI()
open_api.add_middleware(Surrounding)
closed_api = FastAPI()
closed_api.add_middleware(Stopping)


@open_api.post("/wipe")
def wipe(rows: Session):
    rows.execute("delete from thing")


@closed_api.post("/clear")
def clear(rows: Session):
    rows.execute("delete from thing")
""",
    )

    assert found["POST wipe"].unguarded == ("write",)
    assert found["POST clear"].unguarded == ()
