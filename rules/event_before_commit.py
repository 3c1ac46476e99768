"""Subscribers are told of data that may never become real.

## What

A message to subscribers (a channel, a topic, a socket, a push service) goes out while the transaction with the write
that it announces is still open: inside its block, or between the write and the commit.

## Why

When the commit fails or the block is rolled back, the message cannot be called back. Even when it succeeds, a fast
subscriber asks for the row before it exists.

## Instead

Publish when the data is final.

```python flawed
import redis
from django.db import models, transaction

channel = redis.Redis()


class Order(models.Model):
    paid = models.BooleanField(default=False)


def pay(order: Order):
    with transaction.atomic():
        order.paid = True
        order.save()
        channel.publish("orders", order.pk)
```

```python sound
import redis
from django.db import models, transaction

channel = redis.Redis()


class Order(models.Model):
    paid = models.BooleanField(default=False)


def pay(order: Order):
    with transaction.atomic():
        order.paid = True
        order.save()
    channel.publish("orders", order.pk)
```

## Exempt

`on_commit` and after-commit callbacks, an outbox table, signals within the process, analytics, and what a WebSocket
handler answers to its own caller.

## Limits

A session that nobody is seen to commit is reported with low confidence. Where one call of the library leads to five
places or more (the setting `summary-count`), one finding stands for all.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Moment, Pair, Program, Rule, Timeline, misplaced

rule = Rule(code="TLR001", pattern="real-time-events", level="error", planned_fix="suggested")

NO_EVENTS = ("process", "analytics")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in misplaced(program, publishes):
        if not answers_its_own_caller(found):
            yield rule.finding(
                found,
                message(found),
                confidence=found.confidence,
                endpoint=found.endpoint,
                trail=found.trail,
            )


def publishes(_: Timeline, moment: Moment) -> bool:
    fact = moment.event.fact
    return moment.effect == "publish" and fact is not None and fact.service not in NO_EVENTS


def answers_its_own_caller(found: Pair) -> bool:
    entry, fact = found.operation.entry_point, found.moment.event.fact
    return entry is not None and entry.kind == "websocket" and fact is not None and fact.service == "socket"


def message(found: Pair) -> str:
    how = f"`{found.via}` publishes with" if found.via else "publishes with"
    about = f" of `{found.model}`" if found.model else ""
    return f"{how} `{found.api}` before the write{about} is committed{found.more}"
