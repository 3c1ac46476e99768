"""Falcon: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import falcon
import sqlite3

db = sqlite3.connect("shop.db")
"""


def test_resources_with_inheritance_suffix_and_constructor_arguments(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Base:
    def __init__(self, store):
        self.store = store

    def on_get(self, req, resp, id=None):
        self.store.execute("select * from thing")


class Thing(Base):
    def on_post(self, req, resp, id):
        self.store.execute("delete from thing where id = ?", (id,))

    def on_get_list(self, req, resp):
        pass

    def on_other(self, req, resp):
        db.execute("delete from thing")


def add(application, prefix):
    application.add_route(prefix + "/{id:int}", Thing(db))
    application.add_route(prefix, Thing(db), suffix="list")


def make():
    application = falcon.App()
    add(application, "/things")
    return application
""",
        head=HEAD,
    )
    assert found == {
        "GET Base.on_get": Reach(("/things/{id:int}",), ("read",)),
        "POST Thing.on_post": Reach(("/things/{id:int}",), ("write",)),
        "GET Thing.on_get_list": Reach(("/things",), ()),
    }


def test_middleware_decides_by_resource_and_method(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Gate:
    def process_resource(self, req, resp, resource, params):
        session = req.env.get("beaker.session", {})
        if resource.open and req.method == "GET":
            return
        if not session.get("user"):
            raise falcon.HTTPUnauthorized()


class Open:
    open = True

    def on_get(self, req, resp):
        db.execute("select 1")

    def on_post(self, req, resp):
        db.execute("delete from thing")


class Closed(Open):
    open = False

    def on_get(self, req, resp):
        db.execute("select 2")


app = falcon.API(middleware=[Gate()])
app.add_route("/open", Open())
app.add_route("/closed", Closed())
""",
        head=HEAD,
    )
    assert found["GET Open.on_get"].unguarded == ("read",)
    assert found["POST Open.on_post"].unguarded == ()
    assert found["GET Closed.on_get"].unguarded == ()


def test_middleware_with_path_exceptions_and_request_context(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Load:
    def process_request(self, req, resp):
        req.context.user = None
        if req.auth:
            req.context.user = db.execute("select * from user where token = ?", (req.auth,)).fetchone()


class Demand:
    def process_request(self, req, resp):
        if req.path in ("/free",) or req.path.startswith("/public/"):
            return
        if not req.context.user:
            raise falcon.HTTPForbidden()


class Write:
    def on_post(self, req, resp):
        db.execute("delete from thing")


class Own:
    def on_post(self, req, resp):
        if req.context.user is None:
            raise falcon.HTTPUnauthorized()
        db.execute("delete from thing")


class Free(Write):
    def on_post(self, req, resp):
        db.execute("delete from free")


class Public(Write):
    def on_post(self, req, resp):
        db.execute("delete from public")


app = falcon.App(middleware=Load())
app.add_middleware(Demand())
app.add_route("/write", Write())
app.add_route("/free", Free())
app.add_route("/public/{name}", Public())
app.add_route("/public/own", Own())
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST Write.on_post": (),
        "POST Free.on_post": ("write",),
        "POST Public.on_post": ("write",),
        "POST Own.on_post": (),
    }


def test_hooks_on_class_method_and_in_a_variable(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
def q(req, resp, resource, params, *roles):
    if not req.env.get("REMOTE_USER"):
        raise falcon.HTTPUnauthorized()


def log(req, resp, resource, params):
    print(req.path)


kept = falcon.before(q, "admin")


@falcon.before(q)
class OnClass:
    def on_put(self, req, resp):
        db.execute("delete from thing")


class Mixed:
    @falcon.before(q)
    def on_put(self, req, resp):
        db.execute("delete from thing")

    @kept
    def on_post(self, req, resp):
        db.execute("delete from thing")

    @falcon.before(log)
    def on_get(self, req, resp):
        db.execute("delete from thing")

    @falcon.after(q)
    def on_patch(self, req, resp):
        db.execute("delete from thing")


app = falcon.App()
app.add_route("/a", OnClass())
app.add_route("/b", Mixed())
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "PUT OnClass.on_put": (),
        "PUT Mixed.on_put": (),
        "POST Mixed.on_post": (),
        "GET Mixed.on_get": ("write",),
        "PATCH Mixed.on_patch": ("write",),
    }


def test_one_resource_in_two_applications_has_two_mounts(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Gate:
    def process_request(self, req, resp):
        if not req.auth:
            raise falcon.HTTPUnauthorized()


class Thing:
    def on_delete(self, req, resp):
        db.execute("delete from thing")


inside = falcon.App(middleware=[Gate()])
inside.add_route("/thing", Thing())
outside = falcon.App()
outside.add_route("/thing", Thing())
""",
        head=HEAD,
    )
    assert found == {"DELETE Thing.on_delete": Reach(("/thing", "/thing"), ("write",))}


def test_what_only_looks_like_a_resource_is_no_endpoint(tmp_path: Path) -> None:
    assert (
        reach(
            tmp_path,
            """
class Registry:
    def add_route(self, path, resource):
        pass


class Thing:
    def on_delete(self, req, resp):
        db.execute("delete from thing")


Registry().add_route("/thing", Thing())
""",
            head=HEAD,
        )
        == {}
    )


def test_modules_as_resources_behind_a_wrapper_that_looks_for_the_request(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import things

app = falcon.App()
app.add_route("/things/{id}", things)
""",
        head=HEAD,
        things="""
import sqlite3

import falcon

db = sqlite3.connect("shop.db")


def q(f):
    def z(*args, **kwargs):
        for position, given in enumerate(args):
            if isinstance(given, falcon.Request):
                found = position
                break
        if not args[found].auth:
            raise falcon.HTTPForbidden()
        return f(*args, **kwargs)

    return z


@q
def on_delete(req, resp, id):
    db.execute("delete from thing where id = ?", (id,))


def on_get(req, resp, id):
    db.execute("select 1")


def helper(req, resp):
    db.execute("delete from thing")
""",
    )
    assert found == {
        "GET on_get": Reach(("/things/{id}",), ("read",)),
        "DELETE on_delete": Reach(("/things/{id}",), ()),
    }


def test_paths_that_a_middleware_leaves_out_by_a_part_of_them(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import falcon
import jwt
import sqlite3


class Bearer:
    def process_request(self, req, resp):
        if "/join" in req.path or "/status" in req.path:
            return
        jwt.decode(req.get_header("Authorization"), "key", algorithms=["HS256"])


class Things:
    def on_post(self, req, resp, number):
        sqlite3.connect("x").execute("delete from thing")


class Join(Things):
    def on_post(self, req, resp):
        sqlite3.connect("x").execute("delete from thing")


app = falcon.App()
app.add_middleware(Bearer())
app.add_route("/things/{number:int}", Things())
app.add_route("/join/now", Join())
""",
    )
    assert found == {
        "POST Things.on_post": Reach(("/things/{number:int}",), ()),
        "POST Join.on_post": Reach(("/join/now",), ("write",)),
    }


def test_middleware_of_an_own_application_class_gives_a_database_with_inner_parts(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

Base = declarative_base()


class Thing(Base):
    __tablename__ = "thing"
    id = Column(Integer, primary_key=True)


class Opening:
    def __init__(self, session):
        self.session = session

    def process_request(self, req, resp):
        req.context["session"] = self.session


class Demand:
    def __init__(self, users):
        self.users = users

    def process_resource(self, req, resp, resource, params):
        if resource.closed and not req.env.get("beaker.session", {}).get("user"):
            raise falcon.HTTPUnauthorized()


class Things:
    closed = False

    def on_post(self, req, resp):
        req.context["session"].add(Thing())


class Closed(Things):
    closed = True

    def on_post(self, req, resp):
        req.context["session"].add(Thing())


class Shop(falcon.App):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_route("/open", Things())
        self.add_route("/closed", Closed())


def make():
    return Shop(middleware=[Opening(scoped_session(sessionmaker(create_engine("sqlite://")))), Demand({"a": [["b"]]})])
""",
        head=HEAD,
    )
    assert found["POST Things.on_post"].unguarded == ("construct", "write")
    assert found["POST Closed.on_post"].unguarded == ()
