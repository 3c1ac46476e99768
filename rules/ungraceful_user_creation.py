"""First sign-in can fail or double: look-up, then create, unprotected.

## What

Code looks an account up by the caller's identity and, when there is none, creates it; two first requests at the same time both find
nothing and both create.

## Why

The second one fails with a server error on a unique column, or the person has two accounts.

## Instead

Use an upsert or `get_or_create`, or catch the integrity error and read again.

```python flawed
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.http import JsonResponse
from django.urls import path
import firebase_admin.auth


class Account(AbstractUser):
    uid = models.CharField(max_length=64, unique=True)


def first_visit(request):
    claims = firebase_admin.auth.verify_id_token(request.headers["Authorization"])
    account = Account.objects.filter(uid=claims["uid"]).first()
    if account is None:
        account = Account.objects.create(uid=claims["uid"])
    return JsonResponse({"id": account.id})


urlpatterns = [path("visit", first_visit)]
```

```python sound
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.http import JsonResponse
from django.urls import path
import firebase_admin.auth


class Account(AbstractUser):
    uid = models.CharField(max_length=64, unique=True)


def first_visit(request):
    claims = firebase_admin.auth.verify_id_token(request.headers["Authorization"])
    account, _ = Account.objects.get_or_create(uid=claims["uid"])
    return JsonResponse({"id": account.id})


urlpatterns = [path("visit", first_visit)]
```

## Exempt

Upserts, `get_or_create`, on-conflict clauses, handlers for integrity errors.

## Limits

Only creation that follows from the caller's own identity counts; a registration form is another matter.

## Peers

No other linter looks at this.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Finding, Occurrence, Operation, Program, Rule, unprotected_account_creation

rule = Rule(code="TLA004", pattern="auth-database", level="warning")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """The call that creates the account, with the first operation that comes there."""
    seen: set[object] = set()
    for operation in program.each(Operation):
        if program.project.is_exempt(operation.path):
            continue
        creation = unprotected_account_creation(program, operation.occurrences)
        if creation is not None and (creation.path, creation.span) not in seen:
            seen.add((creation.path, creation.span))
            yield found(operation, creation)


def found(operation: Operation, creation: Occurrence) -> Finding:
    return rule.finding(
        creation,
        f"`{creation.event.model}` is created when a look-up finds none: of two first requests at once one fails, or both create it",
        confidence="medium",
        endpoint=operation.endpoint,
        trail=creation.trail,
    )
