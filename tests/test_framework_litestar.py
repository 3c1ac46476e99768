"""Litestar: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import sqlite3

from litestar import Controller, Litestar, Request, Router, delete, get, post, websocket
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler, route
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult, DefineMiddleware
from litestar.security.jwt import JWTAuth

db = sqlite3.connect("shop.db")


def guard(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    if not connection.user:
        raise NotAuthorizedException()


def count(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    print(connection.url)


"""


def test_guards_of_every_layer(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
@delete("/{id:int}")
async def bare(id: int) -> None:
    db.execute("delete from thing")


@delete("/own/{id:int}", guards=[count, guard])
async def own(id: int) -> None:
    db.execute("delete from thing")


class Things(Controller):
    path = "/things"
    guards = [guard]

    @get(["/", "/all"])
    async def everything(self) -> None:
        db.execute("select 1")


class Others(Controller):
    path = "/others"

    @route("/{id:int}", http_method=["PUT", "PATCH"])
    async def change(self, id: int) -> None:
        db.execute("delete from thing")


inner = Router(path="/inner", route_handlers=[bare], guards=[guard])
outer = Router("/outer", route_handlers=[inner, own, Things, Others])
app = Litestar(route_handlers=[outer])
app.register(Others)
""",
    )
    assert found == {
        "DELETE bare": Reach(("/outer/inner/{id:int}",), ()),
        "DELETE own": Reach(("/outer/own/{id:int}",), ()),
        "GET Things.everything": Reach(("/outer/things/", "/outer/things/all"), ()),
        "PUT/PATCH Others.change": Reach(("/outer/others/{id:int}", "/others/{id:int}"), ("write",)),
    }


def test_a_guard_of_the_application_and_a_second_application_without(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
@delete("/a")
async def a() -> None:
    db.execute("delete from a")


@delete("/b")
async def b() -> None:
    db.execute("delete from b")


def make() -> Litestar:
    return Litestar([a, b], guards=[guard])


other = Litestar(route_handlers=[b], path="/other")
""",
    )
    assert found == {"DELETE a": Reach(("/a",), ()), "DELETE b": Reach(("/b", "/other/b"), ("write",))}


def test_guards_that_ask_for_options(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
def unless_open(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    if handler.opt.get("open"):
        return
    if not connection.user:
        raise NotAuthorizedException()


@delete("/a", opt={"open": True})
async def a() -> None:
    db.execute("delete from a")


@delete("/b", open=True)
async def b() -> None:
    db.execute("delete from b")


@delete("/c")
async def c() -> None:
    db.execute("delete from c")


app = Litestar([a, b, c], guards=[unless_open])
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "DELETE a": ("write",),
        "DELETE b": ("write",),
        "DELETE c": (),
    }


def test_dependencies_and_the_hook_before_requests(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
async def member(request: Request) -> str:
    if not request.session.get("member"):
        raise NotAuthorizedException()
    return request.session["member"]


async def name(member: str) -> str:
    return member.title()


async def nobody() -> str:
    return "nobody"


def before(request: Request) -> dict[str, str] | None:
    if not request.user:
        return {"error": "who?"}
    return None


@delete("/asked")
async def asked(name: str) -> None:
    db.execute("delete from thing")


@delete("/not-asked")
async def not_asked() -> None:
    db.execute("delete from thing")


@delete("/hidden", dependencies={"member": Provide(nobody)})
async def hidden(name: str) -> None:
    db.execute("delete from thing")


@delete("/hooked", before_request=before)
async def hooked() -> None:
    db.execute("delete from thing")


app = Litestar(
    [asked, not_asked, hidden, hooked],
    dependencies={"member": Provide(member), "name": Provide(name)},
)
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "DELETE asked": (),
        "DELETE not_asked": ("write",),
        "DELETE hidden": ("write",),
        "DELETE hooked": (),
    }


def test_middleware_of_the_project_with_paths_left_out(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Demand(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:
        row = db.execute("select 1 where token = ?", (connection.headers.get("Authorization"),)).fetchone()
        if not row:
            raise NotAuthorizedException()
        return AuthenticationResult(user=row, auth=None)


class Load(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:
        return AuthenticationResult(user=None, auth=None)


@delete("/a")
async def a() -> None:
    db.execute("delete from a")


@delete("/free/b")
async def b() -> None:
    db.execute("delete from b")


@delete("/c", exclude_from_auth=True)
async def c() -> None:
    db.execute("delete from c")


@delete("/d")
async def d() -> None:
    db.execute("delete from d")


strict = Router("/strict", route_handlers=[a, b, c], middleware=[DefineMiddleware(Demand, exclude="^/strict/free")])
app = Litestar([strict, d], middleware=[Load])
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "DELETE a": (),
        "DELETE b": ("write",),
        "DELETE c": ("write",),
        "DELETE d": ("write",),
    }


def test_security_that_is_set_up_with_the_application(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
async def load(token, connection):
    return token.sub


auth = JWTAuth[str](retrieve_user_handler=load, token_secret="x", exclude=["/login", "/schema"])


@post("/login")
async def login() -> None:
    db.execute("delete from login")


@post("/things")
async def things() -> None:
    db.execute("delete from thing")


app = Litestar([login, things], on_app_init=[auth.on_app_init])
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {"POST login": ("write",), "POST things": ()}


def test_websockets_and_controllers_that_no_application_takes_in(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Loose(Controller):
    path = "/loose"

    @websocket("/ws")
    async def listen(self, socket) -> None:
        db.execute("delete from thing")

    @post("/", guards=[guard])
    async def add(self, data: dict) -> None:
        db.execute("delete from thing")

    async def helper(self) -> None:
        db.execute("delete from thing")
""",
    )
    assert found == {
        "WEBSOCKET Loose.listen": Reach(("/loose/ws",), ("write",)),
        "POST Loose.add": Reach(("/loose/",), ()),
    }


def test_what_a_plugin_adds_to_the_application(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
from litestar.plugins import InitPluginProtocol


@post("/inside")
async def inside() -> None:
    db.execute("delete from thing")


@post("/outside")
async def outside(who: str) -> None:
    db.execute("delete from thing")


class Assembly(InitPluginProtocol):
    def on_app_init(self, app_config):
        app_config.route_handlers.extend([inside])
        app_config.guards.append(guard)
        return app_config


app = Litestar([outside], plugins=[Assembly()])
""",
    )
    assert found == {"POST inside": Reach(("/inside",), ()), "POST outside": Reach(("/outside",), ())}
