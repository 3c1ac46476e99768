"""What strangers can do through an endpoint, and what an endpoint is there for."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import program_of

from threadly_lint.program.access.openings import opening
from threadly_lint.program.access.publicness import evident_purpose

HEAD = """
import sqlite3

from flask import Flask, make_response, redirect, request

app = Flask(__name__)
rows = sqlite3.connect("people.db")
people = {"ann": {"password": "first"}}

"""
SIGNED_IN = """
    if not request.cookies.get("caller"):
        return redirect("/login")
"""


def found(folder: Path, route: str, body: str) -> tuple[str, str]:
    """The kinds of an endpoint's purpose and opening."""
    source = f'{HEAD}\n@app.post("{route}")\ndef answer():{body}\n    return {{}}\n'
    (entry,) = program_of(folder, {"app.py": source}).entry_points
    purpose, opened = evident_purpose(entry), opening(entry)
    return purpose.kind if purpose else "", opened.kind if opened else ""


@pytest.mark.parametrize(
    ("route", "body", "expected"),
    [
        (
            "/login",
            "\n    known = people['ann']['password'] == request.form['password']",
            ("credentials", "credentials"),
        ),
        ("/login", "\n    known = request.form['password'] == 'first'", ("credentials", "credentials")),
        ("/login", "\n    known = request.form['password'] == request.form['again']", ("sign-in", "sign-in")),
        ("/login", "\n    make_response('').set_cookie('caller', request.form['name'])", ("sign-in", "sign-in")),
        ("/logout", "\n    make_response('').set_cookie('caller', '')", ("sign-out", "")),
        ("/theme", "\n    make_response('').set_cookie('theme', request.form['theme'])", ("", "")),
        (
            "/people",
            "\n    rows.execute('INSERT INTO people (name, pwd) VALUES (?, ?)', [request.form['name'], request.form['x']])",
            ("sign-up", "sign-up"),
        ),
        ("/people", "\n    rows.execute('INSERT INTO notes (text) VALUES (?)', [request.form['text']])", ("", "write")),
        (
            "/reset",
            "\n    rows.execute('UPDATE people SET password = ?', [request.form['password']])",
            ("credentials", "credentials"),
        ),
        (
            "/reset",
            f"{SIGNED_IN}    rows.execute('UPDATE people SET password = ?', [request.form['password']])",
            ("credentials", ""),
        ),
        (
            "/price",
            "\n    rows.execute('SELECT id FROM people WHERE pin = ?', [request.form['pin']])",
            ("", "credentials"),
        ),
        (
            "/price",
            f"{SIGNED_IN}    rows.execute('SELECT id FROM people WHERE pin = ?', [request.form['pin']])",
            ("", ""),
        ),
    ],
)
def test_purpose_and_opening(tmp_path: Path, route: str, body: str, expected: tuple[str, str]) -> None:
    assert found(tmp_path, route, body) == expected


@pytest.mark.parametrize(("converter", "expected"), [("str", "code"), ("uuid", "")])
def test_codes_in_the_form_of_a_uuid_cannot_be_guessed(tmp_path: Path, converter: str, expected: str) -> None:
    models = (
        "from django.db import models\n\n\nclass Place(models.Model):\n    code = models.CharField(max_length=40)\n"
    )
    urls = f"""
from django.http import JsonResponse
from django.urls import path

from models import Place


def shown(request, code):
    return JsonResponse({{"place": Place.objects.get(code=code).pk}})


urlpatterns = [path("places/<{converter}:code>/", shown)]
"""
    (entry,) = program_of(tmp_path, {"models.py": models, "urls.py": urls}).entry_points
    opened = opening(entry)
    assert (opened.kind if opened else "") == expected


ACCOUNTS = """
from flask import Flask, abort, request, session
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import URLSafeTimedSerializer
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    password = db.Column(db.String)


class Registry(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    address = db.Column(db.String)
    upstream_password = db.Column(db.String)


@app.get("/page")
def page():
    if "zone" not in session or "user" not in session:
        abort(401)
    return {}

"""
RENEWS_BY_NAME = """
    user = User.query.filter_by(name=request.form["name"]).first_or_404()
    user.password = generate_password_hash(request.form["password"])
    db.session.add(user)
    db.session.commit()
"""
MAKES_USER = """
    user = User(name=request.form["name"])
    user.password = generate_password_hash(request.form["password"])
    db.session.add(user)
    db.session.commit()
"""
RENEWS_BY_LINK = """
    number = URLSafeTimedSerializer("secret").loads(request.args["token"])
    user = db.session.get(User, number)
    user.password = generate_password_hash(request.form["password"])
    db.session.commit()
"""
ABOUT_ANOTHER_SYSTEM = """
    db.session.add(Registry(address=request.form["address"], upstream_password=request.form["password"]))
    db.session.commit()
"""
SIGNS_IN = """
    user = User.query.filter_by(name=request.form["name"]).first_or_404()
    if not check_password_hash(user.password, request.form["password"]):
        abort(401)
    session["user"] = request.form["name"]
"""


@pytest.mark.parametrize(
    ("method", "route", "body", "expected"),
    [
        ("post", "/reset-password", RENEWS_BY_NAME, ("credentials", "credentials")),
        ("post", "/people", MAKES_USER, ("sign-up", "sign-up")),
        ("patch", "/people", MAKES_USER, ("", "write")),
        ("post", "/reset-password", RENEWS_BY_LINK, ("credentials", "")),
        ("post", "/enter", SIGNS_IN, ("credentials", "credentials")),
        ("post", "/registries", ABOUT_ANOTHER_SYSTEM, ("", "write")),
        ("post", "/zone", "\n    session['zone'] = request.form['zone']", ("", "")),
    ],
)
def test_what_is_done_to_accounts(
    tmp_path: Path, method: str, route: str, body: str, expected: tuple[str, str]
) -> None:
    source = f'{ACCOUNTS}\n@app.{method}("{route}")\ndef answer():{body}\n    return {{}}\n'
    entry = next(e for e in program_of(tmp_path, {"app.py": source}).entry_points if e.symbol.endswith("answer"))
    purpose, opened = evident_purpose(entry), opening(entry)
    assert (purpose.kind if purpose else "", opened.kind if opened else "") == expected
