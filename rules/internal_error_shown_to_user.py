"""The answer carries the text of an internal exception.

## What

`str(error)`, `repr`, the exception itself or a traceback becomes part of what an endpoint answers.

## Why

Such texts name tables, hosts, paths, keys and library versions. They help an attacker and nobody else; users cannot act
on them, and they change with every upgrade.

## Instead

Log the exception and answer with a text of your own.

```python flawed
from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/tariffs")
async def tariffs() -> list[str]:
    try:
        with open("/var/shop/tariffs") as file:
            return file.readlines()
    except OSError as error:
        raise HTTPException(500, f"no tariffs: {error}") from error
```

```python sound
import logging

from fastapi import FastAPI, HTTPException

app = FastAPI()
logger = logging.getLogger(__name__)


@app.get("/tariffs")
async def tariffs() -> list[str]:
    try:
        with open("/var/shop/tariffs") as file:
            return file.readlines()
    except OSError as error:
        logger.exception("the tariffs cannot be read")
        raise HTTPException(500, "no tariffs") from error
```

## Exempt

Errors that were written for callers: exceptions of the project, validation errors, HTTP errors, and built-in ones that
the project itself raises in the guarded code. `ValueError` and its like in an answer that blames the request (4xx), and
there the exceptions of libraries nobody knows. What an exception carries beside its text. Branches that exist in
development only.

## Limits

One finding for each handler, at the answer. Texts that travel through a database or a queue are not followed. Where a
folder has ten such answers or more (twice the setting `summary-count`), one finding stands for all of them.

## Peers

CodeQL py/stack-trace-exposure follows tracebacks; Semgrep has rules for `str(e)` in Flask and Django answers by text,
without a look at what is caught.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import ErrorText, Finding, Operation, Program, Rule, error_texts, folder_of, habits

rule = Rule(code="TLE004", pattern="error-boundary", level="warning", planned_fix="suggested")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    found: dict[object, ErrorText] = {}
    for operation in program.each(Operation):
        for shown in error_texts(program, operation):
            if not program.project.is_exempt(shown.path):
                found.setdefault((shown.path, shown.span), shown)
    for shown, others in habits(program, ((shown, shown.is_traceback) for shown in found.values())):
        yield rule.finding(shown, message(shown, others), endpoint=shown.operation.endpoint, trail=shown.trail)


def message(shown: ErrorText, others: int) -> str:
    more = f" (and so do {others} more answers in `{folder_of(shown)}`)" if others else ""
    if shown.is_traceback:
        return f"`{shown.operation.endpoint}` answers with a traceback{more}"
    names = ", ".join(f"`{name.rpartition('.')[2]}`" for name in shown.classes)
    return f"`{shown.operation.endpoint}` answers with the text of an internal error ({names}){more}"
