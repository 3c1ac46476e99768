"""The guard stands above the route decorator and protects nothing.

## What

A decorator that authenticates the caller is written above the decorator that registers the handler. Decorators apply from the bottom
up, so the route registers the bare function; what the guard returns is bound to the name and never called by the framework.

## Why

The code looks protected, reviewers pass it, and everybody may call it.

## Instead

Write the route decorator on top.

```python flawed
from flask import Flask
from flask_login import login_required

app = Flask(__name__)


@login_required
@app.route("/reports")
def reports():
    return {}
```

```python sound
from flask import Flask
from flask_login import login_required

app = Flask(__name__)


@app.route("/reports")
@login_required
def reports():
    return {}
```

## Exempt

Frameworks that register elsewhere (Django's URL configuration, route lists), where the order does not matter.

## Limits

Only decorators that are known or seen to guard are reported, not every decorator above a route.

## Peers

Semgrep's registry has a rule for Flask's `login_required` by name; this one follows any guard by what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Fix, Program, Rule, Span, SwapDecorators

rule = Rule(code="TLA006", pattern="auth-database", level="error", fix="unsafe")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """The lowest misplaced guard, with a fix that puts the route on top."""
    if not endpoint.misplaced_guards:
        return
    index = endpoint.misplaced_guards[-1]
    yield rule.finding(
        endpoint,
        f"The guard of `{endpoint.label}` stands above the decorator that registers the handler and is never applied",
        span=Span(*endpoint.function.decorators[index].span),
        endpoint=endpoint.label,
        fix=swap(endpoint, index),
    )


def swap(endpoint: Endpoint, index: int) -> Fix:
    """Exchange the guard and the registering decorator."""
    assert endpoint.registered_by is not None
    registering = endpoint.function.decorators.index(endpoint.registered_by)
    edit = SwapDecorators(endpoint.span.line, index, registering)
    return Fix("unsafe", "Move the route decorator above the guard", endpoint.path, (edit,))
