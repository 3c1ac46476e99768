"""The handler talks to the database although the project has a service or repository layer.

## What

Most handlers of the project leave database work to other modules, or a contract says that they have to. This one does it in its own
body, and more than simple storing: it changes rows of several models, or decides by what a row says and then changes rows.

## Why

Business rules in a handler cannot be used from anywhere else, are tested through HTTP only, and drift from the same rules in the
services.

## Instead

Move the operation into the service or repository that the other handlers use, and call it.

```python flawed
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    status = db.Column(db.String)


class Orders:
    def one(self, order_id):
        return Order.query.get(order_id)


@app.get("/orders/<int:order_id>")
@app.get("/orders/<int:order_id>/full")
@app.get("/orders/<int:order_id>/status")
@login_required
def show(order_id):
    return {"status": Orders().one(order_id).status}


@app.post("/orders/<int:order_id>/cancel")
@login_required
def cancel(order_id):
    order = Order.query.get(order_id)
    if order.status == "new":
        order.status = "cancelled"
        db.session.commit()
    return {}
```

```python sound
from flask import Flask
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    status = db.Column(db.String)


class Orders:
    def one(self, order_id):
        return Order.query.get(order_id)

    def cancel(self, order_id):
        order = self.one(order_id)
        if order.status == "new":
            order.status = "cancelled"
            db.session.commit()


@app.get("/orders/<int:order_id>")
@app.get("/orders/<int:order_id>/full")
@app.get("/orders/<int:order_id>/status")
@login_required
def show(order_id):
    return {"status": Orders().one(order_id).status}


@app.post("/orders/<int:order_id>/cancel")
@login_required
def cancel(order_id):
    Orders().cancel(order_id)
    return {}
```

## Exempt

Plain storing and loading of one model, generic views, and projects without such a layer.

## Limits

The layer is evident when at least two thirds of the handlers with database work (settings) leave it to other modules.

## Peers

import-linter forbids imports, which does not help where the session is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Endpoint,
    EntryPoint,
    Finding,
    Level,
    Program,
    Rule,
    changed_models,
    decides_on_rows,
    one_per_handler,
    service_layer,
)

rule = Rule(code="TLS001", pattern="service-layer", level="warning")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Handlers with business rules about rows, in projects that have another place for them."""
    layer = service_layer(program)
    for endpoint in one_per_handler(program.each(Endpoint)):
        models = changed_models(endpoint)
        if not models or not (len(models) > 1 or decides_on_rows(endpoint)):
            continue
        declared = layer.is_declared_for(endpoint)
        if declared or layer.is_evident:
            yield finding(endpoint, models, layer.share, "warning" if declared else "preview")


def finding(endpoint: EntryPoint, models: tuple[str, ...], share: str, level: Level) -> Finding:
    names = ", ".join(f"`{model}`" for model in models)
    return rule.finding(
        endpoint,
        f"`{endpoint.label}` works on {names} in the handler; {share} handlers leave that to another layer",
        level=level,
        endpoint=endpoint.label,
    )
