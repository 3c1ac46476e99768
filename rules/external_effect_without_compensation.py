"""Money is moved, then the write fails.

## What

An operation first makes another system change something (a payment, or a request that posts, puts, patches or deletes)
and writes its own rows afterwards. Nothing undoes the first when the second fails: no handler that refunds, cancels or
queues a repair, no row that was committed beforehand, no idempotency key with which the call could be repeated.

## Why

The commit is the last thing that can fail, and then the other system has done what nobody here knows of.

## Instead

Write down what is going to be done, do it, and write down the outcome; or give the call an idempotency key.

```python flawed
import stripe
from django.db import models


class PaymentFailed(Exception): ...


class Order(models.Model):
    charge = models.CharField(max_length=100)


def pay(order: Order, amount: int):
    try:
        charge = stripe.Charge.create(amount=amount, currency="eur")
    except stripe.StripeError as error:
        raise PaymentFailed from error
    order.charge = charge.id
    order.save()
```

```python sound
import stripe
from django.db import models


class PaymentFailed(Exception): ...


class Order(models.Model):
    charge = models.CharField(max_length=100)


def pay(order: Order, amount: int):
    try:
        charge = stripe.Charge.create(amount=amount, currency="eur", idempotency_key=f"order-{order.pk}")
    except stripe.StripeError as error:
        raise PaymentFailed from error
    order.charge = charge.id
    order.save()
```

## Exempt

Calls that only read, and calls inside a transaction (TLT001).

## Limits

Whether a compensation is complete is not judged. Plain HTTP requests that change something are reported with low
confidence: many of them only ask.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Coordination, Finding, Pair, Program, Rule

rule = Rule(code="TLT003", pattern="transaction-coordination", level="warning")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in Coordination(program).uncompensated():
        yield rule.finding(
            found,
            message(found),
            confidence=found.confidence,
            endpoint=found.endpoint,
            trail=found.trail,
        )


def message(found: Pair) -> str:
    what = f"`{found.via}` (`{found.api}`)" if found.via else f"`{found.api}`"
    about = f" of `{found.model}`" if found.model else ""
    return f"nothing takes back {what} when the later write{about} fails"
