"""Related writes can be half done.

## What

One operation writes two models and nothing holds the writes together: each commits by itself, or a commit stands
between them.

## Why

Whatever fails between the two, an error, a restart, a lost connection, leaves the first without the second.

## Instead

Put both into one transaction.

```python flawed
from django.db import models


class User(models.Model):
    active = models.BooleanField(default=True)


class Product(models.Model):
    seller = models.ForeignKey(User, on_delete=models.CASCADE)


def close_account(user: User):
    Product.objects.filter(seller=user).delete()
    user.active = False
    user.save()
```

```python sound
from django.db import models, transaction


class User(models.Model):
    active = models.BooleanField(default=True)


class Product(models.Model):
    seller = models.ForeignKey(User, on_delete=models.CASCADE)


def close_account(user: User):
    with transaction.atomic():
        Product.objects.filter(seller=user).delete()
        user.active = False
        user.save()
```

## Exempt

Requests that are one transaction, records of what was done (rows that are only ever added, beside writes of several
models or with nothing but the time and some words), writes of nothing but a time, rows made by `get_or_create` first,
which the next attempt finds, and commits with a call to another system between them: a transaction must not span that.

## Limits

Commits of one model, and commits in a loop, are not reported, nor is what stands in a `with` of which nothing is known.
These are reported with low confidence: methods that a library calls (`save`, `delete`, a form's or serializer's) and
functions that listen to signals where no caller is seen, since that one may hold the transaction; functions that nobody
seems to call where requests are transactions; commands that somebody starts by hand; work outside of requests that may
simply be done again (queries that set values or delete, rows that a loop finds), and jobs that write six models or more;
models that do not seem to be related, and writes that are far from each other. Where an application puts its operations
together from functions that commit by themselves, one finding stands for all of them.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Coordination, Finding, Pair, Program, Rule

rule = Rule(code="TLT004", pattern="transaction-coordination", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    found = list(Coordination(program).scattered())
    composed = [one for one in found if one.via and one.moment.effect == "commit" and one.certain]
    summed_up = composed[1:] if len(composed) >= program.settings.summary_count else []
    for one in found:
        if one not in summed_up:
            more = len(summed_up) if one in composed else 0
            yield rule.finding(
                one, message(one, more), confidence=one.confidence, endpoint=one.endpoint, trail=one.trail
            )


def message(found: Pair, more: int) -> str:
    line = found.write.points[found.level].span.line
    if found.moment.effect == "commit":
        how = f"`{found.via}`" if found.via else f"`{found.api}`"
        first, second = found.halves
        rest = f"; {more} more operations are put together from functions that commit" if more else ""
        return f"`{second}` is committed by {how} after `{first}` was committed by itself (line {line}){rest}"
    written = f"`{found.moment.event.model}` is written after `{found.model}` (line {line})"
    return f"{written} without a transaction around both"
