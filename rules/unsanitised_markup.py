"""Validated is not sanitised: text from the request becomes markup.

## What

Text that a client sent is declared safe (`Markup`, `mark_safe`), used as a template, or put into a page by hand, and
nothing escapes it.

## Why

Whatever script is in the text runs in the browser of whoever sees the page. A type or a length says nothing about that.

## Instead

Leave it to a template that escapes, or escape it where the markup is built.

```python flawed
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI()


@app.get("/hello")
def hello(name: str) -> HTMLResponse:
    return HTMLResponse(f"<h1>Hello {name}</h1>")
```

```python sound
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import escape

app = FastAPI()


@app.get("/hello")
def hello(name: str) -> HTMLResponse:
    return HTMLResponse(f"<h1>Hello {escape(name)}</h1>")
```

## Exempt

Text that went through a sanitiser or an escaping function, numbers, values from an allow-list, responses of another
content type.

## Limits

What a template does with its variables (`|safe`) is not seen, nor text that comes back from the database.

## Peers

Bandit's B308 and B703 and Ruff's S308 report `mark_safe` whatever it is given; Semgrep's rules for Flask and Django
follow the text inside one function.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, markup_flows, source_words

rule = Rule(code="TLV005", pattern="validation-pipeline", level="warning", planned_fix="suggested")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for an endpoint: the first place where its text becomes markup."""
    for occurrence, sources in markup_flows(endpoint):
        yield rule.finding(
            occurrence,
            f"`{endpoint.label}` turns {source_words(sources)} into markup unescaped (`{occurrence.event.api.rpartition('.')[2]}`)",
            endpoint=endpoint.label,
            trail=occurrence.trail,
        )
        return
