"""Flask-RESTful, Flask-RESTX and Flask-Smorest: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import functools
import sqlite3

from flask import Blueprint, Flask, abort, request, session
from flask.views import MethodView

db = sqlite3.connect("shop.db")


def guard(view):
    @functools.wraps(view)
    def run(*args, **kwargs):
        if not session.get("member"):
            abort(401)
        return view(*args, **kwargs)

    return run


def log(view):
    @functools.wraps(view)
    def run(*args, **kwargs):
        print(request.path)
        return view(*args, **kwargs)

    return run


"""
RESTFUL = HEAD + "from flask_restful import Api, Resource\n"
RESTX = HEAD + "from flask_restx import Api, Namespace, Resource\n"


def test_resources_of_an_api_and_of_a_project_subclass_with_methods_of_its_own(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        RESTFUL
        + """
class Versioned(Api):
    def add_versioned(self, resource, *urls):
        self.add_resource(resource, *["/v2{}".format(url) for url in urls])


class Base(Resource):
    decorators = [guard]


class Inherited(Base):
    def get(self, id):
        db.execute("select 1")


class Extended(Base):
    decorators = Base.decorators + [log]

    def post(self):
        db.execute("delete from thing")


class Replaced(Base):
    decorators = [log]

    def post(self):
        db.execute("delete from thing")


def make():
    app = Flask(__name__)
    api = Versioned(app, prefix="/api")
    api.add_resource(Inherited, "/a/<int:id>", "/b/<int:id>")
    api.add_versioned(Extended, "/extended")
    api.add_resource(Replaced, "/replaced")
    return app
""",
    )
    assert found == {
        "GET Inherited.get": Reach(("/api/a/<int:id>", "/api/b/<int:id>"), ()),
        "POST Extended.post": Reach(("/api/v2/extended",), ()),
        "POST Replaced.post": Reach(("/api/replaced",), ("write",)),
    }


def test_decorators_of_the_api_and_of_methods(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        RESTFUL
        + """
class Thing(Resource):
    def delete(self):
        db.execute("delete from thing")


class Listed(Resource):
    method_decorators = [guard]

    def delete(self):
        db.execute("delete from thing")


class ByMethod(Resource):
    method_decorators = {"post": [guard]}

    def get(self):
        db.execute("select 1")

    def post(self):
        db.execute("delete from thing")


class Own(Resource):
    @guard
    def put(self):
        db.execute("delete from thing")

    @log
    def patch(self):
        db.execute("delete from thing")


app = Flask(__name__)
closed = Api(prefix="/closed", decorators=[log, guard])
closed.init_app(app)
closed.add_resource(Thing, "/thing")
open_api = Api(app)
open_api.add_resource(Listed, "/listed")
open_api.add_resource(ByMethod, "/by-method")
open_api.add_resource(Own, "/own")
""",
    )
    assert found == {
        "DELETE Thing.delete": Reach(("/closed/thing",), ()),
        "DELETE Listed.delete": Reach(("/listed",), ()),
        "GET ByMethod.get": Reach(("/by-method",), ("read",)),
        "POST ByMethod.post": Reach(("/by-method",), ()),
        "PUT Own.put": Reach(("/own",), ()),
        "PATCH Own.patch": Reach(("/own",), ("write",)),
    }


def test_what_a_base_class_does_on_the_way_to_the_method(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        RESTFUL
        + """
class Checked(Resource):
    def dispatch_request(self, *args, **kwargs):
        if "member" not in session:
            abort(401)
        return super().dispatch_request(*args, **kwargs)


class Counted(Resource):
    def dispatch_request(self, *args, **kwargs):
        kwargs.pop("shop", None)
        return super().dispatch_request(*args, **kwargs)


class One(Checked):
    def post(self):
        db.execute("delete from one")


class Two(Counted):
    def post(self):
        db.execute("delete from two")


class View(MethodView):
    def dispatch_request(self, **kwargs):
        if "member" not in session:
            abort(401)
        return super().dispatch_request(**kwargs)

    def post(self):
        db.execute("delete from three")


app = Flask(__name__)
api = Api(app)
api.add_resource(One, "/one")
api.add_resource(Two, "/two")
app.add_url_rule("/three", view_func=View.as_view("three"))
""",
    )
    assert found == {
        "POST One.post": Reach(("/one",), ()),
        "POST Two.post": Reach(("/two",), ("write",)),
        "POST View.post": Reach(("/three",), ()),
    }


def test_namespaces_in_an_api_on_a_blueprint_with_a_hook(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        RESTX
        + """
things = Namespace("things", path="/stuff", decorators=[guard])
others = Namespace("others")


@things.route("", "/<int:id>")
class Thing(Resource):
    @things.doc("remove")
    def delete(self, id=None):
        db.execute("delete from thing")


@others.route("/<id>")
class Other(Resource):
    @others.doc("remove")
    def delete(self, id):
        db.execute("delete from other")


hooked = Blueprint("hooked", __name__, url_prefix="/hooked")


@hooked.before_request
def check():
    if not session.get("member"):
        return {"error": "who?"}, 401


api = Api(Blueprint("plain", __name__, url_prefix="/plain"))
api.add_namespace(things)
api.add_namespace(others)
inner = Api(hooked)
third = inner.namespace("third", path="/3")


@third.route("/all")
class Third(Resource):
    def delete(self):
        db.execute("delete from third")


@inner.route("/direct")
class Direct(Resource):
    def delete(self):
        db.execute("delete from direct")


app = Flask(__name__)
app.register_blueprint(hooked)
""",
    )
    assert found == {
        "DELETE Thing.delete": Reach(("/plain/stuff", "/plain/stuff/<int:id>"), ()),
        "DELETE Other.delete": Reach(("/plain/others/<id>",), ("write",)),
        "DELETE Third.delete": Reach(("/hooked/3/all",), ()),
        "DELETE Direct.delete": Reach(("/hooked/direct",), ()),
    }


def test_hooks_of_the_application_reach_resources_of_an_api_attached_in_a_function(tmp_path: Path) -> None:
    source = """
api = Api()


class Thing(Resource):
    def delete(self):
        db.execute("delete from thing")


api.add_resource(Thing, "/thing")


def routes(application):
    api.init_app(application)


def make():
    app = Flask(__name__)
    routes(app)

    @app.before_request
    def check():
        HOOK

    return app
"""
    checked = reach(tmp_path, RESTFUL + source.replace("HOOK", "if not session.get('member'): abort(403)"))
    assert checked == {"DELETE Thing.delete": Reach(("/thing",), ())}
    counted = reach(tmp_path, RESTFUL + source.replace("HOOK", "print(request.path)"))
    assert counted == {"DELETE Thing.delete": Reach(("/thing",), ("write",))}


def test_many_resources_are_all_found(tmp_path: Path) -> None:
    count = 60
    classes = "\n".join(f"class R{i}(Resource):\n    def get(self):\n        pass\n" for i in range(count))
    calls = "\n".join(f"api.add(R{i}, '/{i}')" for i in range(count))
    found = reach(
        tmp_path,
        RESTFUL
        + f"""
class More(Api):
    def add(self, resource, *urls):
        self.add_resource(resource, *urls)


{classes}
api = More(Flask(__name__))
{calls}
""",
    )
    assert found == {f"GET R{i}.get": Reach((f"/{i}",), ()) for i in range(count)}


def test_smorest_blueprints_of_an_api(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
from flask_smorest import Api, Blueprint as Blp

things = Blp("things", __name__, url_prefix="/things")
closed = Blp("closed", __name__, url_prefix="/closed")


@closed.before_request
def check():
    if not session.get("member"):
        abort(401)


@things.route("/<int:id>")
class Thing(MethodView):
    @things.response(204)
    def delete(self, id):
        db.execute("delete from thing")


@closed.route("/<int:id>")
class Closed(MethodView):
    @closed.response(204)
    def delete(self, id):
        db.execute("delete from closed")


api = Api()


def make():
    app = Flask(__name__)
    api.init_app(app)
    api.register_blueprint(things)
    api.register_blueprint(closed, url_prefix="/v1")
    return app
""",
    )
    assert found == {
        "DELETE Thing.delete": Reach(("/things/<int:id>",), ("write",)),
        "DELETE Closed.delete": Reach(("/v1/<int:id>",), ()),
    }


def test_add_resource_of_something_else_is_no_endpoint(tmp_path: Path) -> None:
    assert (
        reach(
            tmp_path,
            RESTFUL
            + """
class Catalogue:
    def add_resource(self, resource, path):
        pass


class Thing(Resource):
    def delete(self):
        db.execute("delete from thing")


Catalogue().add_resource(Thing, "/thing")
""",
        )
        == {}
    )
