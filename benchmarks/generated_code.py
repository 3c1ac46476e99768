"""Programs that nobody writes by hand, in any size: what must not make an analysis slow, and must not break it."""

from __future__ import annotations

from collections.abc import Callable

HEAD = """import sqlite3

from flask import Flask, abort, request, session

app = Flask(__name__)
db = sqlite3.connect("shop.db")
"""
WRITE = 'db.execute("insert into row values (?)", (value,))'


def long_module(lines: int) -> str:
    """One module of so many lines: functions that call each other in groups of ten, and an endpoint for each group."""
    parts, groups = [HEAD], max(1, lines // 40)
    for group in range(groups):
        parts += [f"\n\ndef f{group}_{n}(value):\n    return f{group}_{n + 1}(value)" for n in range(8)]
        parts.append(f"\n\ndef f{group}_8(value):\n    {WRITE}")
        parts.append(_endpoint(f"g{group}", f"f{group}_0(request.args['value'])"))
    return "".join(parts)


def deep_chain(depth: int) -> str:
    """An endpoint whose write is so many calls away."""
    calls = "".join(f"\n\ndef f{n}(value):\n    return f{n + 1}(value)" for n in range(depth - 1))
    return f"{HEAD}{calls}\n\ndef f{depth - 1}(value):\n    {WRITE}{_endpoint('write', 'f0(1)')}"


def nested_chain(depth: int) -> str:
    """As ``deep_chain``; each function calls the next one inside of nested constructs, three times with other arguments."""
    parts = [HEAD]
    for number in range(1, depth):
        call = f"f{number}"
        parts.append(
            f"\n\ndef f{number - 1}(value):\n    try:\n        with open(value) as lines:\n            for line in lines:"
            f"\n                while line:\n                    try:"
            f"\n                        return [{call}(one) for one in (line, [{call}(value and line)])]"
            f"\n                    except ValueError:\n                        return {call}(value)"
            f"\n    finally:\n        pass"
        )
    return "".join([*parts, f"\n\ndef f{depth - 1}(value):\n    {WRITE}", _endpoint("write", "f0(1)")])


def mutual_recursion(functions: int) -> str:
    """So many functions, each of which calls three others, the first again behind the last."""
    parts = [HEAD]
    for number in range(functions):
        others = [(number + step) % functions for step in (1, 2, 7)]
        tests = "".join(
            f"\n    if value > {at}:\n        return f{other}(value - 1)" for at, other in enumerate(others)
        )
        parts.append(f"\n\ndef f{number}(value):{tests}\n    {WRITE}")
    return "".join([*parts, _endpoint("write", "f0(int(request.args['value']))")])


def class_hierarchy(classes: int) -> str:
    """A line of so many classes, each with a method of its own that goes on to its base; an endpoint uses the last."""
    parts = [f"{HEAD}\n\nclass C0:\n    def run(self, value):\n        {WRITE}"]
    for number in range(1, classes):
        parts.append(f"\n\nclass C{number}(C{number - 1}):\n    def run(self, value):\n        super().run(value + 1)")
        parts.append(f"\n\n    def own{number}(self):\n        return self.run({number})")
    return "".join([*parts, _endpoint("write", f"C{classes - 1}().run(1)")])


def long_choice(branches: int) -> str:
    """A function with a chain of so many ``elif``, each of which tests and returns; an endpoint uses it."""
    tests = "".join(
        f"\n    {'elif' if at else 'if'} value == session.get('v{at}'):\n        return value + {at}"
        for at in range(branches)
    )
    return f"{HEAD}\n\ndef choose(value):{tests}\n    {WRITE}{_endpoint('write', 'choose(1)')}"


def shared_helpers(endpoints: int) -> str:
    """So many endpoints that all go through the same guard and the same helpers."""
    guard = "\n\ndef member():\n    if 'member' not in session:\n        abort(401)\n    return session['member']"
    helpers = "".join(
        f"\n\ndef help{n}(member, value):\n    return help{n + 1}(member, value) if value else None" for n in range(9)
    )
    last = f"\n\ndef help9(member, value):\n    {WRITE}"
    handlers = "".join(_endpoint(f"e{n}", f"help0(member(), {n})") for n in range(endpoints))
    return f"{HEAD}{guard}{helpers}{last}{handlers}"


def middleware_stack(layers: int) -> str:
    """An endpoint behind so many layers of middleware, each of which goes on at three places, and rejects at none."""
    head = """import sqlite3

from fastapi import FastAPI

app = FastAPI()
db = sqlite3.connect("shop.db")
"""
    stack = "".join(
        f"\n\n@app.middleware('http')\nasync def m{number}(request, call_next):"
        "\n    if request.url.path == '/health':\n        return await call_next(request)"
        "\n    try:\n        return await call_next(request)"
        "\n    except ValueError:\n        return await call_next(request)"
        for number in range(layers)
    )
    return f"{head}{stack}\n\n@app.post('/write')\nasync def write(value: int):\n    {WRITE}\n    return {{}}\n"


def _endpoint(name: str, call: str) -> str:
    return f'\n\n@app.post("/{name}")\ndef {name}():\n    {call}\n    return {{}}\n'


PROGRAMS: dict[str, tuple[Callable[[int], str], int]] = {
    "lines of a module": (long_module, 10_000),
    "depth of a chain of calls": (deep_chain, 250),
    "depth of a chain, nested": (nested_chain, 100),
    "functions in mutual recursion": (mutual_recursion, 100),
    "classes in a line": (class_hierarchy, 100),
    "branches of a choice": (long_choice, 500),
    "layers of middleware": (middleware_stack, 50),
    "endpoints that share helpers": (shared_helpers, 150),
}
