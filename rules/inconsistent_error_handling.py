"""This operation does by hand what the project's error boundary does.

## What

The project has an error boundary (a decorator, a context manager, or a function that runs the callable it is given
inside a `try`), and most calls to other systems go through it. This one catches everything itself.

## Why

Two ways to log, capture and answer drift apart. The next improvement of the boundary misses this place.

## Instead

Use the boundary.

```python flawed
import functools
import logging

import requests

logger = logging.getLogger(__name__)


class Down(Exception):
    pass


def shielded(function):
    @functools.wraps(function)
    def run(*args):
        try:
            return function(*args)
        except Exception as error:
            logger.exception("%s failed", function.__name__)
            raise Down from error

    return run


@shielded
def announce(text):
    requests.post("https://board.example/notes", json={"text": text}, timeout=5)


@shielded
def book(order):
    requests.post("https://parcels.example/orders", json=order, timeout=5)


@shielded
def praise(book):
    requests.put(f"https://ratings.example/{book}", json={"stars": 5}, timeout=5)


def reorder(article):
    try:
        requests.post("https://stock.example/orders", json={"article": article}, timeout=5)
    except Exception as error:
        logger.exception("no order for %s", article)
        raise Down from error
```

```python sound
import functools
import logging

import requests

logger = logging.getLogger(__name__)


class Down(Exception):
    pass


def shielded(function):
    @functools.wraps(function)
    def run(*args):
        try:
            return function(*args)
        except Exception as error:
            logger.exception("%s failed", function.__name__)
            raise Down from error

    return run


@shielded
def announce(text):
    requests.post("https://board.example/notes", json={"text": text}, timeout=5)


@shielded
def book(order):
    requests.post("https://parcels.example/orders", json=order, timeout=5)


@shielded
def praise(book):
    requests.put(f"https://ratings.example/{book}", json={"stars": 5}, timeout=5)


@shielded
def reorder(article):
    requests.post("https://stock.example/orders", json={"article": article}, timeout=5)
```

## Exempt

Handlers for some errors only, handlers that raise the same error again, and handlers that go on where the boundary
raises.

## Limits

Majority means the share and count of the settings, over functions that call other systems.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, HandRolled, Program, Rule, hand_rolled_boundaries

rule = Rule(code="TLE006", pattern="error-boundary", level="preview", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for rolled in hand_rolled_boundaries(program, program.each(Call)):
        if not program.project.is_exempt(rolled.path):
            yield rule.finding(rolled, message(rolled), trail=rolled.trail)


def message(rolled: HandRolled) -> str:
    return (
        f"`{rolled.function.qualname}` handles all errors of `{rolled.event.api}` by hand, "
        f"most operations leave that to `{rolled.boundary.qualname}`"
    )
