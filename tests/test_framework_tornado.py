"""Tornado: handler lists, ``initialize`` and ``prepare``, the current user."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, program_of, reach

HEAD = """
import sqlite3

import tornado.web
import tornado.websocket
from tornado.web import url

db = sqlite3.connect("shop.db")


"""


def test_handler_lists_in_every_form(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Base(tornado.web.RequestHandler):
    def initialize(self, store=None):
        self.store = store

    def get(self):
        self.store.execute("select 1")


class Thing(Base):
    def post(self, id):
        self.store.execute("delete from thing where id = ?", (id,))


class Other(tornado.web.RequestHandler):
    def put(self):
        self.application.db.execute("delete from thing")


class Set(tornado.web.RequestHandler):
    def patch(self):
        self.settings["db"].execute("delete from thing")


class Unrouted(tornado.web.RequestHandler):
    def post(self):
        db.execute("delete from thing")


class Application(tornado.web.Application):
    def __init__(self, database):
        self.db = database
        handlers = [(r"/other", Other)]
        super().__init__(handlers, cookie_secret="x")


def main():
    Application(db)
    app = tornado.web.Application([(r"/thing/([0-9]+)", Thing, {"store": db}), url(r"/set", Set)], db=db)
    app.add_handlers(r".*", [(r"/later", Other)])
""",
        head=HEAD,
    )
    assert found == {
        "GET Base.get": Reach(("/thing/([0-9]+)",), ("read",)),
        "POST Thing.post": Reach(("/thing/([0-9]+)",), ("write",)),
        "PUT Other.put": Reach(("/other", "/later"), ("write",)),
        "PATCH Set.patch": Reach(("/set",), ("write",)),
    }


def test_authenticated_counts_as_far_as_the_current_user_bears_it_out(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Signed(tornado.web.RequestHandler):
    def get_current_user(self):
        return self.get_secure_cookie("user")


class Anybody(tornado.web.RequestHandler):
    def get_current_user(self):
        return self.get_argument("user", "guest")


class Guarded(Signed):
    @tornado.web.authenticated
    def post(self):
        db.execute("delete from thing")


class Tested(Signed):
    def post(self):
        if not self.current_user:
            self.redirect("/login")
            return
        db.execute("delete from thing")


class Shown(Signed):
    def post(self):
        self.write(str(self.current_user))
        db.execute("delete from thing")


class Pretended(Anybody):
    @tornado.web.authenticated
    def post(self):
        db.execute("delete from thing")


app = tornado.web.Application([("/a", Guarded), ("/b", Tested), ("/c", Shown), ("/d", Pretended)])
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST Guarded.post": (),
        "POST Tested.post": (),
        "POST Shown.post": ("write",),
        "POST Pretended.post": ("write",),
    }


def test_prepare_ends_the_request_by_answering(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Closed(tornado.web.RequestHandler):
    def prepare(self):
        if not self.get_secure_cookie("user"):
            self.deny()

    def deny(self):
        self.redirect("/login")


class Loading(tornado.web.RequestHandler):
    def prepare(self):
        name = self.get_secure_cookie("user")
        if name:
            self.current_user = db.execute("select * from user where name = ?", (name,)).fetchone()


class Inside(Closed):
    def delete(self):
        db.execute("delete from thing")


class Loaded(Loading):
    def delete(self):
        db.execute("delete from thing")


class Demanding(Loading):
    def delete(self):
        if self.current_user is None:
            raise tornado.web.HTTPError(403)
        db.execute("delete from thing")


app = tornado.web.Application([("/a", Inside), ("/b", Loaded), ("/c", Demanding)])
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "DELETE Inside.delete": (),
        "DELETE Loaded.delete": ("write",),
        "DELETE Demanding.delete": (),
    }


def test_sockets_check_when_they_open(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Checked(tornado.websocket.WebSocketHandler):
    def open(self):
        if not self.get_secure_cookie("user"):
            self.close()

    def on_message(self, message):
        db.execute("insert into message values (?)", (message,))


class Open(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        db.execute("insert into message values (?)", (message,))


app = tornado.web.Application([("/a", Checked), ("/b", Open)])
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "WEBSOCKET Checked.on_message": (),
        "WEBSOCKET Open.on_message": ("write",),
    }


def test_lists_that_no_application_is_seen_to_take(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Plugin(tornado.web.RequestHandler):
    def post(self):
        db.execute("delete from thing")


default_handlers = [(r"/plugin", Plugin)]
""",
        head=HEAD,
    )
    assert found == {"POST Plugin.post": Reach(("/plugin",), ("write",))}


def test_a_setting_that_switches_sign_in_off_leaves_it_open_who_comes_in(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": HEAD
            + """
import settings


class Optional(tornado.web.RequestHandler):
    def get_current_user(self):
        if not settings.sign_in:
            return True
        return self.get_secure_cookie("user")

    @tornado.web.authenticated
    def post(self):
        db.execute("delete from thing")


app = tornado.web.Application([("/a", Optional)])
"""
        },
    )
    (entry,) = program.entry_points
    assert {guard.strength for guard in entry.guards} == {"unknown"}


def test_coroutines_from_before_async(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import sqlite3

import tornado.web
from tornado import gen


class Base(tornado.web.RequestHandler):
    @gen.coroutine
    def who(self):
        name = yield gen.sleep(1)
        name = self.get_secure_cookie("name")
        if not name:
            raise tornado.web.HTTPError(401)
        raise gen.Return(name)

    @gen.coroutine
    def wait(self):
        done = yield gen.sleep(1)
        raise gen.Return(done)


class Guarded(Base):
    @tornado.web.asynchronous
    @gen.coroutine
    def post(self):
        name = yield self.who()
        sqlite3.connect("x").execute("delete from thing")


class Open(Base):
    @gen.engine
    def post(self):
        yield self.wait()
        sqlite3.connect("x").execute("delete from thing")


app = tornado.web.Application([("/guarded", Guarded), ("/open", Open)])
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "POST Guarded.post": (),
        "POST Open.post": ("write",),
    }


def test_decorators_of_the_standard_library_guard_nothing(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": """
            import atexit
            import sqlite3

            import tornado.web

            class Open(tornado.web.RequestHandler):
                @atexit.register
                def post(self):
                    sqlite3.connect("x").execute("delete from thing")

            app = tornado.web.Application([("/open", Open)])
            """
        },
    )
    (entry,) = program.entry_points
    assert [o.auth for run in entry.runs for o in run.occurrences if o.effect == "write"] == [frozenset()]


def test_registries_and_decorators_of_the_project(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Registry:
    urls = []

    def register(self, path, handler):
        self.urls.append(tornado.web.url(path + "/?(?P<pk>[0-9]*)", handler))


def route(path):
    def keep(handler):
        return handler

    return keep


class Registered(tornado.web.RequestHandler):
    def delete(self, *args, **kwargs):
        if not kwargs.get("pk"):
            return
        db.execute("delete from thing where id = %s", kwargs["pk"])


@route(r"/decorated")
class Decorated(tornado.web.RequestHandler):
    def post(self):
        db.execute("delete from thing")


class Abstract(tornado.web.RequestHandler):
    def put(self):
        db.execute("delete from thing")


registry = Registry()
registry.register("/registered", Registered)
print("no pattern", isinstance(registry, Abstract))
""",
        head=HEAD,
    )
    assert found == {
        "DELETE Registered.delete": Reach(("/registered",), ("write",)),
        "POST Decorated.post": Reach(("/decorated",), ("write",)),
    }


def test_groups_of_the_pattern_land_in_open_parameters(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
class Named(tornado.web.RequestHandler):
    def delete(self, **kwargs):
        if "pk" in kwargs:
            db.execute("delete from thing")

    def put(self, **kwargs):
        if "other" in kwargs:
            db.execute("delete from thing")


class Numbered(tornado.web.RequestHandler):
    def delete(self, *args):
        if args:
            db.execute("delete from thing")


tornado.web.Application([(r"/named/(?P<pk>[0-9]+)", Named), (r"/numbered/([0-9]+)", Numbered)])
""",
        head=HEAD,
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "DELETE Named.delete": ("write",),
        "PUT Named.put": (),
        "DELETE Numbered.delete": ("write",),
    }
