"""A retry never gives up, or hammers without a pause.

## What

A decorator or a loop repeats a call to another system with no limit on attempts or time, or with no pause between the
attempts.

## Why

When the other system is down for good, an endless retry holds the worker for ever. Without a pause, all callers
together keep it down.

## Instead

A few attempts, with a growing pause and some jitter.

```python flawed
import logging

import requests
from tenacity import retry

logger = logging.getLogger(__name__)


@retry(reraise=True)
def announce(text):
    requests.post("https://board.example/notes", json={"text": text}, timeout=5)


def announce_later(text):
    try:
        announce(text)
    except requests.RequestException:
        logger.exception("not announced: %s", text)
```

```python sound
import logging

import requests
from tenacity import retry, stop_after_attempt, wait_random_exponential

logger = logging.getLogger(__name__)


@retry(reraise=True, stop=stop_after_attempt(3), wait=wait_random_exponential(max=10))
def announce(text):
    requests.post("https://board.example/notes", json={"text": text}, timeout=5)


def announce_later(text):
    try:
        announce(text)
    except requests.RequestException:
        logger.exception("not announced: %s", text)
```

## Exempt

Loops that work through items or messages: their success does not end them. Libraries with bounds of their own
(stamina).

## Limits

Retry decorators that are kept in a variable are not looked at. Policies of clients (`urllib3.Retry`) are bounded.

## Peers

None of Bandit, Ruff, Pylint and Semgrep's registry looks at retries.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, LooseRetry, Program, Rule, loose_retries

rule = Rule(code="TLE101", pattern="error-boundary", level="warning")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for retry in loose_retries(program, program.each(Call)):
        if not program.project.is_exempt(retry.path):
            yield rule.finding(retry, message(retry))


def message(retry: LooseRetry) -> str:
    if retry.is_endless:
        return f"`{retry.api}` is tried again without end"
    return f"`{retry.api}` is tried again without a pause"
