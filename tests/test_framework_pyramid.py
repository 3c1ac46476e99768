"""Pyramid: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, program_of, reach, reached

HEAD = """
import sqlite3

from pyramid.authorization import ACLAuthorizationPolicy, Allow, Authenticated, Deny, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPUnauthorized
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config, view_defaults

db = sqlite3.connect("shop.db")


class Root:
    __acl__ = [(Allow, Everyone, "view"), (Allow, Authenticated, ("edit", "list")), (Allow, "group:admin", "admin")]

    def __init__(self, request):
        pass


"""


def test_views_by_calls_and_by_decorators_with_permissions(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
def plain(request):
    db.execute("delete from a")


@view_config(route_name="edit", request_method="POST", permission="edit")
def edit(context, request):
    db.execute("delete from b")


@view_config(route_name="view", permission="view")
def view(request):
    db.execute("delete from c")


@view_defaults(route_name="class", permission="admin")
class Things:
    def __init__(self, request):
        self.request = request

    @view_config(request_method="GET")
    def show(self):
        db.execute("select 1")

    @view_config(request_method="PUT", permission="view")
    def change(self):
        db.execute("delete from d")

    def helper(self):
        db.execute("delete from e")


def main(global_config, **settings):
    config = Configurator(settings=settings, root_factory=Root)
    config.set_authorization_policy(ACLAuthorizationPolicy())
    config.add_route("plain", "/plain/{id}")
    config.add_view(plain, route_name="plain", request_method="DELETE")
    config.add_route("edit", "/edit")
    config.add_route("view", "/view")
    config.add_route("class", "/class")
    config.scan()
    return config.make_wsgi_app()
""",
    )
    assert found == {
        "DELETE plain": Reach(("/plain/{id}",), ("write",)),
        "POST edit": Reach(("/edit",), ()),
        "GET/POST view": Reach(("/view",), ("write",)),
        "GET Things.show": Reach(("/class",), ()),
        "PUT Things.change": Reach(("/class",), ("write",)),
    }


def test_default_permission_and_lists_of_contexts(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Open:
    def __init__(self, request):
        pass

    def __acl__(self):
        return [(Allow, Everyone, "edit")]


class Closed:
    __acl__ = [(Deny, Everyone, "edit"), (Allow, Everyone, "edit")]


@view_config(route_name="a")
def a(request):
    db.execute("delete from a")


@view_config(route_name="b", permission=NO_PERMISSION_REQUIRED)
def b(request):
    db.execute("delete from b")


@view_config(route_name="c")
def c(request):
    db.execute("delete from c")


@view_config(route_name="d")
def d(request):
    db.execute("delete from d")


def main(global_config, **settings):
    with Configurator(settings=settings, authorization_policy=ACLAuthorizationPolicy()) as config:
        config.set_root_factory(Root)
        config.set_default_permission("edit")
        config.add_route("a", "/a")
        config.add_route("b", "/b")
        config.add_route("c", "/c", factory=Open)
        config.add_route("d", "/d", factory=Closed)
        config.scan()
""",
    )
    assert {name: r.unguarded for name, r in found.items()} == {
        "GET/POST a": (),
        "GET/POST b": ("write",),
        "GET/POST c": ("write",),
        "GET/POST d": (),
    }


def test_includes_by_name_with_prefixes(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    program = program_of(
        tmp_path,
        {
            "shop/__init__.py": """
                from pyramid.config import Configurator

                def main(global_config, **settings):
                    config = Configurator()
                    config.include(".routes", route_prefix="/api")
                    return config.make_wsgi_app()
            """,
            "shop/routes.py": """
                def includeme(config):
                    config.add_route("one", "/one/{id}")
                    config.add_view("shop.views.one", route_name="one")
                    config.include(more, route_prefix="/more")

                def more(config):
                    config.add_route("two", "/two")
                    config.add_view(".views.two", route_name="two")
            """,
            "shop/views.py": """
                import sqlite3

                db = sqlite3.connect("shop.db")

                def one(request):
                    db.execute("select 1")

                def two(request):
                    if not request.authenticated_userid:
                        return {}
                    db.execute("select 2")
            """,
        },
    )
    assert reached(program) == {
        "GET/POST one": Reach(("/api/one/{id}",), ("read",)),
        "GET/POST two": Reach(("/api/more/two",), ()),
    }


def test_a_policy_of_the_project_a_request_method_and_a_tween(tmp_path: Path) -> None:
    source = """
class Policy:
    def permits(self, request, context, permission):
        if permission == "open":
            return True
        return bool(request.session.get("member"))


def user(request):
    return request.session.get("member")


def tween(handler, registry):
    def run(request):
        if request.path.startswith("/closed") and not request.session.get("member"):
            raise HTTPUnauthorized()
        return handler(request)

    return run


@view_config(route_name="a", permission="open")
def a(request):
    db.execute("delete from a")


@view_config(route_name="b", permission="closed")
def b(request):
    db.execute("delete from b")


@view_config(route_name="c")
def c(request):
    if request.user is None:
        raise HTTPForbidden()
    db.execute("delete from c")


@view_config(route_name="d")
def d(request):
    db.execute("delete from d")


def main(global_config, **settings):
    config = Configurator(settings=settings)
    config.set_security_policy(Policy())
    config.add_request_method(user, "user", reify=True)
    config.add_tween("app.tween")
    for name, path in (("a", "/a"), ("b", "/b"), ("c", "/c")):
        config.add_route(name, path)
    config.add_route("d", "/closed/d")
    config.scan()
"""
    found = reach(tmp_path, HEAD + source)
    assert {name: r.unguarded for name, r in found.items()} == {
        "GET/POST a": ("write",),
        "GET/POST b": (),
        "GET/POST c": (),
        "GET/POST d": (),
    }


def test_a_permission_without_policy_is_an_uncertain_guard(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        {
            "app.py": HEAD
            + """
@view_config(route_name="a", permission="edit")
def a(request):
    db.execute("delete from a")


config = Configurator()
config.add_route("a", "/a")
"""
        },
    )
    (entry,) = program.entry_points
    assert {(g.label, g.strength) for g in entry.guards} == {("permission `edit`", "unknown")}
