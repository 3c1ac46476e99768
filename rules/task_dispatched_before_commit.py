"""A worker may start before the row that it is to work on exists.

## What

A task is put into a queue while the transaction is still open, and it is given something of a row that the
transaction writes: the row's key, the row, something computed from it.

## Why

The queue is not part of the transaction. A fast worker looks for the row, finds nothing, and fails or, worse, works on
the old state. When the transaction is rolled back, the task runs for nothing.

## Instead

Hand over when the data is final.

```python flawed
from celery import shared_task
from django.db import models, transaction


class Order(models.Model):
    paid = models.BooleanField(default=False)


@shared_task
def send_receipt(order_id):
    print(order_id)


@transaction.atomic
def place():
    order = Order.objects.create()
    send_receipt.delay(order.pk)
```

```python sound
from celery import shared_task
from django.db import models, transaction


class Order(models.Model):
    paid = models.BooleanField(default=False)


@shared_task
def send_receipt(order_id):
    print(order_id)


@transaction.atomic
def place():
    order = Order.objects.create()
    transaction.on_commit(lambda: send_receipt.delay(order.pk))
```

## Exempt

Variants that wait for the commit (`delay_on_commit`, callbacks after the commit), and tasks whose arguments do not come
from what the transaction writes.

## Limits

Arguments are followed through the assignments of the function that hands over, not through other functions.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, gets_pending_row, misplaced

rule = Rule(code="TLT002", pattern="transaction-coordination", level="error", planned_fix="unsafe")

WAITS = "on_commit"


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in misplaced(program, hands_over):
        if gets_pending_row(found):
            yield rule.finding(
                found,
                message(found),
                confidence=found.confidence,
                endpoint=found.endpoint,
                trail=found.trail,
            )


def hands_over(_: Timeline, moment: Moment) -> bool:
    fact = moment.event.fact
    if fact is None or fact.name.endswith(WAITS):
        return False
    return moment.effect == "enqueue" or (moment.effect == "external-call" and fact.service == "queue")


def message(found: Pair) -> str:
    how = f"`{found.via}` hands over work with" if found.via else "hands over work with"
    about = f" of `{found.model}`" if found.model else ""
    return f"{how} `{found.api}` before the write{about} is committed{found.more}"
