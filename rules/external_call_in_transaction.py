"""Another system is asked while a database transaction is open.

## What

Network, mail, a subprocess or a pause inside a transaction that writes: in an `atomic` or `begin` block, between a
session's first write and its commit, or anywhere in a request that is one transaction. Helpers are followed, whatever
file they are in.

## Why

Rows stay locked and the connection stays taken for as long as the other system pleases. When it fails, the write is
lost; when the commit fails afterwards, what the other system did cannot be taken back.

## Instead

Write and commit first, then call; or call first and write what came back.

```python flawed
import requests
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/orders")
@login_required
def place():
    db.session.add(Order())
    try:
        requests.post("https://warehouse.example/orders", timeout=10)
    except requests.RequestException:
        app.logger.exception("the warehouse does not know of the order")
    db.session.commit()
    return "", 201
```

```python sound
import requests
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/orders")
@login_required
def place():
    db.session.add(Order())
    db.session.commit()
    try:
        requests.post("https://warehouse.example/orders", timeout=10)
    except requests.RequestException:
        app.logger.exception("the warehouse does not know of the order")
    return "", 201
```

## Exempt

Transactions that only read, callbacks that run after the commit, work handed to threads and queues. Events, index
writes, cache invalidation and tasks have rules of their own (TLR001, TLX001, TLC003, TLT002). Metrics are not counted,
nor are pauses before something that failed is tried again: what is tried again is.

## Limits

A session that nobody is seen to commit is reported with low confidence. Where one call of the library leads to five
places or more (the setting `summary-count`), one finding stands for all. Two sessions of one library are taken for one.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, misplaced

rule = Rule(code="TLT001", pattern="transaction-coordination", level="error", planned_fix="suggested")

REACHING_OUT = ("external-call", "sleep", "process")
JUDGED_ELSEWHERE = ("queue", "metrics")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in misplaced(program, reaches_out):
        yield rule.finding(
            found,
            message(found),
            confidence=found.confidence,
            endpoint=found.endpoint,
            trail=found.trail,
        )


def reaches_out(_: Timeline, moment: Moment) -> bool:
    fact = moment.event.fact
    if moment.effect not in REACHING_OUT or fact is None or fact.service in JUDGED_ELSEWHERE:
        return False
    return moment.effect != "sleep" or not is_before_another_try(moment)


def is_before_another_try(moment: Moment) -> bool:
    return any(frame.kind == "handler" for frame in moment.frames)


def message(found: Pair) -> str:
    what = f"`{found.via}` calls `{found.api}`" if found.via else f"`{found.api}` is called"
    about = f" that writes `{found.model}`" if found.model else ""
    return f"{what} while the transaction{about} is open{found.more}"
