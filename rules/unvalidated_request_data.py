"""Raw request data reaches a database write, an external call, a file path, a cache key or a process.

## What

What a client sent (body, form, query, header, upload, path) flows into an effect, and nothing on the way has checked
it: no schema, no typed conversion whose failure is handled, no allow-list, no anchored pattern.

## Why

Whoever calls the endpoint decides what is stored, which file is opened, which host is asked. A test that the value is
there at all, a bare cast or a `replace` leaves that choice to them.

## Instead

Parse the request with a schema first and use nothing but its result.

```python flawed
from flask import Flask, request
from flask_login import login_required
from pymongo import MongoClient

app = Flask(__name__)
notes = MongoClient("mongodb://localhost").desk.notes


@app.post("/notes")
@login_required
def add():
    data = request.get_json()
    notes.insert_one({"text": data["text"]})
    return {}, 201
```

```python sound
from flask import Flask, request
from flask_login import login_required
from pydantic import BaseModel, Field
from pymongo import MongoClient

app = Flask(__name__)
notes = MongoClient("mongodb://localhost").desk.notes


class Note(BaseModel):
    text: str = Field(max_length=500)


@app.post("/notes")
@login_required
def add():
    note = Note.model_validate(request.get_json())
    notes.insert_one({"text": note.text})
    return {}, 201
```

## Exempt

Parameters that the framework has converted to their declared type, webhooks whose signature is checked, credentials,
filters of reads. For paths, `resolve` with `is_relative_to`, `commonpath`, `secure_filename` and `basename` count; a
parameter typed as text is still any text there, and in a command line.

## Limits

One finding for each endpoint and kind of effect; where a helper both reads the request and uses it, one for the helper.
Checks of length or content by hand other than those above are not believed. What an unknown library was given may have
been checked there, so its result counts as checked. A user agent or address kept for the record has low confidence, and
so has a part of the path that is stored or names a cache entry, and the text of a body kept beside its parsed form.

## Peers

Ruff's and Bandit's S602, S608 and S310 look at the call alone and ask who may have built the text; Semgrep's taint
rules follow the data inside one file. Neither knows the project's own validators.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Confidence, Endpoint, Finding, Flow, Program, Rule, is_signed, request_flows

rule = Rule(code="TLV001", pattern="validation-pipeline", level="error", planned_fix="suggested")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for each kind of effect that raw data reaches."""
    if is_signed(endpoint):
        return
    found = request_flows(program, endpoint)
    done: set[object] = {flow.kind for flow in found if flow.poured}
    for flow in found:
        if flow.repeated or {flow.kind, flow.span} & done or flow.standing != "unchecked":
            continue
        done |= {flow.kind, flow.span}
        yield rule.finding(
            flow,
            f"`{endpoint.label}` passes {flow.source_names} unvalidated to {flow.sink_words}",
            confidence=confidence(flow),
            endpoint=endpoint.label,
            trail=flow.trail,
        )


def confidence(flow: Flow) -> Confidence:
    """What clients send along with every request is often stored for the record only; a route has matched its path."""
    if flow.incidental:
        return "low" if flow.kind in ("database write", "file path") else "medium"
    if flow.is_key or flow.record:
        return "low"
    return "medium" if flow.kept_as_it_came else "high"
