"""An endpoint does something that matters and has no guard, although most of its siblings have one.

## What

Most endpoints of a router, blueprint, controller or module let only authenticated callers in. This one lets everybody in, and it starts
processes, runs submitted code, writes files, calls other systems, dispatches tasks or reads the same kind of data.

## Why

One forgotten line among many is the most common way in which an endpoint stays open.

## Instead

Give it the guard of its siblings, or say that it is public on purpose.

```python flawed
import subprocess

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException

app = FastAPI()
router = APIRouter(prefix="/jobs")


def operator(authorization: str | None = Header(None)) -> None:
    if authorization is None:
        raise HTTPException(401)


@router.get("/", dependencies=[Depends(operator)])
def jobs() -> dict[str, str]:
    return {}


@router.get("/{job}", dependencies=[Depends(operator)])
def job(job: str) -> dict[str, str]:
    return {}


@router.delete("/{job}", dependencies=[Depends(operator)])
def stop(job: str) -> dict[str, str]:
    return {}


@router.post("/")
def start() -> dict[str, str]:
    subprocess.run(["make", "report"], check=True, timeout=60)
    return {}


app.include_router(router)
```

```python sound
import subprocess

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException


def operator(authorization: str | None = Header(None)) -> None:
    if authorization is None:
        raise HTTPException(401)


app = FastAPI()
router = APIRouter(prefix="/jobs", dependencies=[Depends(operator)])


@router.get("/")
def jobs() -> dict[str, str]:
    return {}


@router.get("/{job}")
def job(job: str) -> dict[str, str]:
    return {}


@router.delete("/{job}")
def stop(job: str) -> dict[str, str]:
    return {}


@router.post("/")
def start() -> dict[str, str]:
    subprocess.run(["make", "report"], check=True, timeout=60)
    return {}


app.include_router(router)
```

## Exempt

What `unguarded-database-access` reports already, endpoints that are public on purpose, groups without a clear majority (settings
`majority-share` and `majority-count`). An endpoint that only reads is compared with siblings that only read: to show in public what
only known callers may change is no oversight.

## Limits

Changes of plain variables in memory are seen only where the variable is global to the module. Modules that are loaded by
name count only where the request chose the name, reads only where a guarded sibling reads the same model.

## Peers

No other linter compares an endpoint with its siblings.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import (
    Endpoint,
    Finding,
    Level,
    Occurrence,
    Program,
    Rule,
    is_of_note,
    practice,
    reads_to_check,
    unguarded_accesses,
)

rule = Rule(code="TLA008", pattern="auth-database", level="warning", planned_fix="suggested")

GRAVE = ("process", "code", "file-write")
MATTERS = (
    *GRAVE,
    "external-call",
    "enqueue",
    "background",
    "publish",
    "index-write",
    "cache-set",
    "cache-delete",
    "read",
    "global-write",
)


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """An unguarded endpoint with an effect that matters, among guarded siblings."""
    if endpoint.public or endpoint.guards or unguarded_accesses(endpoint):
        return
    effect = gravest(endpoint)
    if effect is None:
        return
    common = practice(endpoint, of_reading=effect.effect == "read")
    if common is None:
        return
    yield rule.finding(
        endpoint,
        f"`{endpoint.label}` has no authentication check, unlike {common.guarded} of its {common.total} siblings, "
        f"and {deed(effect)} with `{effect.event.api}`",
        level=level_of(effect),
        confidence="medium",
        endpoint=endpoint.label,
        trail=effect.trail,
    )


def gravest(endpoint: Endpoint) -> Occurrence | None:
    """The effect that matters most among those that anybody can cause."""
    runs = [(run, reads_to_check(endpoint, run)) for run in endpoint.runs]
    done = (o for run, only_checks in runs for o in run.inside if not (only_checks and o.effect == "read"))
    unguarded = (o for o in done if o.effect in MATTERS and not o.auth)
    open_to_all = [o for o in unguarded if is_of_note(endpoint, o)]
    return min(open_to_all, key=lambda o: (level_of(o) != "error", MATTERS.index(o.effect)), default=None)


def level_of(effect: Occurrence) -> Level:
    fact = effect.event.fact
    is_write = effect.effect == "external-call" and fact is not None and fact.access == "write"
    return "error" if effect.effect in GRAVE or is_write else "warning"


def deed(effect: Occurrence) -> str:
    words = {
        "process": "starts a process",
        "code": "runs code",
        "file-write": "writes a file",
        "external-call": "calls another system",
        "enqueue": "dispatches a task",
        "background": "starts background work",
        "publish": "publishes an event",
        "read": "reads the database",
        "global-write": "changes state in memory",
    }
    return words.get(effect.effect, "changes state")
