"""An external-facing endpoint has no limit on how often it may be called.

## What

Anybody can call an endpoint that signs callers in, hands out tokens, registers accounts, resets passwords, checks
codes, sends mail, stores uploads or writes rows for strangers, and nothing counts the calls: no decorator,
dependency, throttle class, middleware or default of a limiter on every way that leads to it. Such endpoints are
reported one by one. All others are summed up in one preview finding at their router or application when most of
them have no limit.

## Why

Passwords and codes can be guessed by trying, tables can be filled, and one caller uses up what all others need.

## Instead

Put the project's limiter on the endpoint, stricter than on ordinary reads, and answer 429 with `Retry-After`.

```python flawed
from flask import Flask, request, session
from werkzeug.security import check_password_hash

app = Flask(__name__)
passwords: dict[str, str] = {}


@app.post("/login")
def login():
    name = request.form["name"]
    if not check_password_hash(passwords.get(name, ""), request.form["password"]):
        return {}, 401
    session["name"] = name
    return {}
```

```python sound
from flask import Flask, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.security import check_password_hash

app = Flask(__name__)
limiter = Limiter(get_remote_address, app=app)
passwords: dict[str, str] = {}


@app.post("/login")
@limiter.limit("5 per minute")
def login():
    name = request.form["name"]
    if not check_password_hash(passwords.get(name, ""), request.form["password"]):
        return {}, 401
    session["name"] = name
    return {}
```

## Exempt

Endpoints behind an authentication check count in the summary only; health checks and signed webhooks need no limit.
A limit in front of the application is declared with the setting `gateway-limit`.

## Limits

What may be a limiter but cannot be seen, such as a decorator of an unknown library, lowers the confidence. Counters
that end in an answer other than 429 count when they are in a shared cache.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Endpoint,
    Finding,
    Program,
    Router,
    Rule,
    is_usual,
    one_per_handler,
    place_of,
    rate_limits,
    routers,
)

rule = Rule(code="TLL001", pattern="rate-limiting", level="warning", planned_fix="suggested")

NAMED_IN_SUMMARY = 3


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """What strangers could do too often, handler by handler."""
    if program.settings.gateway_limit:
        return
    openings = ((e, rate_limits(program).unlimited_opening(e)) for e in program.each(Endpoint))
    found = {e: what for e, what in openings if what is not None}
    for endpoint in one_per_handler(found):
        what = found[endpoint]
        message = f"`{endpoint.label}` {what.does} and nothing limits how often it is called"
        place = place_of(program, endpoint)
        yield rule.finding(place, message, confidence=what.confidence, endpoint=endpoint.label)


@rule.for_each(Program)
def sum_up(program: Program, _: Program) -> Iterator[Finding]:
    """All other endpoints without a limit: router by router, many routers together and small ones together."""
    if program.settings.gateway_limit:
        return
    small: list[Router] = []
    lacking: list[Router] = []
    for router in routers(program, program.each(Endpoint)):
        without = rate_limits(program).lacking(router.endpoints)
        (lacking if is_usual(program, len(without), len(router.endpoints)) else small).append(router)
    groups = [lacking] if len(lacking) >= program.settings.summary_count else [[router] for router in lacking]
    for group in groups:
        yield summary(group, program)
    yield from remaining(program, small)


def remaining(program: Program, small: list[Router]) -> Iterator[Finding]:
    """What strangers reach through small routers: one summary at the first, or one for each of few exceptions."""
    endpoints = [e for router in small for e in router.endpoints if not e.guards]
    without = rate_limits(program).lacking(endpoints)
    if is_usual(program, len(without), len(endpoints)) or len(without) >= program.settings.summary_count:
        yield summary(small, program)
        return
    for endpoint in without:
        place, message = place_of(program, endpoint), f"`{endpoint.label}` is open to everybody and has no rate limit"
        yield rule.finding(place, message, level="preview", confidence="medium", endpoint=endpoint.label)


def summary(group: list[Router], program: Program) -> Finding:
    """One finding at the first router for all of a group."""
    endpoints = [e for router in group for e in router.endpoints]
    without = rate_limits(program).lacking(endpoints)
    named = ", ".join(f"`{e.label}`" for e in without[:NAMED_IN_SUMMARY])
    message = f"{len(without)} of {len(endpoints)} endpoints have no rate limit, among them {named}"
    return rule.finding(group[0], message, level="preview")
