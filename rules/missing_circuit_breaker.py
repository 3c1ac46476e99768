"""An external call goes past the project's circuit breaker.

## What

The project guards calls to a system with a circuit breaker, and this call reaches the same system without it.

## Why

A breaker protects the other system and the own workers only if all calls go through it: one that does not keeps
hammering a system that is down, and waits for it.

## Instead

Put the same breaker around every call to the system, best in the one client that all use.

```python flawed
import requests
from circuitbreaker import circuit


class Down(Exception):
    pass


@circuit(failure_threshold=5)
def book(order):
    try:
        requests.post("https://parcels.example/orders", json=order, timeout=5)
    except requests.RequestException as error:
        raise Down from error


def cancel(order):
    try:
        requests.delete(f"https://parcels.example/orders/{order['id']}", timeout=5)
    except requests.RequestException as error:
        raise Down from error
```

```python sound
import requests
from circuitbreaker import circuit


class Down(Exception):
    pass


@circuit(failure_threshold=5)
def book(order):
    try:
        requests.post("https://parcels.example/orders", json=order, timeout=5)
    except requests.RequestException as error:
        raise Down from error


@circuit(failure_threshold=5)
def cancel(order):
    try:
        requests.delete(f"https://parcels.example/orders/{order['id']}", timeout=5)
    except requests.RequestException as error:
        raise Down from error
```

## Exempt

Projects without a breaker, and systems that none of its breakers guards.

## Limits

Systems are told apart by the client object, the host of the address or the vendor's library; an address that is put
together from settings is no known system.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import BypassedBreaker, Call, Finding, Program, Rule, bypassed_breakers

rule = Rule(code="TLE102", pattern="error-boundary", level="preview", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for bypassed in bypassed_breakers(program, program.each(Call)):
        yield rule.finding(
            bypassed.call,
            message(bypassed),
            endpoint=bypassed.operation.endpoint,
            trail=bypassed.occurrence.trail,
        )


def message(bypassed: BypassedBreaker) -> str:
    guarded = bypassed.guarded
    place = f"`{guarded.function.qualname}` ({guarded.path}, line {guarded.span.line})"
    return f"`{bypassed.call.event.api}` goes past the circuit breaker that guards the same system in {place}"
