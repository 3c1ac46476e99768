"""A service builds its own infrastructure client.

## What

A function that runs for each request makes an HTTP session, database engine, Redis or SDK client from settings, uses it and
drops it.

## Why

Every request pays for new connections, pools are of no use and may leak, and nobody can replace the client, not even a test.

## Instead

Make the client once where the application is composed, and hand it to whoever needs it.

```python flawed
import os

from flask import Flask
from redis import Redis

app = Flask(__name__)


@app.post("/visits")
def visit():
    redis = Redis.from_url(os.environ["REDIS_URL"])
    return {"visits": redis.incr("visits")}
```

```python sound
import os

from flask import Flask
from redis import Redis

app = Flask(__name__)
redis = Redis.from_url(os.environ["REDIS_URL"])


@app.post("/visits")
def visit():
    return {"visits": redis.incr("visits")}
```

## Exempt

Settings and module level, factories that return the client, providers that yield it, constructors that keep it, lifespan code,
remembered functions, short-lived clients in a `with` block or closed by hand, and clients that are made from the caller's data.

## Limits

Only code that endpoints reach is judged.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, OwnClient, Program, Rule, own_clients

rule = Rule(code="TLS003", pattern="service-layer", level="warning")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Each construction once, with the first endpoint that gets there."""
    known: dict[tuple[str, int], OwnClient] = {}
    for endpoint in program.each(Endpoint):
        for client in own_clients(endpoint):
            known.setdefault((client.path, client.span.line), client)
    for client in known.values():
        message = f"`{client.function.name}` makes its own client with `{client.api}` for each call"
        yield rule.finding(client, message, trail=client.trail)
