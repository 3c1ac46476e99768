"""Request data is validated, but too late, beside its use, or without looking at the verdict.

## What

The body passes a schema, and yet the raw body is what reaches the database, another system or a path: the effect comes
before the schema, or it takes the raw mapping although the validated one is at hand. Or the schema only answers true or
false, and nobody looks at the answer.

## Why

A check that does not stand between the data and its use checks nothing, and it looks as if it did.

## Instead

Parse first, then use nothing but the result.

```python flawed
from flask import Flask, request
from flask_login import login_required
from pydantic import BaseModel
from pymongo import MongoClient

app = Flask(__name__)
notes = MongoClient("mongodb://localhost").desk.notes


class Note(BaseModel):
    text: str


@app.post("/notes")
@login_required
def add():
    data = request.get_json()
    Note.model_validate(data)
    notes.insert_one({"text": data["text"]})
    return {}, 201
```

```python sound
from flask import Flask, request
from flask_login import login_required
from pydantic import BaseModel
from pymongo import MongoClient

app = Flask(__name__)
notes = MongoClient("mongodb://localhost").desk.notes


class Note(BaseModel):
    text: str


@app.post("/notes")
@login_required
def add():
    note = Note.model_validate(request.get_json())
    notes.insert_one({"text": note.text})
    return {}, 201
```

## Exempt

Validators that check data in place (`jsonschema.validate`, or `if not validator.validate(data): raise` in a hook): what
passed them may be used. Look-ups before the schema. Signed webhooks.

## Limits

Only schemas for whole mappings count. A single field that is checked with `UUID` or an enumeration says nothing about
the others. The text of a whole body kept beside its parsed form, as for an audit, has low confidence.

## Peers

Pylint's `expression-not-assigned` and Ruff's B018 see ignored expressions, not ignored calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Endpoint,
    Finding,
    Flow,
    Occurrence,
    Program,
    Rule,
    ignored_verdict,
    is_signed,
    request_flows,
)

rule = Rule(code="TLV003", pattern="validation-pipeline", level="warning", planned_fix="unsafe")

HOW = {
    "checked later": "before it is validated",
    "checked beside": "raw, although it has been validated",
}


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    """For each endpoint the first effect on the wrong side of the schema, else each verdict that is ignored, once."""
    seen: set[object] = set()
    for endpoint in program.each(Endpoint):
        if is_signed(endpoint):
            continue
        flow = next((f for f in request_flows(program, endpoint) if is_misplaced(f)), None)
        if flow is not None:
            yield misplaced(endpoint, flow)
            continue
        asked = next((o for run in endpoint.runs for o in run.inside if ignored_verdict(o.event)), None)
        if asked is not None and (asked.path, asked.span) not in seen:
            seen.add((asked.path, asked.span))
            yield ignored(endpoint, asked)


def is_misplaced(flow: Flow) -> bool:
    return flow.standing != "unchecked" and not (flow.poured or flow.repeated)


def misplaced(endpoint: Endpoint, flow: Flow) -> Finding:
    return rule.finding(
        flow,
        f"`{endpoint.label}` passes {flow.source_names} on {HOW[flow.standing]}: to {flow.sink_words}",
        confidence="low" if flow.record else "high",
        endpoint=endpoint.label,
        trail=flow.trail,
    )


def ignored(endpoint: Endpoint, occurrence: Occurrence) -> Finding:
    return rule.finding(
        occurrence,
        f"`{endpoint.label}` asks `{occurrence.event.api.rpartition('.')[2]}` and ignores the answer",
        endpoint=endpoint.label,
        trail=occurrence.trail,
    )
