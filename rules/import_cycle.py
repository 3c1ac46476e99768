"""Modules import each other, so that each of them needs the other one to be loaded first.

## What

A group of modules whose imports lead back to where they started. One finding for each tangle of modules shows the
shortest way round with the line of each import, and stands at the import that is cheapest to cut: one that only
annotations need, else one that only functions need, else the smallest. An error when imports that run while modules
load are enough to come round (`try` and class bodies included), a warning when it takes an import inside of a
function, a preview when it takes imports that only type checkers see.

## Why

Python loads one of the modules half: which one depends on who is imported first, so that an unrelated edit, a test or
a worker that starts elsewhere ends in `ImportError` or `AttributeError`. Modules in a cycle can be understood,
tested and moved only together.

## Instead

Let dependencies point one way. Move what both modules need into a third one, hand objects over as arguments, describe
what is needed by a protocol, or leave an import that only annotations need to type checkers.

```python flawed
# file: shop/orders.py
from shop.billing import charge

class Order:
    def pay(self):
        charge(self)
# file: shop/billing.py
from shop.orders import Order

def charge(order: Order) -> None: ...
```

```python sound
# file: shop/orders.py
from shop.billing import charge

class Order:
    def pay(self):
        charge(self)
# file: shop/billing.py
from typing import Protocol

class Payable(Protocol):
    total: int

def charge(order: Payable) -> None: ...
```

## Exempt

An import with a suppression of this rule; the cycle is then judged without it. Tangles of tests, migrations and scripts
alone. `import shop.orders` also loads `shop`, but nothing waits for a package that is still loading, so that is no
cycle.

## Limits

Imports by `importlib` or by name in settings are not followed. The fix that moves an import under `TYPE_CHECKING`
is not offered where a decorator, a base class or a framework may evaluate the annotations at run time (Pydantic,
FastAPI, dataclasses, SQLAlchemy and the like), nor where it would have to postpone all annotations of such a file.

## Peers

Pylint R0401 (cyclic-import) lists cycles without a line to mend, as far as the files of its run show them.
import-linter's `acyclic_siblings` looks at packages, not modules. Ruff has no such rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.rule import (
    Finding,
    Fix,
    ImportCycle,
    ImportEdge,
    ImportGraph,
    Level,
    MoveImport,
    Rule,
    Step,
    cycles_to_report,
    edits_past_reexports,
)

if TYPE_CHECKING:
    from threadly_lint.rule import Program

rule = Rule(code="TLG001", pattern="layers", level="error", fix="safe")

LEVELS: dict[str, Level] = {"load": "error", "local": "warning", "type-checking": "preview"}
KINDS = {"load": "at load time", "local": "through a function-local import", "type-checking": "for type checkers"}


@rule.for_each(ImportGraph)
def check(graph: ImportGraph, program: Program) -> Iterator[Finding]:
    for cycle in cycles_to_report(graph, rule.code):
        if not all(program.project.is_exempt(path) for path in cycle.modules):
            yield rule.finding(
                cycle.steps[0][0],
                _message(graph, cycle),
                level=LEVELS[cycle.grade],
                trail=tuple(_step(edge) for step in cycle.steps for edge in step),
                fix=_fix(graph, cycle),
            )


def _message(graph: ImportGraph, cycle: ImportCycle) -> str:
    way = [f"`{graph.name(step[0].importer)}` ({_lines(step)})" for step in cycle.steps]
    start = f"`{graph.name(cycle.steps[0][0].importer)}`"
    tangle = f", the shortest among {len(cycle.modules)} tangled modules" if len(cycle.modules) > len(way) else ""
    cut = cycle.steps[0][0]
    return (
        f"import cycle {KINDS[cycle.grade]}: {' -> '.join([*way, start])}{tangle}; "
        f"cheapest to cut is `{cut.statement.text}` in line {cut.line}"
    )


def _lines(step: tuple[ImportEdge, ...]) -> str:
    numbers = ", ".join(str(edge.line) for edge in step)
    return f"lines {numbers}" if len(step) > 1 else f"line {numbers}"


def _step(edge: ImportEdge) -> Step:
    return Step(edge.path, edge.line, edge.statement.text)


def _fix(graph: ImportGraph, cycle: ImportCycle) -> Fix | None:
    cut = cycle.steps[0]
    path, names = cut[0].path, ", ".join(f"`{name}`" for edge in cut for name in edge.names)
    if cycle.grade != "load" or any(edge.kind != "load" for edge in cut):
        return None
    if cycle.use.need == "annotations" and not cycle.use.obstacle:
        edits = tuple(MoveImport(edge.line, edge.names, "TYPE_CHECKING") for edge in cut)
        return Fix("safe", f"Import {names} under `TYPE_CHECKING`", path, edits)
    if changes := edits_past_reexports(graph, cut):
        return Fix("unsafe", f"Import {names} from `{changes[0].module}`, which defines it", path, changes)
    if cycle.use.need == "functions":
        edits = tuple(MoveImport(edge.line, edge.names, "functions") for edge in cut)
        return Fix("suggested", f"Import {names} inside the functions that use it", path, edits)
    return None
