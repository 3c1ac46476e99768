"""One handler coordinates three or more kinds of integration by itself.

## What

The body of a handler itself deals with at least three of these: database, cache, search, queue, mail, real-time channels, other
systems. Calls into the project's own functions do not count.

## Why

Order, failure and compensation between subsystems are business rules. In a handler they are repeated wherever the same thing
happens, and every change of one subsystem changes handlers.

## Instead

One service function that does the whole, called by the handler.

```python flawed
from celery import shared_task
from flask import Flask
from flask_caching import Cache
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
cache = Cache(app)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@shared_task
def pack(order_id): ...


@app.post("/orders")
@login_required
def create():
    order = Order()
    db.session.add(order)
    db.session.commit()
    cache.delete("orders")
    pack.delay(order.id)
    return {}
```

```python sound
from celery import shared_task
from flask import Flask
from flask_caching import Cache
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
cache = Cache(app)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@shared_task
def pack(order_id): ...


def place_order():
    order = Order()
    db.session.add(order)
    db.session.commit()
    cache.delete("orders")
    pack.delay(order.id)


@app.post("/orders")
@login_required
def create():
    place_order()
    return {}
```

## Exempt

Handlers that only call services, however many.

## Limits

What a library does behind one call counts as that call.

## Peers

None: size and complexity rules (Pylint's too-many-branches, Ruff's C901) measure length, not coordination.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, one_per_handler, subsystems

rule = Rule(code="TLS002", pattern="service-layer", level="warning")

MANY = 3


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Handlers whose own body deals with many kinds of integration."""
    for endpoint in one_per_handler(program.each(Endpoint)):
        kinds = subsystems(endpoint)
        if len(kinds) >= MANY:
            named = f"{', '.join(kinds[:-1])} and {kinds[-1]}"
            message = f"`{endpoint.label}` coordinates {named} in the handler itself"
            yield rule.finding(endpoint, message, endpoint=endpoint.label)
