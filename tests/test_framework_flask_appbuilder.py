"""Flask-AppBuilder: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import functools
import sqlite3

from flask import Flask, Response, abort, request, session
from flask_appbuilder import AppBuilder, BaseView, Model, ModelRestApi, expose
from flask_appbuilder.api import BaseApi, protect, safe
from flask_appbuilder.hooks import before_request
from flask_appbuilder.security.decorators import has_access, has_access_api, permission_name

db = sqlite3.connect("shop.db")
appbuilder = AppBuilder()
"""


def test_exposed_methods_of_views_and_apis(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Things(BaseView):
    route_base = "/things"

    @expose("/list/")
    @has_access
    def everything(self):
        db.execute("select 1")

    @expose("/remove/<int:id>", methods=["POST", "DELETE"])
    def remove(self, id):
        db.execute("delete from thing")

    def helper(self):
        db.execute("delete from thing")


class Shop(BaseApi):
    @expose("/free", methods=("POST",))
    @safe
    def free(self):
        db.execute("delete from thing")

    @expose("/closed", methods=("POST",))
    @protect(allow_browser_login=True)
    @safe
    @permission_name("write")
    def closed(self):
        db.execute("delete from thing")


class Rows(ModelRestApi):
    resource_name = "row"
    version = "v2"

    @has_access_api
    @expose("/", methods=["PUT"])
    @expose("/other", methods=["PUT"])
    def put(self):
        db.execute("delete from thing")


class Forgotten(BaseApi):
    @expose("/")
    def get(self):
        db.execute("delete from thing")


class Boot:
    def views(self):
        appbuilder.add_view(Things, "Things")
        appbuilder.add_view_no_menu(Shop)
        appbuilder.add_api(Rows)


def make():
    app = Flask(__name__)
    boot = app.config.get("BOOT", Boot)()
    boot.views()
    return app
""",
    )
    assert found == {
        "GET Things.everything": Reach(("/things/list/",), ()),
        "POST/DELETE Things.remove": Reach(("/things/remove/<int:id>",), ("write",)),
        "POST Shop.free": Reach(("/api/v1/shop/free",), ("write",)),
        "POST Shop.closed": Reach(("/api/v1/shop/closed",), ()),
        "PUT Rows.put": Reach(("/api/v2/row/", "/api/v2/row/other"), ()),
    }


def test_inherited_methods_behind_decorators_of_the_project(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
def timed(f):
    def run(self, *args, **kwargs):
        return f(self, *args, **kwargs)

    return functools.update_wrapper(run, f)


def members(f):
    def run(self, *args, **kwargs):
        if not session.get("member"):
            return Response(status=403)
        return f(self, *args, **kwargs)

    return functools.update_wrapper(run, f)


class Base(BaseApi):
    @expose("/<pk>", methods=["DELETE"])
    @timed
    def delete(self, pk):
        self.remove(pk)

    @expose("/<pk>", methods=["PATCH"])
    @members
    def patch(self, pk):
        self.remove(pk)

    def remove(self, pk):
        pass


class One(Base):
    resource_name = "one"

    def remove(self, pk):
        db.execute("delete from one")


class Two(Base):
    resource_name = "two"

    @expose("/<pk>", methods=["DELETE"])
    @protect()
    def delete(self, pk):
        super().delete(pk)


appbuilder.add_api(One)
appbuilder.add_api(Two)
""",
    )
    assert found == {
        "DELETE Base.delete": Reach(("/api/v1/one/<pk>",), ("write",)),
        "PATCH Base.patch": Reach(("/api/v1/two/<pk>",), ()),
        "DELETE Two.delete": Reach(("/api/v1/two/<pk>",), ()),
    }


def test_hooks_before_some_methods(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Things(BaseApi):
    @before_request
    def count(self):
        print(request.path)

    @before_request(only=["remove"])
    def check(self):
        if not session.get("member"):
            return self.response_404()
        return None

    @expose("/remove", methods=["POST"])
    def remove(self):
        db.execute("delete from thing")

    @expose("/clear", methods=["POST"])
    def clear(self):
        db.execute("delete from thing")


appbuilder.add_api(Things)
""",
    )
    assert found == {
        "POST Things.remove": Reach(("/api/v1/things/remove",), ()),
        "POST Things.clear": Reach(("/api/v1/things/clear",), ("write",)),
    }


def test_a_method_of_that_name_elsewhere_adds_nothing(tmp_path: Path) -> None:
    assert (
        reach(
            tmp_path,
            HEAD
            + """
class Menu:
    def add_view(self, view):
        pass


class Things(BaseView):
    @expose("/")
    def remove(self):
        db.execute("delete from thing")


Menu().add_view(Things)
""",
        )
        == {}
    )
