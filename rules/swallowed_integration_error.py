"""An integration's error disappears.

## What

A handler around a call to another system, or around the database, takes every failure and tells nobody: no log entry
with the exception, no capture, nothing raised, no answer that says so. `contextlib.suppress` is such a handler.

## Why

The feature stops working and nobody notices. When somebody does, there is nothing to look at.

## Instead

Log with the exception, and go on only where the work is really optional.

```python flawed
import requests


def rating(book):
    try:
        answer = requests.get(f"https://ratings.example/{book}", timeout=5)
        answer.raise_for_status()
        return answer.json()["stars"]
    except requests.RequestException:
        return None
```

```python sound
import logging

import requests

logger = logging.getLogger(__name__)


def rating(book):
    try:
        answer = requests.get(f"https://ratings.example/{book}", timeout=5)
        answer.raise_for_status()
        return answer.json()["stars"]
    except requests.RequestException:
        logger.exception("no rating for %s", book)
        return None
```

## Exempt

Handlers of one expected answer (`NotFoundError`, `IntegrityError`, a lock asked for with `nowait`), handlers that use the
exception, that call anything which may report it, that answer with an error, or that wait for the next round of a retry
loop. Documented best effort: suppress the finding with the reason.

## Limits

A handler that only logs at error level without the exception is left to `error-without-context`. Where a folder has ten
such handlers or more (twice the setting `summary-count`), one finding stands for all of them.

## Peers

Ruff S110, S112, BLE001, Bandit B110, B112 and Pylint W0718 judge `except Exception` alone, whatever it protects; Ruff
SIM105 even proposes `contextlib.suppress`.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, Program, Rule, Swallowed, folder_of, habits, swallowed_errors

rule = Rule(code="TLE003", pattern="error-boundary", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    found = (s for s in swallowed_errors(program, program.each(Call)) if not program.project.is_exempt(s.path))
    for swallowed, others in habits(program, ((s, s.is_of_database) for s in found)):
        yield rule.finding(swallowed, message(swallowed, others), trail=swallowed.trail)


def message(swallowed: Swallowed, others: int) -> str:
    more = f" (and {others} more in `{folder_of(swallowed)}`)" if others else ""
    return f"the error of `{swallowed.event.api}` disappears here{more}: no log entry carries it, nothing captures, raises or answers it"
