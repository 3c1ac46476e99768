"""A handler reaches the database and nothing authenticates the caller.

## What

An endpoint reads or writes rows, and on some way to that effect nobody has checked who is asking: no decorator, dependency,
router, middleware, hook, permission class or test in the body.

## Why

Anyone who finds the address can read or change the data.

## Instead

Put the project's own guard on the handler, its route, its router or its class.

```python flawed
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    address = db.Column(db.String)


@app.post("/orders/<int:order_id>/cancel")
def cancel(order_id):
    db.session.delete(Order.query.get(order_id))
    db.session.commit()
    return {}
```

```python sound
from flask import Flask, request
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    address = db.Column(db.String)


@app.post("/orders/<int:order_id>/cancel")
@login_required
def cancel(order_id):
    db.session.delete(Order.query.get(order_id))
    db.session.commit()
    return {}
```

## Exempt

Endpoints that are public on purpose: declared (`# threadly: public`, the `public` setting) or evident
(sign-in, sign-up, password reset, token refresh, health, signed webhooks). What a guard reads to find the user is no finding.
Endpoints that are mounted in development only (`if settings.DEBUG:`, `if stage == "development":`).

## Limits

Reads of catalogue-like data are reported with low confidence. A decorator or base class that cannot be seen may be a guard: what stands
behind one is reported with low confidence too.

## Peers

None in Bandit, Ruff and Pylint. A Semgrep rule can be written that misses one framework's decorator on a handler; it sees neither
the guards of routers and middleware nor the way to the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Access, Endpoint, Finding, Program, Rule, unguarded_accesses

rule = Rule(code="TLA001", pattern="auth-database", level="error", planned_fix="suggested")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for an endpoint: its worst unguarded access over all mounts."""
    if endpoint.public or endpoint.misplaced_guards:
        return
    accesses = unguarded_accesses(endpoint, least="low")
    if not accesses:
        return
    worst = accesses[0]
    yield rule.finding(
        endpoint,
        f"`{endpoint.label}` {verb(worst)} the database ({what(worst)}) without an authentication check",
        level="error" if worst.writes else "warning",
        confidence=worst.confidence,
        endpoint=endpoint.label,
        trail=worst.occurrence.trail,
    )


def verb(access: Access) -> str:
    return "writes to" if access.writes else "reads from"


def what(access: Access) -> str:
    event = access.occurrence.event
    return f"`{event.model}`" if event.model else f"`{event.api.rpartition('.')[2]}`"
