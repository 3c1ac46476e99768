"""An import breaks a contract between packages that the project has declared.

## What

Contracts in `[tool.threadly-lint.layers]`, and those of import-linter where it finds them itself (`.importlinter`,
`setup.cfg`, `[tool.importlinter]`), are held against every import. An import that breaks one is reported where it
stands; a chain of imports at its first link, with every link in the trail. So is a line of the settings that fits
nothing in the project: a missing module, an ignored import that does not exist.

## Why

Layers are an agreement that nothing in Python enforces. One import in the wrong direction is enough to make the lower
layer useless without the higher one, and the next one has a precedent.

## Instead

Move the code that is needed to where both may import it, hand it over as an argument, or let the lower layer define an
interface that the higher one implements. Where the import is right, the contract is wrong: say so in it, with a reason.

```toml
[[tool.threadly-lint.layers.contracts]]
name = "Shop"
type = "layers"            # forbidden, independence, protected, public-interface, private-modules, acyclic-siblings
layers = ["shop.api", "shop.services | shop.jobs", "(shop.cache)", "shop.db"]
closed = ["shop.services"]
allow = [{ importer = "shop.db.audit", imported = "shop.api.errors", reason = "moves in the next release" }]
imports = ["load", "conditional", "local"]
```

```python flawed
# file: pyproject.toml
[[tool.threadly-lint.layers.contracts]]
type = "layers"
layers = ["shop.api", "shop.db"]
# file: shop/api.py
def current_request(): ...
# file: shop/db.py
from shop.api import current_request

def load(): ...
```

```python sound
# file: pyproject.toml
[[tool.threadly-lint.layers.contracts]]
type = "layers"
layers = ["shop.api", "shop.db"]
# file: shop/api.py
from shop.db import load
# file: shop/db.py
def load(request): ...
```

## Exempt

Imports that the contract allows, and kinds of imports that it leaves out (`imports`; import-linter's
`exclude_type_checking_imports`). `--isolated` leaves out all contracts, `import-linter = false` in our table
those of import-linter.

## Limits

Contract types that a project defines for import-linter itself are refused, because judging them takes running the
project's code.

## Peers

import-linter gives the same verdicts about its own settings, for the project as a whole. Ruff TID251 (banned-api)
forbids names file by file and knows no chains.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.rule import Finding, Rule, Step, Verdicts, Violation

if TYPE_CHECKING:
    from threadly_lint.rule import Program

rule = Rule(code="TLG002", pattern="layers", level="error")


@rule.for_each(Verdicts)
def check(verdicts: Verdicts, program: Program) -> Iterator[Finding]:
    said = set()
    for violation in verdicts.violations:
        place = (violation.path, violation.span.line, violation.contract.name, len(violation.names) > 2)
        if place not in said:
            said.add(place)
            yield rule.finding(violation, _message(violation), trail=_trail(violation))
    for misfit in verdicts.misfits:
        message = f"{misfit.message} (contract `{misfit.contract.name}`)"
        yield rule.finding(misfit, message, level="error" if misfit.is_fatal else "warning")


def _message(violation: Violation) -> str:
    first, *way, last = violation.names
    by_way = f" by way of {', '.join(f'`{name}`' for name in way)}" if way else ""
    guidance = f"; {violation.contract.guidance}" if violation.contract.guidance else ""
    name = violation.contract.name
    return f"`{first}` imports `{last}`{by_way}, but {violation.why} (contract `{name}`){guidance}".replace("\n", " ")


def _trail(violation: Violation) -> tuple[Step, ...]:
    return tuple(Step(link.importer, link.statement.span[0], link.statement.text) for link in violation.trail)
