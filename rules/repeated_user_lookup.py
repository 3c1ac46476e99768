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

from threadly_lint.rule import Endpoint, Finding, Occurrence, Program, Rule, own_account_reads

rule = Rule(code="TLA005", pattern="auth-database", level="preview")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """The second read of the caller's account, once for each place."""
    repeated: dict[object, list[tuple[Endpoint, Occurrence, Occurrence]]] = {}
    for endpoint in program.each(Endpoint):
        reads = own_account_reads(program, endpoint.runs[0].occurrences) if endpoint.runs else []
        if len(reads) > 1:
            repeated.setdefault((reads[1].path, reads[1].span), []).append((endpoint, reads[0], reads[1]))
    for (endpoint, first, again), *others in repeated.values():
        yield found(endpoint, first, again, len(others))


def found(endpoint: Endpoint, first: Occurrence, again: Occurrence, others: int) -> Finding:
    more = f" (and so do {others} more endpoints)" if others else ""
    place = f"{first.path}, line {first.span.line}"
    return rule.finding(
        again,
        f"`{endpoint.label}` loads the caller's `{again.event.model or 'account'}` again{more}; it was read already ({place})",
        confidence="medium",
        endpoint=endpoint.label,
        trail=again.trail,
    )
