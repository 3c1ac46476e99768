"""A call to another system has no time limit and can hang for ever.

## What

A request, mail, socket or remote procedure call whose library waits without end unless it is told otherwise, and
nobody tells it: no `timeout` in the call, none in the client's constructor, none around it. An explicit `timeout=None`
is the same.

## Why

A peer that accepts the connection and never answers holds the worker until somebody restarts it. A few such calls take
all workers of a service down, long after the peer is well again.

## Instead

Say how long the answer may take.

```python flawed
import requests


class NoRates(Exception):
    pass


def rates():
    try:
        answer = requests.get("https://rates.example/today")
        answer.raise_for_status()
    except requests.RequestException as error:
        raise NoRates from error
    return answer.json()
```

```python sound
import requests


class NoRates(Exception):
    pass


def rates():
    try:
        answer = requests.get("https://rates.example/today", timeout=10)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise NoRates from error
    return answer.json()
```

## Exempt

Libraries with a finite limit of their own (httpx, aiohttp, boto3, stripe, openai); limits of the client's constructor,
of a session's adapter or overridden `request`, of `socket.setdefaulttimeout` and `EMAIL_TIMEOUT`; calls inside
`asyncio.timeout`, `wait_for`, `anyio.fail_after`, `async_timeout`; calls that hand on `**kwargs`.

## Limits

A client whose construction cannot be seen is taken to have a limit. A wrapper that hands on a parameter which is `None`
is reported once, at the library's call.

## Peers

Ruff S113 and Bandit B113 look at `requests` and `httpx` functions by name and at the text of one call; Pylint W3101
(missing-timeout) has a configurable list. They miss sessions, constructors, wrappers and other libraries, and report
calls that are limited from outside. Semgrep's community rules for requests agree with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import AddKeyword, Call, Finding, Fix, Program, Rule, Unlimited, unlimited_waits

rule = Rule(code="TLE002", pattern="error-boundary", level="error", fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    limit = program.settings.timeout
    for wait in unlimited_waits(program, program.each(Call)):
        yield rule.finding(wait, message(wait), trail=wait.trail, fix=set_limit(wait, limit))


def message(wait: Unlimited) -> str:
    if wait.because == "passed":
        return f"`{wait.api}` waits for ever: the `{wait.keyword}` that is handed to it is `None`"
    if wait.because == "none":
        return f"`{wait.api}` waits for ever: it is told `{wait.keyword}=None`"
    return f"`{wait.api}` waits for ever: it has no time limit"


def set_limit(wait: Unlimited, seconds: float) -> Fix | None:
    """Only where the call itself takes a number of seconds, and does not get one from a parameter."""
    if not wait.can_be_given:
        return None
    edit = AddKeyword(wait.span, wait.keyword, f"{seconds:g}")
    return Fix("unsafe", f"Wait {seconds:g} seconds at most", wait.path, (edit,))
