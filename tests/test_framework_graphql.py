"""GraphQL: resolvers of three libraries, behind permissions, middleware and the views that serve the schema."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

MODELS = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Thing(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)


"""

GRAPHENE = """
import graphene
from flask_graphql import GraphQLView
from models import Thing, app, db


class Create(graphene.Mutation):
    ok = graphene.Boolean()

    class Arguments:
        name = graphene.String()

    @staticmethod
    def mutate(root, info, name):
        db.session.add(Thing(email=name))
        return Create(ok=True)


class Mixin:
    def resolve_others(self, info):
        return Thing.query.all()


class Query(Mixin, graphene.ObjectType):
    things = graphene.List(graphene.String)
    others = graphene.List(graphene.String)

    def resolve_things(self, info, first=None):
        return Thing.query.all()

    def helper(self):
        return Thing.query.all()


class Mutations(graphene.ObjectType):
    create_thing = Create.Field()


schema = graphene.Schema(query=Query, mutation=Mutations)
"""


def test_graphene_resolvers_and_mutations(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        GRAPHENE + 'app.add_url_rule("/graphql", view_func=GraphQLView.as_view("graphql", schema=schema))\n',
        models=MODELS,
    )
    assert found == {
        "query Query.resolve_things": Reach(("things",), ("read",)),
        "query Mixin.resolve_others": Reach(("others",), ("read",)),
        "mutation Create.mutate": Reach(("createThing",), ("construct", "write")),
    }


def test_the_view_that_serves_the_schema_guards_all_of_it(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        GRAPHENE
        + """
from flask_login import login_required

view = login_required(GraphQLView.as_view("graphql", schema=schema))
app.add_url_rule("/graphql", view_func=view)
""",
        models=MODELS,
    )
    assert {r.unguarded for r in found.values()} == {()}


def test_one_open_view_beside_a_guarded_one_opens_the_schema(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        GRAPHENE
        + """
from flask_login import login_required

app.add_url_rule("/graphql", view_func=login_required(GraphQLView.as_view("graphql", schema=schema)))
app.add_url_rule("/graphiql", view_func=GraphQLView.as_view("graphiql", schema=schema, graphiql=True))
""",
        models=MODELS,
    )
    assert found["query Query.resolve_things"] == Reach(("things", "things"), ("read",))


def test_graphene_decorators_and_middleware(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        """
import functools

import graphene
from flask import session
from flask_graphql import GraphQLView
from graphql import GraphQLError
from models import Thing, app


def q(f):
    @functools.wraps(f)
    def z(root, info, **more):
        if not session.get("user"):
            raise GraphQLError("no")
        return f(root, info, **more)

    return z


class Query(graphene.ObjectType):
    def resolve_guarded(self, info):
        return self.rows(info)

    @q
    def resolve_things(self, info):
        return Thing.query.all()

    def resolve_open(self, info):
        return Thing.query.all()


app.add_url_rule("/graphql", view_func=GraphQLView.as_view("g", schema=graphene.Schema(query=Query)))
""",
        models=MODELS,
    )
    assert found["query Query.resolve_things"].unguarded == ()
    assert found["query Query.resolve_open"].unguarded == ("read",)


def test_middleware_of_the_view(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        GRAPHENE
        + """
from flask import session


class Demand:
    def resolve(self, next, root, info, **args):
        if "user" not in session:
            raise Exception("no")
        return next(root, info, **args)


app.add_url_rule("/graphql", view_func=GraphQLView.as_view("g", schema=schema, middleware=[Demand()]))
""",
        models=MODELS,
    )
    assert {r.unguarded for r in found.values()} == {()}


STRAWBERRY = """
import strawberry
from fastapi import Depends, FastAPI, HTTPException, Request
from strawberry.fastapi import GraphQLRouter
from strawberry.permission import BasePermission
from strawberry.types import Info
from models import Thing, db


class Demand(BasePermission):
    message = "no"

    def has_permission(self, source, info: Info, **kwargs) -> bool:
        return "user" in info.context["request"].session


class Anybody(BasePermission):
    def has_permission(self, source, info: Info, **kwargs) -> bool:
        return True


def all_things() -> list[str]:
    return Thing.query.all()


@strawberry.type
class Query:
    things: list[str] = strawberry.field(resolver=all_things)

    @strawberry.field(permission_classes=[Demand])
    def guarded(self, info: Info) -> list[str]:
        return Thing.query.all()

    @strawberry.field(permission_classes=[Anybody])
    def pretended(self) -> list[str]:
        return Thing.query.all()

    def helper(self) -> list[str]:
        return Thing.query.all()


@strawberry.type
class Mutation:
    @strawberry.mutation
    def create(self, name: str) -> bool:
        db.session.add(Thing(email=name))
        return True


schema = strawberry.Schema(query=Query, mutation=Mutation)
application = FastAPI()


def q(request: Request):
    if "user" not in request.session:
        raise HTTPException(401)
"""


def test_strawberry_permissions(tmp_path: Path) -> None:
    found = reach(
        tmp_path, STRAWBERRY + 'application.include_router(GraphQLRouter(schema), prefix="/graphql")\n', models=MODELS
    )
    assert found == {
        "query all_things": Reach(("things",), ("read",)),
        "query Query.guarded": Reach(("guarded",), ()),
        "query Query.pretended": Reach(("pretended",), ("read",)),
        "mutation Mutation.create": Reach(("create",), ("construct", "write")),
    }


def test_strawberry_behind_dependencies_of_the_router_or_its_include(tmp_path: Path) -> None:
    own = STRAWBERRY + "application.include_router(GraphQLRouter(schema, dependencies=[Depends(q)]))\n"
    assert {r.unguarded for r in reach(tmp_path, own, models=MODELS).values()} == {()}
    include = STRAWBERRY + "application.include_router(GraphQLRouter(schema), dependencies=[Depends(q)])\n"
    assert {r.unguarded for r in reach(tmp_path, include, models=MODELS).values()} == {()}


ARIADNE = """
from ariadne import MutationType, ObjectType, QueryType, graphql_sync, make_executable_schema
from flask import jsonify, request, session
from models import Thing, app, db

query = QueryType()
mutation = MutationType()
thing = ObjectType("Thing")


@query.field("things")
def resolve_things(_, info):
    return Thing.query.all()


@mutation.field("createThing")
def create(_, info, name):
    db.session.add(Thing(email=name))


@thing.field("email")
def resolve_email(obj, info):
    return obj.email


def counted(_, info):
    return Thing.query.count()


query.set_field("count", counted)
schema = make_executable_schema("type Query", query, mutation, thing)
"""


def test_ariadne_resolvers_are_as_open_as_the_function_that_executes(tmp_path: Path) -> None:
    served = '\n\n@app.post("/graphql")\ndef serve():\n    return jsonify(graphql_sync(schema, request.get_json()))\n'
    found = reach(tmp_path, ARIADNE + served, models=MODELS)
    found.pop("POST serve")
    assert found == {
        "query resolve_things": Reach(("things",), ("read",)),
        "query counted": Reach(("count",), ("read",)),
        "mutation create": Reach(("createThing",), ("construct", "write")),
    }
    guarded = """

@app.post("/graphql")
def serve():
    if "user" not in session:
        return jsonify({}), 401
    return jsonify(graphql_sync(schema, request.get_json()))
"""
    assert {r.unguarded for r in reach(tmp_path, ARIADNE + guarded, models=MODELS).values()} == {()}


def test_resolvers_that_take_any_argument(tmp_path: Path) -> None:
    source = GRAPHENE.replace(
        "def resolve_things(self, info, first=None):\n",
        "def resolve_things(self, info, **kwargs):\n        if kwargs.get('none'):\n            return []\n",
    ).replace(
        "def resolve_others(self, info):\n",
        "def resolve_others(self, info, **kwargs):\n        if not kwargs.get('some'):\n            return []\n",
    )
    found = reach(
        tmp_path,
        source + 'app.add_url_rule("/graphql", view_func=GraphQLView.as_view("graphql", schema=schema))\n',
        models=MODELS,
    )
    assert found["query Query.resolve_things"].unguarded == ("read",)
    assert found["query Mixin.resolve_others"].unguarded == ("read",)
