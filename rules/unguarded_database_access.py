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

Endpoints that are public on purpose: declared (`# threadly: public`, the `public` setting, an allow-any marker) or evident
(sign-in, sign-up, password reset, token refresh, health, signed webhooks). What a guard reads to find the user is no finding.

## Limits

Reads of catalogue-like data are reported with low confidence. A decorator or base class that cannot be seen may be a guard: what stands
behind one is reported with low confidence too.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Confidence, Endpoint, Finding, Level, Occurrence, Program, Rule, Run

rule = Rule(code="TLA001", pattern="auth-database", level="error", planned_fix="suggested")

WRITES = ("write", "commit", "construct", "assign")
READS = ("read",)


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for an endpoint: its worst unguarded access over all mounts."""
    if endpoint.public:
        return
    accesses = [(run, access) for run in endpoint.runs for access in unguarded(run)]
    worst = min(accesses, key=lambda found: severity(*found), default=None)
    if worst is None:
        return
    run, access = worst
    yield rule.finding(
        endpoint,
        f"`{endpoint.label}` {verb(access)} the database ({what(access)}) without an authentication check",
        level="warning" if not writes(access) or run.mount.conditional else "error",
        confidence=confidence(endpoint, access),
        endpoint=endpoint.label,
        trail=access.trail,
    )


def unguarded(run: Run) -> Iterator[Occurrence]:
    """Database effects that the handler reaches without proof of an authenticated caller."""
    for access in run.inside:
        if access.effect in (*WRITES, *READS) and not any(g.strength != "unknown" for g in access.auth):
            yield access


def writes(access: Occurrence) -> bool:
    return access.effect in WRITES


def severity(run: Run, access: Occurrence) -> tuple[bool, bool, bool]:
    """Sorts the worst first: writes before reads, certain before maybe."""
    return run.mount.conditional, not writes(access), bool(access.auth)


def confidence(endpoint: Endpoint, access: Occurrence) -> Confidence:
    if access.auth:
        return "low"
    if writes(access):
        return "high"
    return "medium" if endpoint.reads_personal_data else "low"


def verb(access: Occurrence) -> str:
    return "writes to" if writes(access) else "reads from"


def what(access: Occurrence) -> str:
    return f"`{access.event.model}`" if access.event.model else f"`{access.event.api.rpartition('.')[2]}`"
