"""One writer of a model forgets the step that its siblings take.

## What

Most functions that write a model update the search index, tell subscribers, or add an audit row, as part of the write.
This one does not: neither itself nor a wrapper, callback or signal receiver.

## Why

A step that has to be remembered at every write is forgotten at one. What this writer changes stays invisible until
something else touches the row, and who changed it is not on record.

## Instead

Do what the siblings do, or put the step where no writer can miss it.

```python flawed
from django.db import models
from elasticsearch import Elasticsearch

search = Elasticsearch("https://search.example")


class Product(models.Model):
    price = models.IntegerField()


def create(price):
    product = Product.objects.create(price=price)
    search.index(index="products", id=product.pk, document={"price": price})


def revise(product: Product, price):
    product.price = price
    product.save()
    search.index(index="products", id=product.pk, document={"price": price})


def reduce_all(percent):
    Product.objects.filter(price__gt=100).update(price=percent)
```

```python sound
from django.db import models
from elasticsearch import Elasticsearch

search = Elasticsearch("https://search.example")


class Product(models.Model):
    price = models.IntegerField()


def create(price):
    product = Product.objects.create(price=price)
    search.index(index="products", id=product.pk, document={"price": price})


def revise(product: Product, price):
    product.price = price
    product.save()
    search.index(index="products", id=product.pk, document={"price": price})


def reduce(product: Product, percent):
    product.price = percent
    product.save()
    search.index(index="products", id=product.pk, document={"price": percent})
```

## Exempt

Bulk loaders and migrations; steps that go with another model. A forgotten invalidation is TLC002.

## Limits

"Most" means the settings `majority-share` and `majority-count`. A step belongs to a model when those who take it, through
the same helper or for the same index or channel, nearly always write that model. Audit rows are rows with the time at
which they are made that are only ever added, beside writes of at least two other models.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Lack, Program, Rule, forgotten_records, forgotten_steps

rule = Rule(code="TLX003", pattern="search-integration", level="warning", planned_fix="suggested")

STEPS = {"index-write": "update the search index", "publish": "publish an event"}


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for effect, step in STEPS.items():
        for lack in forgotten_steps(program, effect):
            yield found(lack, step)
    for record, lack in forgotten_records(program):
        yield found(lack, f"write the audit row `{record}`")


def found(lack: Lack, step: str) -> Finding:
    endpoint = lack.way.timeline.operation.endpoint
    return rule.finding(lack.point, message(lack, step), endpoint=endpoint, trail=lack.way.write.trail)


def message(lack: Lack, step: str) -> str:
    name, example = short_name(lack.point.symbol), short_name(lack.doers[0])
    total = len(lack.doers) + len(lack.lacking)
    return f"{len(lack.doers)} of {total} writers of `{lack.way.model}` {step}, as `{example}` does; `{name}` does not"


def short_name(symbol: str) -> str:
    """A function by its own name, a method with that of its class."""
    *_, owner, name = f".{symbol}".split(".")
    return f"{owner}.{name}" if owner[:1].isupper() else name
