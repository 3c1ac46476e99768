"""An answer 429 does not say when to come back.

## What

Code of the project answers 429 by hand and sends no `Retry-After`, or leaves out the limit headers that its other
answers 429 carry. A limiter of slowapi whose error has no registered handler is reported where the limiter is made.

## Why

A client that is turned away without a time tries again at once, which makes the load worse.

## Instead

Send `Retry-After` with the seconds to wait, and the same limit headers everywhere.

```python flawed
from fastapi import FastAPI, HTTPException

app = FastAPI()
calls: list[str] = []


@app.post("/reports")
def report() -> dict:
    if len(calls) > 100:
        raise HTTPException(status_code=429, detail="Too many requests")
    calls.append("report")
    return {}
```

```python sound
from fastapi import FastAPI, HTTPException

app = FastAPI()
calls: list[str] = []


@app.post("/reports")
def report() -> dict:
    if len(calls) > 100:
        raise HTTPException(status_code=429, detail="Too many requests", headers={"Retry-After": "60"})
    calls.append("report")
    return {}
```

## Exempt

Answers that a limiter of a library makes, and answers of other services that are only looked at.

## Limits

Headers that come from a variable or a call are believed to be complete.

## Peers

None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from threadly_lint.rule import Finding, Program, Refusal, Rule, refusals, unhandled_limiters

rule = Rule(code="TLL002", pattern="rate-limiting", level="warning", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Every hand-written answer 429, compared with the others of the project."""
    found = list(refusals(program))
    usual = usual_headers(found)
    for refusal in found:
        if not refusal.sure:
            continue
        if not refusal.says_when:
            yield rule.finding(refusal, "this answer 429 does not say when to come back: it has no `Retry-After`")
        elif missing := usual - refusal.limit_headers:
            names = ", ".join(f"`{name}`" for name in sorted(missing))
            yield rule.finding(refusal, f"this answer 429 lacks {names}, which the project's other answers 429 carry")


@rule.for_each(Program)
def check_limiters(program: Program, _: Program) -> Iterator[Finding]:
    """Limiters that raise an error for which no handler is registered."""
    for limiter in unhandled_limiters(program):
        message = (
            "no handler is registered for `RateLimitExceeded` of this limiter, so its answers 429 carry no headers"
        )
        yield rule.finding(limiter, message)


def usual_headers(found: list[Refusal]) -> frozenset[str]:
    """Limit headers that most of the project's answers 429 carry."""
    counts = Counter(header for refusal in found for header in refusal.limit_headers)
    return frozenset(header for header, count in counts.items() if count >= 2 and count > len(found) / 2)
