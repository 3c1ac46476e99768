"""The cache is cleared before the data is final.

## What

A cached entry is deleted, or set to fresh data, while the transaction with the write is still open.

## Why

Between the invalidation and the commit another request misses the cache, loads the old row and stores it again. After
the commit the cache is stale, and nobody clears it any more. Fresh data that is set early stays when the transaction is
rolled back.

## Instead

Invalidate after the commit.

```python flawed
from django.core.cache import cache
from django.db import models, transaction


class Product(models.Model):
    price = models.IntegerField()


@transaction.atomic
def revise(product: Product, price: int):
    product.price = price
    product.save()
    cache.delete(f"product:{product.pk}")
```

```python sound
from django.core.cache import cache
from django.db import models, transaction


class Product(models.Model):
    price = models.IntegerField()


@transaction.atomic
def revise(product: Product, price: int):
    product.price = price
    product.save()
    transaction.on_commit(lambda: cache.delete(f"product:{product.pk}"))
```

## Exempt

`on_commit` and after-commit callbacks, filling the cache on a miss, counters and locks, and what a general store holds
beside cached values.

## Limits

A session that nobody is seen to commit is reported with low confidence. Where one call of the library leads to five
places or more (the setting `summary-count`), one finding stands for all.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Caches,
    Finding,
    Moment,
    Pair,
    Program,
    Rule,
    Timeline,
    caches,
    gets_pending_row,
    misplaced,
)

rule = Rule(code="TLC003", pattern="cache-aside", level="warning", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    known = caches(program)
    for found in misplaced(program, lambda timeline, moment: invalidates(known, timeline, moment)):
        if not concerns(known, found):
            continue
        yield rule.finding(
            found,
            message(found),
            confidence=found.confidence,
            endpoint=found.endpoint,
            trail=found.trail,
        )


def invalidates(known: Caches, timeline: Timeline, moment: Moment) -> bool:
    if moment.effect == "cache-delete":
        return known.is_cache(moment)
    return moment.effect == "cache-set" and known.replaces(timeline, moment)


def concerns(known: Caches, found: Pair) -> bool:
    """Whether what is set is about what is written; nobody deletes an entry for another reason."""
    is_about_row = gets_pending_row(found) or known.is_made_of(found.moment, found.model)
    return found.moment.effect == "cache-delete" or is_about_row or known.is_version(found.moment)


def message(found: Pair) -> str:
    how = f"`{found.via}` changes the cache with" if found.via else "changes the cache with"
    about = f" of `{found.model}`" if found.model else ""
    return f"{how} `{found.api}` before the write{about} is committed{found.more}"
