"""A failed notification turns a successful write into an error.

## What

After the write is committed, the request tells subscribers about it, and nothing catches a failure of that: the user
gets an error although everything was saved.

## Why

Users repeat what seems to have failed and do it twice. A message broker that is down should cost the message, not the
sale.

## Instead

Catch the publisher's errors, log them and go on, or publish in the background.

```python flawed
import redis
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
channel = redis.Redis()


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/orders")
@login_required
def place():
    db.session.add(Order())
    db.session.commit()
    channel.publish("orders", "placed")
    return "", 201
```

```python sound
import redis
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
channel = redis.Redis()


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/orders")
@login_required
def place():
    db.session.add(Order())
    db.session.commit()
    try:
        channel.publish("orders", "placed")
    except redis.RedisError:
        app.logger.exception("nobody was told of the order")
    return "", 201
```

## Exempt

Handlers that publish without having written, work in the background, publishers that never raise (signals, analytics,
sockets of the same process), and what TLR001 reports.

## Limits

Only publishers whose errors are known are judged. A handler that answers with an error, or raises another exception,
does not isolate.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, unabsorbed

rule = Rule(code="TLR002", pattern="real-time-events", level="warning", planned_fix="unsafe")

NO_EVENTS = ("process", "analytics", "socket")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in unabsorbed(program, publishes):
        yield rule.finding(found, message(found), endpoint=found.endpoint, trail=found.trail)


def publishes(_: Timeline, moment: Moment) -> bool:
    fact = moment.event.fact
    return moment.effect == "publish" and fact is not None and fact.service not in NO_EVENTS


def message(found: Pair) -> str:
    what = f"`{found.via}` (`{found.api}`)" if found.via else f"`{found.api}`"
    about = f" of `{found.model}`" if found.model else ""
    return f"when {what} fails, `{found.endpoint}` answers with an error although the write{about} succeeded"
