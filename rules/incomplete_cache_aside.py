"""Half of cache-aside is missing: what is loaded is never stored, or a hit counts as a miss.

## What

Either a function asks a cache, loads the value on a miss and leaves it at that, while nothing else in the program
stores anything under this key. Or it tests the cached value for truth, so that a cached `0`, `""`, `False` or `[]` is
loaded again every time.

## Why

Both look like a cache and cost like none: each call asks the cache and then the database.

## Instead

Store what was loaded, and compare with what the cache answers on a miss.

```python flawed
from django.core.cache import cache
from django.db import models


class Order(models.Model):
    seller = models.IntegerField()


def sold(seller: int) -> int:
    found = cache.get(f"sold:{seller}")
    if found:
        return found
    pieces = Order.objects.filter(seller=seller).count()
    cache.set(f"sold:{seller}", pieces, timeout=600)
    return pieces
```

```python sound
from django.core.cache import cache
from django.db import models


class Order(models.Model):
    seller = models.IntegerField()


def sold(seller: int) -> int:
    found = cache.get(f"sold:{seller}")
    if found is not None:
        return found
    pieces = Order.objects.filter(seller=seller).count()
    cache.set(f"sold:{seller}", pieces, timeout=600)
    return pieces
```

## Exempt

Values that are never false (rows, filled mappings, the bytes that a store returns), keys that something else fills,
and look-ups whose result is not the function's result.

## Limits

Where nothing is known of the value the confidence is low.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Lookup, Program, Rule, never_stored, tested_for_truth

rule = Rule(code="TLC005", pattern="cache-aside", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    seen: set[object] = set()
    for lookup in never_stored(program):
        if lookup.point.key not in seen:
            seen.add(lookup.point.key)
            message = f"{key(lookup)} is looked up and loaded on a miss, but nothing ever stores it"
            yield rule.finding(lookup.point, message, endpoint=lookup.endpoint, trail=lookup.get.trail)
    for lookup, confidence in tested_for_truth(program):
        if lookup.point.key not in seen:
            seen.add(lookup.point.key)
            message = f"a cached value of {key(lookup)} that is empty or zero counts as a miss"
            yield rule.finding(
                lookup.point, message, confidence=confidence, endpoint=lookup.endpoint, trail=lookup.get.trail
            )


def key(lookup: Lookup) -> str:
    shapes = sorted(lookup.shapes)
    return f"`{shapes[0]}`" if shapes else "this key"
