"""A user that may be absent is used unchecked.

## What

A value that is a user, or nothing when nobody is signed in (an optional current user, a look-up by a session key), is dereferenced or
stored before anything tested whether it is there.

## Why

For an anonymous caller the request ends in a server error, or a row is stored that belongs to nobody.

## Instead

Test it first and answer 401.

```python flawed
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)


@app.get("/me")
def me():
    user = db.session.get(User, session.get("user_id"))
    return {"email": user.email}
```

```python sound
from flask import Flask, abort, session
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)


@app.get("/me")
def me():
    user = db.session.get(User, session.get("user_id"))
    if user is None:
        abort(401)
    return {"email": user.email}
```

## Exempt

Sources that raise when nobody is signed in, types that cannot be None, code behind a guard, endpoints that are public on purpose.

## Limits

An anonymous user object (Django, Flask-Login) is no absent user: it can be dereferenced.

## Peers

Type checkers report the same for annotated code (`union-attr` of mypy); they do not know sessions and look-ups.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Occurrence, Program, Rule, is_user, may_be_absent

rule = Rule(code="TLA002", pattern="auth-database", level="error", planned_fix="unsafe")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """The first use of a user that may be absent."""
    if endpoint.public or endpoint.guards:
        return
    uses = (o for run in endpoint.runs for o in run.inside if uses_absent_user(program, o))
    first = next(uses, None)
    if first is None:
        return
    yield rule.finding(
        first,
        f"`{endpoint.label}` uses {what(first)} of a user who may be absent, without a check",
        endpoint=endpoint.label,
        trail=first.trail,
    )


def uses_absent_user(program: Program, occurrence: Occurrence) -> bool:
    """It is dereferenced, or stored in a row, where nothing has proven that it is there."""
    if occurrence.auth or occurrence.event.symbol == "":
        return False
    if occurrence.effect == "absent-user":
        return is_user(program, occurrence.event.value)
    stored = occurrence.effect in ("construct", "assign")
    values = (
        *(v for _, v in occurrence.event.keywords),
        occurrence.event.value if occurrence.effect == "assign" else (),
    )
    return stored and any(may_be_absent(v) and is_user(program, v) for v in values)


def what(occurrence: Occurrence) -> str:
    return f"`{occurrence.event.api}`" if occurrence.effect == "absent-user" else "the id"
