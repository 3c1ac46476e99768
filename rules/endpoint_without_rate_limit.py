"""An external-facing endpoint has no limit on how often it may be called.

## What

Anybody can call an endpoint that signs callers in, hands out tokens, registers accounts, resets passwords, checks
codes, sends mail, stores uploads or writes rows for strangers, and nothing counts the calls: no decorator,
dependency, throttle class, middleware or default of a limiter on every way that leads to it. Such endpoints are
reported one by one. All others are summed up in one preview finding at their router or application when most of
them have no limit.

## Why

Without a limit passwords and codes can be guessed by trying, mailboxes and tables can be filled, and one caller can
use up what all others need.

## Instead

Put the project's limiter on the endpoint, stricter than on ordinary reads, and answer 429 with `Retry-After`.

```python flawed
from flask import Flask, request
from flask_mail import Mail, Message

app = Flask(__name__)
mail = Mail(app)


@app.post("/contact")
def contact():
    mail.send(Message("Thank you", recipients=[request.form["address"]]))
    return {}
```

```python sound
from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail, Message

app = Flask(__name__)
mail = Mail(app)
limiter = Limiter(get_remote_address, app=app)


@app.post("/contact")
@limiter.limit("5 per hour")
def contact():
    mail.send(Message("Thank you", recipients=[request.form["address"]]))
    return {}
```

## Exempt

Endpoints behind an authentication check count in the summary only; health checks and signed webhooks need no limit.
A limit in front of the application is declared with the setting `gateway-limit`.

## Limits

What may be a limiter but cannot be seen, such as a decorator of an unknown library, lowers the confidence. Counters
that end in an answer other than 429 are not recognised.

## Peers

None: linters look at single calls, and a missing limit shows only over all layers of an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Endpoint,
    EntryPoint,
    Finding,
    Program,
    Router,
    Rule,
    opening,
    place_of,
    rate_limits,
    routers,
)

rule = Rule(code="TLL001", pattern="rate-limiting", level="warning", planned_fix="suggested")

NAMED_IN_SUMMARY = 3


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """What strangers could do too often, endpoint by endpoint."""
    found = opening(endpoint) if not program.settings.gateway_limit else None
    if found is None or (limited := rate_limits(program).of(endpoint, found)) == "yes":
        return
    yield rule.finding(
        place_of(program, endpoint),
        f"`{endpoint.label}` {found.does} and nothing limits how often it is called",
        confidence=found.confidence if limited == "no" else "low",
        endpoint=endpoint.label,
    )


@rule.for_each(Program)
def sum_up(program: Program, _: Program) -> Iterator[Finding]:
    """All other endpoints without a limit: router by router, those of small routers together."""
    if program.settings.gateway_limit:
        return
    small: list[Router] = []
    for router in routers(program, program.each(Endpoint)):
        without = [e for e in router.endpoints if lacks_limit(e, program)]
        if is_usual(program, without, router.endpoints):
            yield summary(router, without, router.endpoints)
        else:
            small.append(router)
    yield from remaining(program, small)


def remaining(program: Program, small: list[Router]) -> Iterator[Finding]:
    """What strangers reach through small routers: one summary at the first, or one finding for each exception."""
    endpoints = tuple(e for router in small for e in router.endpoints if not e.guards)
    without = [e for e in endpoints if lacks_limit(e, program)]
    if is_usual(program, without, endpoints):
        yield summary(small[0], without, endpoints)
        return
    for endpoint in without:
        message = f"`{endpoint.label}` is open to everybody and has no rate limit"
        yield rule.finding(
            place_of(program, endpoint), message, level="preview", confidence="medium", endpoint=endpoint.label
        )


def lacks_limit(endpoint: EntryPoint, program: Program) -> bool:
    """Whether an endpoint that is not reported by itself goes without limit; health checks may."""
    if not endpoint.runs or endpoint.public == "health check" or opening(endpoint) is not None:
        return False
    return rate_limits(program).of(endpoint) == "no"


def is_usual(program: Program, without: list[EntryPoint], endpoints: tuple[EntryPoint, ...]) -> bool:
    """Whether there are many and most of them lack a limit, so that one finding says it for all."""
    settings = program.settings
    return len(without) >= settings.summary_count and len(without) >= settings.majority_share * len(endpoints)


def summary(router: Router, without: list[EntryPoint], endpoints: tuple[EntryPoint, ...]) -> Finding:
    named = ", ".join(f"`{e.label}`" for e in without[:NAMED_IN_SUMMARY])
    message = f"{len(without)} of {len(endpoints)} endpoints have no rate limit, among them {named}"
    return rule.finding(router, message, level="preview")
