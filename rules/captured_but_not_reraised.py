"""The monitor hides the failure from the caller.

## What

A handler reports the error to the monitoring tool and then returns nothing, or something empty, in the place of the result. The
caller cannot tell the failure from an empty result.

## Why

Monitoring watches a failure, it does not handle it. Whoever called goes on with wrong data: an empty list is shown, cached or
stored as if it were true.

## Instead

Report the error and raise it again, or turn it into an error that callers know.

```python flawed
import sentry_sdk
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session


def titles(session: Session) -> list:
    try:
        return list(session.execute("select title from books"))
    except SQLAlchemyError as error:
        sentry_sdk.capture_exception(error)
        return []
```

```python sound
import sentry_sdk
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session


def titles(session: Session) -> list:
    try:
        return list(session.execute("select title from books"))
    except SQLAlchemyError as error:
        sentry_sdk.capture_exception(error)
        raise
```

## Exempt

Boundaries that answer with an error, handlers in a loop that lose one round only, and operations that have no result.

## Limits

Only empty substitutes (`None`, `[]`, `{}`, `""`) are certain to hide a failure; other values may be answers.

## Peers

None: Ruff's BLE001 and Pylint's W0718 object to the breadth of a handler, not to what it hides.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, Program, Rule, hidden_failures

rule = Rule(code="TLM002", pattern="monitoring-wrapper", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Each handler that captures and then gives back something empty."""
    for failure in hidden_failures(program.each(Call)):
        message = f"the error is captured, but the caller gets `{failure.answer}` as if nothing had happened"
        yield rule.finding(failure, message)
