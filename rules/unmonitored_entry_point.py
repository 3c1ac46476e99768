"""The project monitors its failures, but this entry point is outside.

## What

The project starts a monitoring tool (Sentry, Rollbar, Bugsnag, New Relic, ...) in some of its code, and the process that runs this
endpoint or task never loads that code, or the tool was told not to hook into this framework.

## Why

Its failures are seen by nobody, and everybody believes that they would be.

## Instead

Start the monitoring in every process: where the application is made, and where the worker's application is made.

```python flawed
import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn="https://key@sentry.example/1", default_integrations=False)
app = Flask(__name__)


@app.get("/report")
def report():
    return {}
```

```python sound
import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn="https://key@sentry.example/1")
app = Flask(__name__)


@app.get("/report")
def report():
    return {}
```

## Exempt

Projects without monitoring, and health checks.

## Limits

A tool that is started from outside (an agent that wraps the command) cannot be seen, nor can a project that has no other start.

## Peers

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule, is_usual, monitoring, place_of, routers

rule = Rule(code="TLM001", pattern="monitoring-wrapper", level="warning", planned_fix="suggested")


@rule.for_each(Program)
def check_endpoints(program: Program, _: Program) -> Iterator[Finding]:
    """Endpoints whose process does not report failures; many of them are summed up."""
    if not monitoring(program).starts:
        return
    endpoints = [e for e in program.each(Endpoint) if e.reachable and e.public != "health check"]
    outside = [e for e in endpoints if not monitoring(program).covers_endpoint(e)]
    if is_usual(program, len(outside), len(endpoints)):
        router = next(iter(routers(program, outside)))
        yield rule.finding(router, f"failures of {len(outside)} endpoints are not monitored: {reason(program)}")
        return
    for endpoint in outside:
        message = f"failures of `{endpoint.label}` are not monitored: {reason(program)}"
        yield rule.finding(place_of(program, endpoint), message, endpoint=endpoint.label)


@rule.for_each(Program)
def check_tasks(program: Program, _: Program) -> Iterator[Finding]:
    """Tasks whose workers do not report failures; many of them are summed up at the first."""
    if not monitoring(program).starts:
        return
    tasks = monitoring(program).tasks
    outside = [task for task in tasks if not monitoring(program).covers_task(task)]
    if is_usual(program, len(outside), len(tasks)):
        yield rule.finding(
            outside[0], f"failures of {len(outside)} tasks, this one first, are not monitored: {reason(program)}"
        )
        return
    for task in outside:
        yield rule.finding(task, f"failures of the task `{task.function.name}` are not monitored: {reason(program)}")


def reason(program: Program) -> str:
    start = monitoring(program).starts[0]
    return f"what `{start.registration.name}` starts in `{start.origin.module.name}` does not reach them"
