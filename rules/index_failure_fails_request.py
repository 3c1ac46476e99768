"""Indexing breaks a request whose write has succeeded.

## What

After the write is committed, the request changes the search index itself and waits for it, and nothing catches a
failure of that.

## Why

Search is a copy. When it is down or slow, the shop should still sell; the copy can be mended later.

## Instead

Catch the client's errors, log them and go on, or index in a task.

```python flawed
from elasticsearch import Elasticsearch
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
search = Elasticsearch("https://search.example")


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/products")
@login_required
def create():
    product = Product()
    db.session.add(product)
    db.session.commit()
    search.index(index="products", id=product.id, document={"id": product.id})
    return "", 201
```

```python sound
from elasticsearch import ApiError, Elasticsearch, TransportError
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
search = Elasticsearch("https://search.example")


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.post("/products")
@login_required
def create():
    product = Product()
    db.session.add(product)
    db.session.commit()
    try:
        search.index(index="products", id=product.id, document={"id": product.id})
    except (ApiError, TransportError):
        app.logger.exception("product %s is not in the index", product.id)
    return "", 201
```

## Exempt

Re-indexing without a write, work in the background, and what TLX001 reports.

## Limits

Only clients whose errors are known are judged. A handler that answers with an error, or raises another exception, does
not isolate.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, unabsorbed

rule = Rule(code="TLX002", pattern="search-integration", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in unabsorbed(program, indexes):
        yield rule.finding(found, message(found), endpoint=found.endpoint, trail=found.trail)


def indexes(_: Timeline, moment: Moment) -> bool:
    return moment.effect == "index-write"


def message(found: Pair) -> str:
    what = f"`{found.via}` (`{found.api}`)" if found.via else f"`{found.api}`"
    about = f" of `{found.model}`" if found.model else ""
    return f"when {what} fails, `{found.endpoint}` answers with an error although the write{about} succeeded"
