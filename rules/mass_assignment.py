"""A whole request mapping is poured into a model.

## What

The keys of a request body decide which columns are written: `Model(**data)`, `.update(**data)`, a `setattr` loop over
the body, or a form or serializer that takes every column of its model.

## Why

A client that adds `"is_admin": true` or another owner's id to the body sets that column.

## Instead

Name the columns: an input schema of its own, chosen keys, or explicit `fields`.

```python flawed
from flask import Flask, request
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Account(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    is_admin = db.Column(db.Boolean, default=False)


@app.post("/accounts")
@login_required
def create():
    db.session.add(Account(**request.get_json()))
    db.session.commit()
    return {}, 201
```

```python sound
from flask import Flask, request
from flask_login import login_required
from flask_sqlalchemy import SQLAlchemy
from pydantic import BaseModel

app = Flask(__name__)
db = SQLAlchemy(app)


class Account(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    is_admin = db.Column(db.Boolean, default=False)


class NewAccount(BaseModel):
    name: str


@app.post("/accounts")
@login_required
def create():
    db.session.add(Account(**NewAccount(**request.get_json()).model_dump()))
    db.session.commit()
    return {}, 201
```

## Exempt

The dump of an input schema, mappings whose keys the code chose, serializers that are only read with, forms of the admin
site.

## Limits

A deny-list (`data.pop("is_admin")`) is not believed: the next column is forgotten in it.

## Peers

Semgrep has `django` and `rails` style mass-assignment rules for the direct call only. Pylint and Ruff have none;
django-upgrade and flake8-django's DJ007 object to `fields = "__all__"` in forms, whatever reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Flow, OpenInput, Program, Rule, open_inputs, request_flows

rule = Rule(code="TLV004", pattern="validation-pipeline", level="error")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """One finding for each place where a mapping is poured, and for each class that takes every column."""
    endpoints = list(program.each(Endpoint))
    seen: set[tuple[str, int]] = set()
    for flow in (f for endpoint in endpoints for f in request_flows(program, endpoint) if f.poured):
        place = flow.occurrence.path, flow.occurrence.span.line
        if place not in seen:
            seen.add(place)
            yield poured(flow)
    yield from (taking_everything(found) for found in open_inputs(program, endpoints))


def poured(flow: Flow) -> Finding:
    label, model = flow.endpoint.label, flow.occurrence.event.model
    return rule.finding(
        flow.occurrence,
        f"`{label}` lets the keys of its {flow.source_names} decide which columns of `{model}` are set",
        endpoint=label,
        trail=flow.trail,
    )


def taking_everything(found: OpenInput) -> Finding:
    return rule.finding(
        found,
        f"`{found.info.name}` takes every column of its model from `{found.endpoint}`",
        endpoint=found.endpoint,
    )
