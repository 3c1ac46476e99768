"""The auth provider's id stands where the database user's id belongs.

## What

An id that an identity provider gave (the `sub` or `uid` of its token) is stored in, or compared with, a column that refers to the
project's own users.

## Why

The two kinds of id come from different worlds: joins find nothing, rows belong to nobody, and changing the provider breaks everything.

## Instead

Look the user up by the provider's id, then use the id of the row.

```python flawed
import firebase_admin.auth
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    firebase_uid = db.Column(db.String, unique=True)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    buyer_id = db.Column(db.Integer, db.ForeignKey("user.id"))


@app.post("/orders")
def order():
    claims = firebase_admin.auth.verify_id_token(request.headers["Authorization"])
    db.session.add(Order(buyer_id=claims["uid"]))
    db.session.commit()
    return {}
```

```python sound
import firebase_admin.auth
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    firebase_uid = db.Column(db.String, unique=True)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    buyer_id = db.Column(db.Integer, db.ForeignKey("user.id"))


@app.post("/orders")
def order():
    claims = firebase_admin.auth.verify_id_token(request.headers["Authorization"])
    user = User.query.filter_by(firebase_uid=claims["uid"]).one()
    db.session.add(Order(buyer_id=user.id))
    db.session.commit()
    return {}
```

## Exempt

The user table's own column for the provider's id; projects whose user key is the provider's id; projects that issue their tokens
themselves, where `sub` is the database id.

## Limits

Claims that pass through code that cannot be seen are not followed.

## Peers

No other linter looks at this.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Occurrence, Operation, Program, Rule, provider_id_columns

rule = Rule(code="TLA003", pattern="auth-database", level="error", planned_fix="unsafe")


@rule.for_each(Operation)
def check(operation: Operation, program: Program) -> Iterator[Finding]:
    """Each place where a provider's id goes into a column for users, once."""
    seen: set[tuple[str, int]] = set()
    for occurrence in operation.occurrences:
        for column in provider_id_columns(program, occurrence):
            place = (occurrence.path, occurrence.span.line)
            if place not in seen and not program.project.is_exempt(occurrence.path):
                seen.add(place)
                yield found(operation, occurrence, column)


def found(operation: Operation, occurrence: Occurrence, column: str) -> Finding:
    model = occurrence.event.model
    return rule.finding(
        occurrence,
        f"The provider's id is used as `{f'{model}.' if model else ''}{column}`, which refers to the project's own users",
        endpoint=operation.endpoint,
        trail=occurrence.trail,
    )
