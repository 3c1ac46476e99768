"""A write leaves a cached read stale.

## What

Rows of a model are read into a cache, and a writer of the model neither deletes the entry nor replaces it, before or
after it writes. Keys are compared by their constant parts, wherever they are built.

## Why

Readers see the old data until the entry expires, and each reader at another time.

## Instead

Do what the other writers do: forget the entry once the write is committed.

```python flawed
from django.core.cache import cache
from django.db import models


class Product(models.Model):
    price = models.IntegerField()


def key(product_id):
    return f"product:{product_id}"


def show(product_id):
    found = cache.get(key(product_id))
    if found is not None:
        return found
    product = Product.objects.get(pk=product_id)
    shown = {"id": product.pk, "price": product.price}
    cache.set(key(product_id), shown, timeout=3600)
    return shown


def revise(product_id, price):
    Product.objects.filter(pk=product_id).update(price=price)
```

```python sound
from django.core.cache import cache
from django.db import models


class Product(models.Model):
    price = models.IntegerField()


def key(product_id):
    return f"product:{product_id}"


def show(product_id):
    found = cache.get(key(product_id))
    if found is not None:
        return found
    product = Product.objects.get(pk=product_id)
    shown = {"id": product.pk, "price": product.price}
    cache.set(key(product_id), shown, timeout=3600)
    return shown


def revise(product_id, price):
    Product.objects.filter(pk=product_id).update(price=price)
    cache.delete(key(product_id))
```

## Exempt

Receivers of signals and wrappers that invalidate, entries that expire sooner than the setting `ttl-bound`, versioned
keys, and new rows where the entry holds a single row.

## Limits

An invalidation whose key cannot be seen counts for every key. Where no writer invalidates, one finding stands for all,
with medium confidence; with low confidence where the entry expires and is a mere count, comes from three models or more,
or has many writers (the setting `summary-count`). One finding also stands for all where so many writers forget it, and,
with medium confidence, where at least two writers and a quarter of them invalidate, but not most.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Program, Rule, Stale, stale_entries

rule = Rule(code="TLC002", pattern="cache-aside", level="warning", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    seen: set[object] = set()
    for stale in stale_entries(program):
        point = stale.lack.point
        if point.key not in seen:
            seen.add(point.key)
            yield rule.finding(
                point,
                message(stale),
                confidence=stale.confidence,
                endpoint=stale.lack.way.timeline.operation.endpoint,
                trail=stale.lack.way.write.trail,
            )


def message(stale: Stale) -> str:
    lack = stale.lack
    model, total = lack.way.model, len(lack.doers) + len(lack.lacking)
    more = f"; nor by {stale.others} more" if stale.others else ""
    if not lack.doers:
        return f"`{model}` is written, but none of its {total} writers invalidates the cached `{stale.entry}`"
    return (
        f"`{model}` is written, but the cached `{stale.entry}` is not invalidated, "
        f"as {len(lack.doers)} of {total} writers do{more}"
    )
