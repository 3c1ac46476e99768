"""A duration is measured with a clock that can jump.

## What

Two readings of `time.time()`, `datetime.now()`, `datetime.utcnow()` or Django's `timezone.now()` in one function are subtracted.

## Why

The clock on the wall is set by time servers and by people, and it may go backwards. Durations, time limits and metrics that are
taken from it are wrong just then, and may be negative.

## Instead

Take both readings from `time.perf_counter()` (or `time.monotonic()` for time limits).

```python flawed
import time


def work(steps: list) -> float:
    started = time.time()
    for step in steps:
        step()
    return time.time() - started
```

```python sound
import time


def work(steps: list) -> float:
    started = time.perf_counter()
    for step in steps:
        step()
    return time.perf_counter() - started
```

## Exempt

Differences to timestamps that come from elsewhere: parameters, attributes, rows. They have to be compared with the wall clock.

## Limits

A reading that is kept in an attribute and subtracted in another function is not seen.

## Peers

None in Ruff, Bandit or Pylint; the DTZ rules of Ruff are about time zones.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Function, Program, Rule, wall_clock_durations

rule = Rule(code="TLM003", pattern="monitoring-wrapper", level="warning", planned_fix="safe")


@rule.for_each(Function)
def check(function: Function, program: Program) -> Iterator[Finding]:
    """The first duration of a function; the others have the same remedy."""
    if program.project.is_exempt(function.path):
        return
    duration = next(wall_clock_durations(program, function), None)
    if duration is not None:
        yield rule.finding(duration, f"this duration is measured with `{duration.clock}`, a clock that can jump")
