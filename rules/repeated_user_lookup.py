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

from threadly_lint.rule import Endpoint, Finding, Program, Repeated, Rule, repeated_account_read

rule = Rule(code="TLA005", pattern="auth-database", level="preview")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """The second read of the caller's account, once for each place."""
    repeated: dict[object, list[tuple[Endpoint, Repeated]]] = {}
    for endpoint in program.each(Endpoint):
        found = repeated_account_read(program, endpoint.runs[0].occurrences) if endpoint.runs else None
        if found is not None:
            repeated.setdefault((found.again.path, found.again.span), []).append((endpoint, found))
    for (endpoint, found), *others in repeated.values():
        yield load(endpoint, found, len(others))


def load(endpoint: Endpoint, found: Repeated, others: int) -> Finding:
    more = f" (and so do {others} more endpoints)" if others else ""
    first, again = found
    place = (
        "in every round of a loop" if first is again else f"it was read already ({first.path}, line {first.span.line})"
    )
    return rule.finding(
        again,
        f"`{endpoint.label}` loads the caller's `{again.event.model or 'account'}` again{more}: {place}",
        confidence="medium",
        endpoint=endpoint.label,
        trail=again.trail,
    )
