"""The compensation's own failure is not handled.

## What

A handler takes back what was done, by a write or a call to another system, and lets the error go on. When the
compensation itself fails, its error replaces the first one, and nobody learns that something was left half done.

## Why

Compensations run when things are going wrong already: the time at which they are most likely to fail.

## Instead

Catch and log the failure of the compensation, then raise the first error.

```python flawed
import stripe
from django.db import models


class PaymentFailed(Exception): ...


class Order(models.Model):
    paid = models.BooleanField(default=False)


def pay(order: Order, amount: int):
    try:
        charge = stripe.Charge.create(amount=amount, currency="eur", idempotency_key=str(order.pk))
    except stripe.StripeError as error:
        raise PaymentFailed from error
    try:
        order.paid = True
        order.save()
    except Exception:
        stripe.Refund.create(charge=charge.id)
        raise
```

```python sound
import logging

import stripe
from django.db import models


class PaymentFailed(Exception): ...


class Order(models.Model):
    paid = models.BooleanField(default=False)


def pay(order: Order, amount: int):
    try:
        charge = stripe.Charge.create(amount=amount, currency="eur", idempotency_key=str(order.pk))
    except stripe.StripeError as error:
        raise PaymentFailed from error
    try:
        order.paid = True
        order.save()
    except Exception:
        try:
            stripe.Refund.create(charge=charge.id)
        except stripe.StripeError:
            logging.exception("the charge %s was not refunded", charge.id)
        raise
```

## Exempt

Handlers that end normally, rollbacks of the database session, messages to people, and rows that only say what has
happened: those that the handler or its helper makes, those that the handler itself sets a column of, those that get a
word for failure ("failed", "error"), and those that it saves where somebody is told of the failure. So is a change with
which the `try` ends: once it is made, nothing there fails.

## Limits

Only handlers that raise at their end are judged, and only what they change in rows of a model, or in another system,
that was changed before.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Program, Rule, Undoing, frail_compensations

rule = Rule(code="TLT005", pattern="transaction-coordination", level="preview", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for found in frail_compensations(program):
        yield rule.finding(
            found.point,
            message(found),
            endpoint=found.timeline.operation.endpoint,
            trail=found.moment.trail,
        )


def message(found: Undoing) -> str:
    model = found.moment.event.model
    what = f"changes `{model}` back" if model else "takes back an earlier change"
    return f"`{found.point.written}` {what} after a failure; when it fails itself, its error hides the first one"
