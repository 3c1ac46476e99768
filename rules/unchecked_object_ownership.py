"""An authenticated handler changes an object that the request chose, without tying it to the caller.

## What

The request names an object by its id; the handler loads it and changes or deletes it. Neither the look-up nor a test says that it
belongs to the caller or to the caller's tenant.

## Why

Any signed-in user can change everybody's objects by counting up the id.

## Instead

Select by owner as well, or compare the owner and answer 403 or 404.

```python flawed
from flask import Flask
from flask_login import current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    owner_id = db.Column(db.Integer, db.ForeignKey("user.id"))
    text = db.Column(db.String)


@app.delete("/notes/<int:note_id>")
@login_required
def delete(note_id):
    note = Note.query.filter_by(id=note_id).first_or_404()
    db.session.delete(note)
    db.session.commit()
    return {}
```

```python sound
from flask import Flask
from flask_login import current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    owner_id = db.Column(db.Integer, db.ForeignKey("user.id"))
    text = db.Column(db.String)


@app.delete("/notes/<int:note_id>")
@login_required
def delete(note_id):
    note = Note.query.filter_by(id=note_id, owner_id=current_user.id).first_or_404()
    db.session.delete(note)
    db.session.commit()
    return {}
```

## Exempt

Guards that test a role or permission, managers scoped to a tenant, models without an owner.

## Limits

Permissions that live in the database or in a policy engine are not followed; the rule is a preview.

## Peers

No static linter for Python reports this; scanners test it from outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, unowned_changes

rule = Rule(code="TLA007", pattern="auth-database", level="preview")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """One finding for a handler: the first change of an object that is not tied to the caller."""
    for run in endpoint.runs:
        changes = unowned_changes(endpoint, run)
        if changes:
            yield rule.finding(
                endpoint,
                f"`{endpoint.label}` changes a `{changes[0].event.model}` that the request chose, whoever owns it",
                confidence="medium",
                endpoint=endpoint.label,
                trail=changes[0].trail,
            )
            return
