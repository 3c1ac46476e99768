"""Web frameworks: how routes, mounts, hooks and settings make entry points and guards. One module per framework.

Each module has ``entry_points(program)``, which yields the entry points that it recognises. Modules are found, not listed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """The entry points of all frameworks, framework by framework in alphabetical order."""
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda x: x.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        discover = getattr(module, "entry_points", None)
        if discover is not None:
            yield from discover(program)
