"""An error response is used as data.

## What

The response of another system is parsed or stored, and nothing on the way asks for its status: no `raise_for_status()`,
no test of `status_code`, `ok` or `is_success`, and the client is not set to raise.

## Why

An error page is a response like any other. It becomes data: a `KeyError` far away at best, a wrong value in the
database at worst.

## Instead

Check the status before the body.

```python flawed
import requests


class NoRating(Exception):
    pass


def stars(book):
    try:
        answer = requests.get(f"https://ratings.example/{book}", timeout=5)
    except requests.RequestException as error:
        raise NoRating(book) from error
    return answer.json()["stars"]
```

```python sound
import requests


class NoRating(Exception):
    pass


def stars(book):
    try:
        answer = requests.get(f"https://ratings.example/{book}", timeout=5)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise NoRating(book) from error
    return answer.json()["stars"]
```

## Exempt

Clients that raise by themselves: `urllib`, sessions with `raise_for_status=True`, hooks, sessions of the project's own
class. A response that is returned or handed to another function is that one's to check.

## Limits

A check anywhere in the function counts, wherever it stands.

## Peers

None of Bandit, Ruff and Pylint. Semgrep has a rule for `requests` without `raise_for_status`, which does not see
`status_code` or `ok`.
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Call, Finding, Program, Rule, unchecked_responses

rule = Rule(code="TLE005", pattern="error-boundary", level="warning", planned_fix="unsafe")


@rule.for_each(Program)
def check(program: Program, _: Program) -> Iterator[Finding]:
    for unchecked in unchecked_responses(program, program.each(Call)):
        call = unchecked.call
        yield rule.finding(
            call,
            f"`{unchecked.used}` of this response is used, but nothing checks that `{call.event.api}` succeeded",
            trail=call.trail,
        )
