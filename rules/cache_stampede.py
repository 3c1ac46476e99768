"""Many callers load an expired entry together.

## What

An endpoint reads through a cache with a bare look-up, load and store: no lock lets one caller load while the others
wait, and all entries live equally long.

## Why

The moment a popular entry ends, every request that is under way misses it, and all of them send the same expensive
query to the database.

## Instead

Let one caller load (a lock around it, with a second look inside), refresh early, or at least spread the lifetimes.

```python flawed
from django.core.cache import cache
from django.db import models
from django.http import JsonResponse
from django.urls import path


class Order(models.Model):
    paid = models.BooleanField()


def sold(request):
    pieces = cache.get("sold")
    if pieces is None:
        pieces = Order.objects.count()
        cache.set("sold", pieces, timeout=600)
    return JsonResponse({"sold": pieces})


urlpatterns = [path("sold/", sold)]
ROOT_URLCONF = __name__
```

```python sound
import random

from django.core.cache import cache
from django.db import models
from django.http import JsonResponse
from django.urls import path


class Order(models.Model):
    paid = models.BooleanField()


def sold(request):
    pieces = cache.get("sold")
    if pieces is None:
        pieces = Order.objects.count()
        cache.set("sold", pieces, timeout=600 + random.randint(0, 60))
    return JsonResponse({"sold": pieces})


urlpatterns = [path("sold/", sold)]
ROOT_URLCONF = __name__
```

## Exempt

Locks, entries that are added only once, helpers of libraries that lock, random parts in the lifetime.

## Limits

A block whose context manager is not known may be a lock.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Lookup, Program, Rule, stampedes

rule = Rule(code="TLC101", pattern="cache-aside", level="preview")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    seen: set[object] = set()
    for lookup in stampedes(program):
        if lookup.point.key not in seen:
            seen.add(lookup.point.key)
            yield rule.finding(lookup.point, message(lookup), endpoint=lookup.endpoint, trail=lookup.get.trail)


def message(lookup: Lookup) -> str:
    shapes = sorted(lookup.shapes)
    key = f"`{shapes[0]}`" if shapes else "the entry"
    return f"when {key} expires, all callers of `{lookup.endpoint}` load it at once"
