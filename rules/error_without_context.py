"""The log of a failure names neither operation nor exception.

## What

A handler writes an error-level log line with a fixed text: no exception information, no value that tells which object or caller
was concerned, and nothing else in the handler passes the exception on.

## Why

Whoever reads the line knows that something failed, but neither why nor for whom, and the exception is gone.

## Instead

`logger.exception` with the values that identify the operation.

```python flawed
import logging
import smtplib

logger = logging.getLogger(__name__)


def send(server: smtplib.SMTP, address: str, text: str) -> None:
    try:
        server.sendmail("shop@example.org", [address], text)
    except smtplib.SMTPException:
        logger.error("Sending failed")
```

```python sound
import logging
import smtplib

logger = logging.getLogger(__name__)


def send(server: smtplib.SMTP, address: str, text: str) -> None:
    try:
        server.sendmail("shop@example.org", [address], text)
    except smtplib.SMTPException:
        logger.exception("Sending to %s failed", address)
```

## Exempt

Handlers that raise, report the exception elsewhere, or log it with `exc_info`; handlers of one exception of the project's
own, or of one that says it all (`FileNotFoundError`, `KeyError`, `DoesNotExist`).

## Limits

A fixed text with any value is believed to identify the operation.

## Peers

Ruff's TRY400 asks for `exception` instead of `error` in every handler, with or without context.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, Program, Rule, bare_failure_logs

rule = Rule(code="TLM004", pattern="monitoring-wrapper", level="preview", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """Each log line about a failure that has nothing but a fixed text."""
    for call in bare_failure_logs(program, program.each(Call)):
        yield rule.finding(
            call,
            f"`{call.event.api.rpartition('.')[2]}` logs a fixed text: neither the exception nor what it concerned is in it",
        )
