"""An endpoint that writes to the database declares no shape for the body it takes.

## What

The body is typed `dict` or `Any`, or read bare from the request, and no schema sees it. Its values are picked and
checked by hand, one at a time.

## Why

The shape exists only in the code that happens to read it: unknown fields pass, a missing one is found late, the API's
documentation cannot say what to send, and the next field is added without a check.

## Instead

Declare the body once, as a schema.

```python flawed
from typing import Any

from fastapi import FastAPI, HTTPException
from pymongo import MongoClient

app = FastAPI()
votes = MongoClient("mongodb://localhost").polls.votes


@app.post("/votes")  # threadly: public anyone may vote
def vote(body: dict[str, Any]) -> None:
    try:
        choice = int(body["choice"])
    except (KeyError, TypeError, ValueError):
        raise HTTPException(422) from None
    votes.insert_one({"choice": choice})
```

```python sound
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo import MongoClient

app = FastAPI()
votes = MongoClient("mongodb://localhost").polls.votes


class Vote(BaseModel):
    choice: int


@app.post("/votes")  # threadly: public anyone may vote
def vote(body: Vote) -> None:
    votes.insert_one({"choice": body.choice})
```

## Exempt

GraphQL, uploads, HTML forms, endpoints that pass the body on without storing it, signed webhooks, bodies that code
which cannot be seen is given: it may have checked them.

## Limits

Where raw data of the body reaches an effect unchecked, TLV001, TLV003 or TLV004 report that instead. Reads of single
query parameters are no body.

## Peers

None that know who writes: FastAPI's and Flask's own linters do not look at bodies.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, is_signed, request_flows, untyped_body

rule = Rule(code="TLV002", pattern="validation-pipeline", level="warning")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for an endpoint whose body is only checked by hand."""
    if endpoint.kind != "http" or is_signed(endpoint) or request_flows(program, endpoint):
        return
    taken = untyped_body(program, endpoint)
    if taken is not None:
        yield rule.finding(
            endpoint,
            f"`{endpoint.label}` writes to the database and takes a body without a declared shape (`{taken.event.api}`)",
            confidence="high" if not taken.calls[2:] else "medium",
            endpoint=endpoint.label,
            trail=taken.trail,
        )
