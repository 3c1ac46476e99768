"""A cache outage becomes a request error.

## What

A request looks a value up in a cache, or stores it there, and nothing between that and the loading of the value catches
the cache client's errors: when the cache is down, so is the read, although the data is there.

## Why

A cache makes things fast; it should never be able to make them fail.

## Instead

Treat an outage as a miss: catch the client's errors, log them and load.

```python flawed
import json

import redis
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
store = redis.Redis()


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.get("/products/<int:product_id>")
def show(product_id):
    found = store.get(f"product:{product_id}")
    if found is not None:
        return json.loads(found)
    product = db.session.get(Product, product_id)
    shown = {"id": product.id}
    store.set(f"product:{product_id}", json.dumps(shown), ex=600)
    return shown
```

```python sound
import json

import redis
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)
store = redis.Redis()


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)


def recall(key):
    try:
        return store.get(key)
    except redis.RedisError:
        app.logger.warning("the cache is away", exc_info=True)
        return None


def keep(key, value):
    try:
        store.set(key, value, ex=600)
    except redis.RedisError:
        app.logger.warning("the cache is away", exc_info=True)


@app.get("/products/<int:product_id>")
def show(product_id):
    found = recall(f"product:{product_id}")
    if found is not None:
        return json.loads(found)
    product = db.session.get(Product, product_id)
    shown = {"id": product.id}
    keep(f"product:{product_id}", json.dumps(shown))
    return shown
```

## Exempt

Clients that are set to ignore errors, caches that cannot be away (in the process), locks and limits.

## Limits

Only clients whose errors are known are judged. One finding for each function.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Pair, Program, Rule, cache_outages

rule = Rule(code="TLC004", pattern="cache-aside", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in cache_outages(program):
        yield rule.finding(found, message(found), endpoint=found.endpoint, trail=found.trail)


def message(found: Pair) -> str:
    what = f"`{found.via}` (`{found.api}`)" if found.via else f"`{found.api}`"
    return f"when {what} fails, `{found.endpoint}` fails too instead of loading the value"
