"""The other system's failure reaches the user raw.

## What

A call to another system (HTTP, mail, payment, storage, search, remote procedure) that can fail at any time, and on
some way to it nothing handles its errors: no handler in the function or in a caller, no decorator or context manager of
the project that catches them, no exception handler registered with the framework.

## Why

Networks fail. Without a boundary the user gets an unexplained 500, the log has no context, and what was half done
stays half done.

## Instead

Catch the client's errors where something sensible can be done: log with context, answer with 502 or 503.

```python flawed
import requests
from flask import Flask

app = Flask(__name__)


@app.get("/rates")
def rates():
    answer = requests.get("https://rates.example/today", timeout=10)
    answer.raise_for_status()
    return answer.json()
```

```python sound
import requests
from flask import Flask, abort

app = Flask(__name__)


@app.get("/rates")
def rates():
    try:
        answer = requests.get("https://rates.example/today", timeout=10)
        answer.raise_for_status()
    except requests.RequestException:
        app.logger.exception("no rates from the exchange")
        abort(502)
    return answer.json()
```

## Exempt

Tasks with a retry policy of their own, mails sent with `fail_silently`, work handed to threads and background queues,
start-up code. Catching and raising another error is handling; logging and raising the same one again is not, unless a
caller handles it.

## Limits

One finding for all calls of a function to one library. Code that nothing in the project calls is reported with medium
confidence, and not at all when something of its name is called inside a `try`; one finding stands for all where a folder
has ten such functions or more (twice the setting `summary-count`). Decorators that cannot be seen may be boundaries: low
confidence.

## Peers

None follows the call to its handlers in other functions. Pylint W0718 and Ruff BLE001 object to `except Exception`,
which is fine in an outermost boundary.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, ExposedCall, Finding, Level, Program, Rule, exposed_calls, folder_of, habits

rule = Rule(code="TLE001", pattern="error-boundary", level="error", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    found = exposed_calls(program, program.each(Call))
    for exposed, others in habits(program, ((exposed, kind(exposed)) for exposed in found)):
        yield rule.finding(
            exposed,
            message(exposed, others),
            level=level(exposed),
            confidence=exposed.confidence,
            endpoint=exposed.operation.endpoint,
            trail=exposed.trail,
        )


def kind(exposed: ExposedCall) -> object:
    """A client of another system that leaves all errors to its users is one thing to say; endpoints are told apart."""
    return "called by nobody" if exposed.operation.entry_point is None else exposed


def message(exposed: ExposedCall, others: int) -> str:
    more = f" (and {len(exposed.others)} more here)" if exposed.others else ""
    elsewhere = f"; it is so in {others} more functions of `{folder_of(exposed)}`" if others else ""
    return f"when `{exposed.api}`{more} fails, {handling(exposed)}{where(exposed)}{elsewhere}"


def handling(exposed: ExposedCall) -> str:
    if exposed.escape.caught:
        return f"only {', '.join(f'`{last(name)}`' for name in exposed.escape.caught)} is handled"
    if exposed.escape.raised_again:
        return "its error is only raised again"
    return "nothing handles its error"


def last(name: str) -> str:
    return name.rpartition(".")[2]


def where(exposed: ExposedCall) -> str:
    entry = exposed.operation.entry_point
    return f" on the way from `{entry.label}`" if entry is not None else ""


def level(exposed: ExposedCall) -> Level:
    entry = exposed.operation.entry_point
    return "error" if entry is None or entry.is_endpoint else "warning"
