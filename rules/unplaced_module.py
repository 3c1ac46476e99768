"""A module belongs to no layer, although the contract says that it places everything.

## What

An exhaustive contract over layers names each child of its containers, or of the packages that its layers are in. A
child that it does not name is reported at the first line of its code.

## Why

A new package starts outside of the order. Nothing that it imports, and nobody who imports it, is held to anything,
until somebody notices.

## Instead

Give the module a layer, or put it on the list of those that need none.

```toml
[[tool.threadly-lint.layers.contracts]]
type = "layers"
layers = ["shop.api", "shop.db"]
exhaustive = true
exhaustive-ignores = ["testing"]
```

```python flawed
# file: pyproject.toml
[[tool.threadly-lint.layers.contracts]]
type = "layers"
layers = ["shop.api", "shop.db"]
exhaustive = true
# file: shop/api.py
import shop.db
# file: shop/db.py
rows = []
# file: shop/mail.py
import smtplib
```

```python sound
# file: pyproject.toml
[[tool.threadly-lint.layers.contracts]]
type = "layers"
layers = ["shop.api", "shop.mail", "shop.db"]
exhaustive = true
# file: shop/api.py
import shop.db
# file: shop/db.py
rows = []
# file: shop/mail.py
import smtplib
```

## Exempt

What `exhaustive-ignores` names, and whatever is not directly in a container.

## Limits

Contracts that are not exhaustive place what they place.

## Peers

import-linter reports the same as a part of the broken contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.rule import Finding, Fix, Rule, Verdicts

if TYPE_CHECKING:
    from threadly_lint.rule import Program

rule = Rule(code="TLG003", pattern="layers", level="warning", fix="suggested")


@rule.for_each(Verdicts)
def check(verdicts: Verdicts, program: Program) -> Iterator[Finding]:
    for unplaced in verdicts.unplaced:
        contract = unplaced.contract
        message = f"`{unplaced.module}` belongs to no layer of `{unplaced.container}` (contract `{contract.name}`)"
        title = f"Give `{unplaced.module}` a layer in {contract.origin.file}, or ignore it there"
        yield rule.finding(unplaced, message, fix=Fix("suggested", title, contract.origin.file))
