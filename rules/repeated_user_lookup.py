"""One request loads the same user more than once.

## What

On one way through an endpoint the caller's account is read from the database at two places, or in a loop.

## Why

Each read costs a round trip on every request.

## Instead

Load the user once, in a dependency or hook that keeps it for the request.

```python flawed
from flask import Flask, abort, session
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)
    password = db.Column(db.String)


def name():
    return User.query.get(session["user_id"]).email


@app.get("/me")
def me():
    user = User.query.get(session["user_id"])
    if user is None:
        abort(401)
    return {"id": user.id, "name": name()}
```

```python sound
from flask import Flask, abort, session
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)
    password = db.Column(db.String)


@app.get("/me")
def me():
    user = User.query.get(session["user_id"])
    if user is None:
        abort(401)
    return {"id": user.id, "name": user.email}
```

## Exempt

Look-ups through per-request caches and cached helpers; look-ups on two sides of a branch.

## Limits

Only reads that are selected by the caller's identity count.

## Peers

No other linter looks at this.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, own_account_reads

rule = Rule(code="TLA005", pattern="auth-database", level="preview")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """The second read of the caller's account."""
    for run in endpoint.runs[:1]:
        reads = own_account_reads(program, run.occurrences)
        if len(reads) > 1:
            yield rule.finding(
                reads[1],
                f"`{endpoint.label}` loads the caller's `{reads[1].event.model}` again; it was read at line {reads[0].span.line} already",
                confidence="medium",
                endpoint=endpoint.label,
                trail=reads[1].trail,
            )
