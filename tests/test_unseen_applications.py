"""What real applications do that neighbouring tests do not show: stacks of small habits of several frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import program_of, reach

from threadly_lint.program.input.request_flow import request_flows

AIOHTTP = """
import hmac
import secrets

import asyncpg
from aiohttp import web
from aiohttp_session import get_session


async def open_pool(app):
    app["db"] = await asyncpg.create_pool()


"""


def test_a_token_against_forgery_says_nothing_of_the_caller(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
@web.middleware
async def from_session(request, handler):
    expected = (await get_session(request)).get("_csrf")
    sent = (await request.post()).get("_csrf")
    if not expected or not secrets.compare_digest(str(expected), str(sent)):
        raise web.HTTPForbidden()
    return await handler(request)


@web.middleware
async def double_submit(request, handler):
    if not hmac.compare_digest(request.cookies.get("csrf_token") or "", request.headers.get("X-CSRF-Token", "")):
        raise web.HTTPForbidden()
    return await handler(request)


async def wipe(request):
    await request.app["db"].execute("delete from thing")


app = web.Application(middlewares=[from_session, double_submit])
app.on_startup.append(open_pool)
app.router.add_post("/wipe", wipe)
""",
        AIOHTTP,
    )

    assert found["POST wipe"].unguarded == ("write",)


def test_each_aiohttp_application_has_middlewares_of_its_own(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
@web.middleware
async def signed_in(request, handler):
    if not (await get_session(request)).get("user"):
        raise web.HTTPUnauthorized()
    return await handler(request)


async def guarded(request):
    await request.app["db"].execute("delete from thing")


async def bare(request):
    await request.app["db"].execute("delete from thing")


def site(handler):
    app = web.Application()
    app.on_startup.append(open_pool)
    app.router.add_post("/thing", handler)
    return app


def make_one():
    app = web.Application()
    app.on_startup.append(open_pool)
    app.router.add_post("/one", guarded)
    app.middlewares.append(signed_in)
    return app


def make_other():
    app = web.Application()
    app.on_startup.append(open_pool)
    app.router.add_post("/other", bare)
    return app
""",
        AIOHTTP,
    )

    assert found["POST guarded"].unguarded == ()
    assert found["POST bare"].unguarded == ("write",)


def test_rows_that_a_resolver_returns_are_read(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import graphene
from django.contrib.auth import get_user_model


class Query(graphene.ObjectType):
    users = graphene.List(graphene.String)
    names = graphene.List(graphene.String)

    def resolve_users(self, info):
        return get_user_model().objects.all()

    def resolve_names(self, info):
        if info.context.user.is_anonymous:
            raise Exception("who are you?")
        return get_user_model().objects.all()


schema = graphene.Schema(query=Query)
""",
    )

    assert found["query Query.resolve_users"].unguarded == ("read",)
    assert found["query Query.resolve_names"].unguarded == ()


def test_the_context_of_a_resolver_may_hold_the_request(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import graphene


class Wipe(graphene.Mutation):
    ok = graphene.Boolean()

    async def mutate(self, info):
        await info.context["request"].app["db"].execute("delete from thing")
        return Wipe(ok=True)


class Mutation(graphene.ObjectType):
    wipe = Wipe.Field()


schema = graphene.Schema(mutation=Mutation)
app = web.Application()
app.on_startup.append(open_pool)
""",
        AIOHTTP,
    )

    assert found["mutation Wipe.mutate"].unguarded == ("write",)


def test_repositories_know_their_rows_by_type_argument(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from advanced_alchemy.extensions.litestar import service
from fastapi import FastAPI
from fastcrud import FastCRUD
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]


class Orders(service.SQLAlchemyAsyncRepositoryService[Order]):
    pass


Rows = FastCRUD[Order, dict, dict, dict, dict, None]
rows = Rows(Order)


@app.get("/one")
async def one(db):
    return await rows.get_multi(db=db)


@app.delete("/two")
async def two(session):
    await Orders(session=session).delete(1)
""",
    )

    assert found["GET one"].unguarded == ("read",)
    assert found["DELETE two"].unguarded == ("write",)


def test_litestar_security_that_a_plugin_adds(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from litestar import Controller, Litestar, get, post
from litestar.plugins import InitPluginProtocol
from litestar.security.jwt import OAuth2PasswordBearerAuth

db = sqlite3.connect("shop.db")
auth = OAuth2PasswordBearerAuth[dict](retrieve_user_handler=None, token_secret="s", token_url="/login", exclude=["/open"])


class Things(Controller):
    @post("/things")
    async def add(self) -> None:
        db.execute("insert into thing default values")

    @post("/open")
    async def opened(self) -> None:
        db.execute("insert into thing default values")

    @post("/free", exclude_from_auth=True)
    async def free(self) -> None:
        db.execute("insert into thing default values")


class Core(InitPluginProtocol):
    def on_app_init(self, app_config):
        self._routes(app_config, [Things])
        return auth.on_app_init(app_config)

    def _routes(self, app_config, controllers):
        app_config.route_handlers.extend(controllers)


app = Litestar(plugins=[Core()])
""",
    )

    assert found["POST Things.add"].unguarded == ()
    assert found["POST Things.opened"].unguarded == ("write",)
    assert found["POST Things.free"].unguarded == ("write",)


ACCOUNTS = """
import asyncio

from fastapi import FastAPI
from passlib.context import CryptContext
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from elsewhere import mailer, tokens

app = FastAPI()
crypt = CryptContext(schemes=["argon2"])
session: Session


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    hashed_password: Mapped[str]
"""


def purposes(tmp_path: Path, source: str) -> dict[str, str]:
    program = program_of(tmp_path, {"app.py": ACCOUNTS + source})
    return {e.function.name: e.public for e in program.entry_points}


def test_purposes_that_only_the_address_tells(tmp_path: Path) -> None:
    found = purposes(
        tmp_path,
        """
@app.post("/api/v1/auth/login")
def enter(body: dict):
    return tokens.issue(body)


@app.post("/users/signup")
def join(body: dict):
    return tokens.issue(body)


@app.post("/email-verification/request")
def again(body: dict):
    return mailer.send(body)


@app.get("/verify/{code}")
def verify(code: str):
    return tokens.check(code)


@app.get("/login")
def page():
    return tokens.page()


@app.post("/devices/register")
def device(body: dict):
    return tokens.issue(body)
""",
    )

    by_address = "an entrance by its address"
    assert found["enter"] == found["join"] == found["again"] == by_address
    assert found["verify"] == "the address carries a code that was sent"
    assert found["page"] == found["device"] == ""


def test_purposes_that_a_password_tells(tmp_path: Path) -> None:
    found = purposes(
        tmp_path,
        """
async def is_right(password, user):
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, crypt.verify, password, user.hashed_password)


@app.post("/notes")
async def note(email: str, password: str, text: str):
    user = session.query(User).filter_by(email=email).first()
    if not await is_right(password, user):
        return None
    session.add(User(email=text))


@app.post("/notebook")
def by_hand(email: str, password: str):
    user = session.query(User).filter_by(email=email).first()
    if user.hashed_password != crypt.hash(password):
        return None
    session.delete(user)


@app.post("/user")
def create(email: str, password: str):
    user = User(email=email)
    user.hashed_password = crypt.hash(password)
    session.add(user)


@app.delete("/user")
def remove(email: str):
    session.delete(session.query(User).filter_by(email=email).first())
""",
    )

    assert found["note"] == found["by_hand"] == "checks credentials itself"
    assert found["create"] == "registers an account"
    assert found["remove"] == ""


LAMBDA = """
import json

import boto3

table = boto3.resource("dynamodb").Table("orders")


def add(event, context):
    order = json.loads(event["body"])
    table.put_item(Item={"pk": order["id"], "note": order["note"]})
    return {"statusCode": 201}


def mine(event, context):
    try:
        caller = event["requestContext"]["authorizer"]["claims"]["sub"]
    except KeyError:
        return {"statusCode": 401}
    table.delete_item(Key={"pk": caller})
    return {"statusCode": 200}


def drain(event, context):
    for record in event["Records"]:
        table.delete_item(Key={"pk": json.loads(record["body"])["id"]})
    return {"statusCode": 200}
"""


def test_cloud_functions_that_answer_requests(tmp_path: Path) -> None:
    names = "".join(f"  {x}:\n    Handler: orders.{x}\n" for x in ("add", "mine", "drain"))
    (tmp_path / "template.yaml").write_text(f"Resources:\n{names}")
    program = program_of(tmp_path, {"orders.py": LAMBDA})
    found = {e.function.name: e for e in program.entry_points}
    unguarded = {
        name: [o.effect for run in e.runs for o in run.inside if o.effect in ("read", "write") and not o.auth]
        for name, e in found.items()
    }

    assert {name: e.kind for name, e in found.items()} == {"add": "http", "mine": "http", "drain": "lambda"}
    assert unguarded["add"] == ["write"]
    assert unguarded["mine"] == []
    assert [[x.detail for x in flow.sources] for flow in request_flows(program, found["add"])] == [["body"]]


@pytest.mark.parametrize(
    ("template", "guards"),
    [
        ("", set()),
        ('resource "aws_lambda_function" "x" {\n  handler = "orders.add"\n  role = aws_iam_role.x.arn\n}\n', set()),
        ('resource "aws_api_gateway_method" "x" {\n  authorization = "AWS_IAM"\n}\n', {"unknown"}),
    ],
)
def test_cloud_functions_that_no_template_names(tmp_path: Path, template: str, guards: set[str]) -> None:
    (tmp_path / "main.tf").write_text(template)
    more = """
def named_otherwise(request, _):
    table.put_item(Item={"pk": request["queryStringParameters"]["id"]})


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}


def helper(event, context):
    return {"statusCode": 200, "body": event["body"]}


def drained(event, context):
    return [answer(200, helper(r, context)) for r in event["Records"]]
"""
    program = program_of(tmp_path, {"orders.py": LAMBDA + more})
    found = {e.function.name: e for e in program.entry_points}

    assert sorted(found) == ["add", "mine", "named_otherwise"]
    assert {g.strength for o in found["add"].runs[0].inside if o.effect == "write" for g in o.auth} == guards


def test_a_part_of_the_address_that_chooses_a_row_needs_no_schema(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": """
                import sqlite3

                from aiohttp import web

                app = web.Application()
                rows = sqlite3.connect("shop.db")


                async def remove(request):
                    rows.execute("INSERT INTO removed (name) VALUES (?)", [request.match_info["name"]])


                async def add(request):
                    form = await request.post()
                    rows.execute("INSERT INTO thing (name) VALUES (?)", [form["name"]])


                app.router.add_delete("/thing/{name}", remove)
                app.router.add_post("/thing", add)
            """
        },
    )
    keys = {e.function.name: [f.is_key for f in request_flows(program, e)] for e in program.entry_points}

    assert keys == {"remove": [True], "add": [False]}


def test_statements_are_put_together_from_known_texts(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": """
                import sqlite3

                from flask import Flask

                app = Flask(__name__)
                rows = sqlite3.connect("shop.db")
                COLUMNS = {"name": "person.name", "mail": "person.email"}
                ALL = ", ".join(COLUMNS.values())


                @app.get("/people")
                def people():
                    return rows.execute("SELECT %s FROM person WHERE id = %%s" % ALL).fetchall()


                @app.get("/colours")
                def colours():
                    return rows.execute("SELECT %s FROM colour" % "shade").fetchall()
            """
        },
    )

    assert {e.function.name: e.reads_personal_data for e in program.entry_points} == {"people": True, "colours": False}


def test_pyramid_views_answer_every_method_unless_told(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from pyramid.config import Configurator
from pyramid.view import view_config

db = sqlite3.connect("shop.db")


@view_config(route_name="add")
def add(request):
    if request.method == "POST":
        db.execute("insert into thing default values")
    return {}


@view_config(route_name="show", request_method="GET")
def show(request):
    if request.method == "POST":
        db.execute("insert into thing default values")
    return {}


with Configurator() as config:
    config.add_route("add", "/add")
    config.add_route("show", "/show")
    config.scan()
""",
    )

    assert found["GET/POST add"].unguarded == ("write",)
    assert found["GET show"].unguarded == ()


def test_consumers_that_are_routed_as_classes(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

db = sqlite3.connect("chat.db")


class Open(AsyncJsonWebsocketConsumer):
    async def receive_json(self, content):
        db.execute("insert into message default values")


class Closed(AsyncJsonWebsocketConsumer):
    async def connect(self):
        if self.scope["user"].is_anonymous:
            await self.close()
        else:
            await self.accept()

    async def receive_json(self, content):
        db.execute("insert into message default values")


application = ProtocolTypeRouter({"websocket": URLRouter([path("open/", Open), path("closed/", Closed)])})
""",
    )

    assert found[" Open.receive_json"].unguarded == ("write",)
    assert found[" Closed.receive_json"].unguarded == ()


def test_endpoints_that_dispatch_themselves(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

db = sqlite3.connect("shop.db")


class Token:
    def __init__(self, request):
        self.request = request

    async def authenticate(self):
        if not self.request.headers.get("Authorization"):
            raise HTTPException(401)


class Base(HTTPEndpoint):
    backend = None

    async def dispatch(self):
        request = Request(self.scope, receive=self.receive)
        handler = getattr(self, request.method.lower(), self.method_not_allowed)
        if self.backend:
            await self.backend(request).authenticate()
        response = await handler(request)
        await response(self.scope, self.receive, self.send)


class Open(Base):
    async def post(self, request):
        db.execute("insert into thing default values")


class Closed(Open):
    backend = Token


class Around(HTTPEndpoint):
    async def dispatch(self):
        if not Request(self.scope).headers.get("Authorization"):
            raise HTTPException(401)
        await super().dispatch()

    async def post(self, request):
        db.execute("insert into other default values")


class Plain(HTTPEndpoint):
    async def post(self, request):
        db.execute("insert into other default values")


app = Starlette(routes=[Route("/open", Open), Route("/around", Around), Route("/plain", Plain)])
""",
    )

    assert found["POST Open.post"].unguarded == ("write",)
    assert found["POST Around.post"].unguarded == ()
    assert found["POST Plain.post"].unguarded == ("write",)


def test_one_endpoint_for_each_class_that_inherits_a_method(tmp_path: Path) -> None:
    source = """
from sanic import Sanic
from sanic.views import HTTPMethodView
import sqlite3

app = Sanic("shop")
db = sqlite3.connect("shop.db")


class Adding(HTTPMethodView):
    async def post(self, request):
        return self.save()


class Things(Adding):
    def save(self):
        db.execute("insert into thing default values")


class Nothing(Adding):
    def save(self):
        return None


app.add_route(Things.as_view(), "/things")
app.add_route(Nothing.as_view(), "/nothing")
"""
    program = program_of(tmp_path, {"app.py": source})
    found = {
        e.route: [o.effect for r in e.runs for o in r.occurrences if o.effect == "write"] for e in program.entry_points
    }

    assert found == {"/things": ["write"], "/nothing": []}


def test_whoever_is_given_a_statement_reaches_a_database(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from fastapi import FastAPI
from housekeeping import Database, player, rows

app = FastAPI()
db = Database("shop.db")


@app.post("/one")
async def one():
    await db.execute("UPDATE thing SET seen = 1")


@app.get("/two")
async def two():
    return await rows.fetchrow("SELECT * FROM thing WHERE id = $1", 1)


@app.get("/three")
async def three():
    return await player.execute("play a song")


@app.get("/four")
async def four():
    return await player.play("SELECT * FROM thing")
""",
    )

    assert found["POST one"].unguarded == ("write",)
    assert found["GET two"].unguarded == ("read",)
    assert found["GET three"].unguarded == found["GET four"].unguarded == ()


def test_decorators_of_the_project_that_register(tmp_path: Path) -> None:
    handlers = "".join(
        f'\n\n@post("/{i}")\ndef handler_{i}():\n    rows.execute("UPDATE thing SET n = {i}")\n' for i in range(40)
    )
    program = program_of(
        tmp_path,
        {
            "app.py": f"""
import bottle
import sqlite3

rows = sqlite3.connect("shop.db")


def route(path, method="GET", **options):
    def decorator(func):
        def wrapper(*args, **kwargs):
            return func(*args, **kwargs)

        bottle.route(path=path, method=method, callback=wrapper, **options)
        return wrapper

    return decorator


def post(path, **options):
    return route(path, method="POST", **options)


def signed_in(func):
    def wrapper(*args, **kwargs):
        if not bottle.request.get_cookie("user", secret="x"):
            raise bottle.HTTPError(401)
        return func(*args, **kwargs)

    return wrapper


@route("/closed")
@signed_in
def closed():
    rows.execute("DELETE FROM thing")
{handlers}"""
        },
    )
    found = {
        e.label: [o.effect for r in e.runs for o in r.occurrences if o.effect == "write" and not o.auth]
        for e in program.entry_points
    }

    assert found["GET /closed"] == []
    assert [found[f"POST /{i}"] for i in range(40)] == [["write"]] * 40


def test_services_from_a_dependency_container(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Factory, Singleton
from dependency_injector.wiring import Provide, inject
from fastapi import Depends, FastAPI

app = FastAPI()


class Store:
    def __init__(self):
        self.db = sqlite3.connect("shop.db")

    def wipe(self):
        self.db.execute("DELETE FROM thing")


class Things:
    def __init__(self, *, store):
        self.store = store

    def wipe(self):
        self.store.wipe()


class Container(DeclarativeContainer):
    store = Singleton(Store)
    things = Factory(Things, store=store)


@app.delete("/things")
@inject
def wipe(things=Depends(Provide[Container.things])):
    things.wipe()
""",
    )

    assert found["DELETE wipe"].unguarded == ("write",)


def test_two_fields_that_must_be_equal_are_no_guard(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
db = sqlite3.connect("shop.db")


class Passwords(BaseModel):
    first: str
    again: str


@app.post("/passwords")
def passwords(body: Passwords):
    if body.first != body.again:
        raise HTTPException(401)
    db.execute("UPDATE thing SET n = 1")
""",
    )

    assert found["POST passwords"].unguarded == ("write",)


def test_flask_decorators_that_ask_for_the_method(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from functools import wraps

from flask import Flask, jsonify, request, session
from flask.views import MethodView
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Plan(db.Model):
    id = db.Column(db.Integer, primary_key=True)


def but_for(*methods):
    def decorator(view):
        @wraps(view)
        def inner(*args, **kwargs):
            if request.method not in methods:
                if not session.get("caller"):
                    answer = jsonify(error="who?")
                    answer.status_code = 401
                    return answer
            return view(*args, **kwargs)

        return inner

    return decorator


def wipe():
    db.session.delete(Plan.query.get(1))
    return {}


class Plans(MethodView):
    decorators = [but_for("OPTIONS", "GET")]

    def get(self):
        return wipe()

    def post(self):
        return wipe()


app.add_url_rule("/plans", view_func=Plans.as_view("plans"), methods=["GET", "POST"])


@app.route("/one", methods=["PUT", "POST"])
@but_for("OPTIONS")
def one():
    return wipe()


@app.route("/two", methods=["PUT", "POST"])
@but_for("PUT")
def two():
    return wipe()
""",
    )

    assert found["GET Plans.get"].unguarded == ("read", "write")
    assert found["POST Plans.post"].unguarded == ()
    assert found["PUT/POST one"].unguarded == ()
    assert found["PUT/POST two"].unguarded == ("read", "write")


def test_signatures_that_cryptography_checks(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate
from flask import Flask, abort, request

app = Flask(__name__)
rows = sqlite3.connect("mail.db")
KEY = load_pem_x509_certificate(open("their.pem", "rb").read()).public_key()


@app.post("/mail")
def mail():
    try:
        KEY.verify(request.headers["X-Seal"], request.data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        abort(403)
    rows.execute("insert into mail values (1)")
    return {}
""",
    )

    assert found["POST mail"].unguarded == ()


def test_alchemical_rows_behind_apifairy(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from alchemical import Model
from alchemical.flask import Alchemical
from apifairy import authenticate, body, other_responses, response
from flask import Flask
from flask_httpauth import HTTPTokenAuth
from sqlalchemy.orm import Mapped, mapped_column

app = Flask(__name__)
db = Alchemical(app)
callers = HTTPTokenAuth()


class Garden(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]


@app.post("/gardens")
@authenticate(callers)
@body(object())
@response(object(), 201)
def plant(args):
    db.session.add(Garden(**args))
    return {}


@app.get("/gardens/<int:number>")
@response(object())
@other_responses({404: "none"})
def look(number):
    return db.session.scalar(Garden.select().filter_by(id=number))
""",
    )

    assert found["POST plant"].unguarded == ()
    assert found["GET look"].unguarded == ("read",)
