"""The search index learns of data that may be rolled back.

## What

A document is written to, or removed from, a search index while the transaction with the row is still open.

## Why

When the transaction fails, the index shows what does not exist, or hides what does, until somebody rebuilds it.

## Instead

Index when the data is final.

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
    db.session.flush()
    search.index(index="products", id=product.id, document={"id": product.id})
    db.session.commit()
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

`on_commit` and after-commit callbacks, tasks that index later, an outbox table.

## Limits

A session that nobody is seen to commit is reported with low confidence. Where one call of the library leads to five
places or more (the setting `summary-count`), one finding stands for all.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, misplaced

rule = Rule(code="TLX001", pattern="search-integration", level="error", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in misplaced(program, indexes):
        yield rule.finding(
            found,
            message(found),
            confidence=found.confidence,
            endpoint=found.endpoint,
            trail=found.trail,
        )


def indexes(_: Timeline, moment: Moment) -> bool:
    return moment.effect == "index-write"


def message(found: Pair) -> str:
    how = f"`{found.via}` changes the index with" if found.via else "changes the index with"
    about = f" of `{found.model}`" if found.model else ""
    return f"{how} `{found.api}` before the write{about} is committed{found.more}"
