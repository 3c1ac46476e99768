"""Connexion: operations of OpenAPI documents, their functions and their security."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reach import Reach, program_of, reached

from threadly_lint.frameworks.openapi import parse_document, resolve

APP = """
import os
import sqlite3

import connexion
import jwt

db = sqlite3.connect("shop.db")
app = connexion.FlaskApp(__name__, specification_dir="specs")
app.add_api("api.yml")
"""

HANDLERS = """
import os

import jwt

from app import db


def read():
    db.execute("select email from users")


def write(body):
    db.execute("delete from thing")


def free():
    db.execute("delete from thing")


class Things:
    @staticmethod
    def remove(id):
        db.execute("delete from thing where id = ?", (id,))


def checked(token):
    try:
        return jwt.decode(token, os.environ["SECRET"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return None


def search():
    db.execute("select 1")


def post(body):
    db.execute("delete from thing")
"""

SPEC = """
openapi: 3.0.1
info: {title: Shop, version: "1"}
servers:
  - url: https://shop.example/v1
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer, x-bearerInfoFunc: handlers.checked}
security:
  - bearer: []
paths:
  /users:
    get: {operationId: handlers.read}
  /things:
    post:
      operationId: write
      x-openapi-router-controller: handlers
  /free:
    post:
      operationId: handlers.free
      security: []
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
    delete: {operationId: handlers.Things.remove, security: [{}, {bearer: []}]}
  /elsewhere:
    get: {operationId: library.function}
"""


def test_operations_with_their_security(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/api.yml").write_text(SPEC)
    assert reached(program_of(tmp_path, {"app.py": APP, "handlers.py": HANDLERS})) == {
        "GET read": Reach(("/v1/users",), ()),
        "POST write": Reach(("/v1/things",), ()),
        "POST free": Reach(("/v1/free",), ("write",)),
        "DELETE Things.remove": Reach(("/v1/things/{id}",), ("write",)),
    }


def test_swagger_in_json_below_a_base_path_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "swagger.json").write_text(
        '{"swagger": "2.0", "basePath": "/old", "paths": {"/users": {"get": {"operationId": "handlers.read"}}}}'
    )
    app = APP.replace('app.add_api("api.yml")', 'app.add_api("swagger.json", base_path="/new")')
    found = reached(program_of(tmp_path, {"app.py": app, "handlers.py": HANDLERS}))
    assert found == {"GET read": Reach(("/new/users",), ("read",))}


def test_resolvers_make_names_from_paths(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/api.yml").write_text("openapi: 3.0.0\npaths:\n  /things:\n    get: {}\n    post: {}\n")
    app = APP.replace(
        'app.add_api("api.yml")', 'app.add_api("api.yml", resolver=connexion.resolver.RestyResolver("api"))'
    )
    files = {"app.py": app, "api/__init__.py": "", "api/things.py": HANDLERS}
    assert reached(program_of(tmp_path, files)) == {
        "GET search": Reach(("/things",), ("read",)),
        "POST post": Reach(("/things",), ("write",)),
    }


@pytest.mark.parametrize("text", ["", "[]", "paths: []", "{", "a: b: c", "paths: {/x: 1}\nsecurity: 5"])
def test_documents_that_are_none_yield_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/api.yml").write_text(text)
    assert reached(program_of(tmp_path, {"app.py": APP, "handlers.py": HANDLERS})) == {}


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_none(text: str) -> None:
    for is_json in (True, False):
        found = parse_document(text, is_json=is_json)
        assert found is None or isinstance(found["paths"], dict)


def test_references_that_lead_in_a_circle_end() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    assert resolve(document, {"$ref": "#/a"}) in ({"$ref": "#/a"}, {"$ref": "#/b"})


def test_functions_that_take_any_argument(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/api.yml").write_text(
        "openapi: 3.0.0\npaths:\n  /things/{name}:\n"
        "    parameters:\n      - {name: name, in: path, required: true, schema: {type: string}}\n"
        "    delete: {operationId: handlers.named}\n"
    )
    handlers = """
        from app import db

        def named(**kwargs):
            if kwargs["name"] == "all":
                db.execute("delete from thing")
    """
    found = reached(program_of(tmp_path, {"app.py": APP, "handlers.py": handlers}))
    assert found == {"DELETE named": Reach(("/things/{name}",), ("write",))}
