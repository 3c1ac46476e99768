"""Applications inside applications: where each one is mounted, and through which others a request comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import identity
from threadly_lint.program.interpreter.types import Atom

MAX_DEPTH = 8


class Way(NamedTuple):
    """One way to an application: its path, and the applications passed, outermost first, itself last.

    ``conditional`` ways exist in development only.
    """

    path: str
    through: tuple[Atom, ...]
    conditional: bool = False


class Nesting:
    """Which application (router, blueprint) is mounted in which, and under what path."""

    def __init__(self) -> None:
        self._parents: dict[object, list[tuple[Atom, str, bool]]] = {}

    def add(self, parent: Atom, child: Atom, prefix: str, conditional: bool = False) -> None:
        known = self._parents.setdefault(identity(child), [])
        if all((identity(p), path) != (identity(parent), prefix) for p, path, _ in known):
            known.append((parent, prefix, conditional))

    def ways(self, atom: Atom, inner: tuple[Atom, ...] = ()) -> Iterator[Way]:
        """Every way from an outermost application down to ``atom``."""
        through = (atom, *inner)
        parents = self._parents.get(identity(atom), [])
        if not parents or len(through) > MAX_DEPTH:
            yield Way("", through)
            return
        for parent, prefix, conditional in parents:
            if any(identity(parent) == identity(x) for x in through):
                continue
            for way in self.ways(parent, through):
                yield Way(join_paths(way.path, prefix), way.through, way.conditional or conditional)
