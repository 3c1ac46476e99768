"""A cached value never expires.

## What

A value is put into a cache and nothing says when it ends: no expiry in the call, none by default, an explicit "never",
and no `expire` on the same key afterwards. In a general store such as Redis this is about entries that are used as a
cache: looked up first, loaded and stored when they are missing.

## Why

The day somebody forgets to invalidate it, a value without an end is wrong for ever, and entries that nobody asks for
any more fill the memory.

## Instead

Give every entry a lifetime that its readers can live with.

```python flawed
from django.core.cache import cache


def remember_rates(rates):
    cache.set("rates", rates, timeout=None)
```

```python sound
from django.core.cache import cache


def remember_rates(rates):
    cache.set("rates", rates, timeout=600)
```

## Exempt

Clients with a default lifetime, `expire` on the same key later on, locks (`nx`, `add`), counters, queues, and whatever
else a store holds that is not looked up and loaded on a miss.

## Limits

A lifetime that cannot be seen is taken for one.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Everlasting, Finding, Program, Rule, everlasting

rule = Rule(code="TLC001", pattern="cache-aside", level="error", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in everlasting(program):
        yield rule.finding(
            found,
            message(found),
            confidence=found.confidence,
            endpoint=found.timeline.operation.endpoint,
            trail=found.trail,
        )


def message(found: Everlasting) -> str:
    if found.via:
        return (
            f"`{found.via}` is given no lifetime for what it keeps with `{found.api}`: the cached value never expires"
        )
    return f"the value that `{found.api}` keeps never expires"
