"""Which functions are running, and which outcomes hold only for the recursion in which they were found.

An outcome that was found while a recursion through it was cut lacks what the function at the head of the recursion does. As in
Tarjan's algorithm each run learns the lowest depth at which a recursion below it closes; when the head is done, such outcomes are
forgotten and found anew, with the head's outcome at hand, if somebody asks for them. Each is forgotten a bounded number of times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from threadly_lint.program.symbols.names import Function

MAX_REVISIONS = 1


@dataclass(slots=True)
class Run:
    """One run on the stack: how many functions are below it, how many outcomes were open when it began, what it closes at."""

    depth: int
    opened: int
    lowest: float = math.inf


class Recursion:
    """The functions that are running."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._running: dict[Function, list[int]] = {}
        self._open: dict[object, float] = {}
        self._revisions: dict[object, int] = {}

    @property
    def depth(self) -> int:
        """How many functions are running."""
        return len(self._runs)

    def is_running(self, function: Function) -> bool:
        return bool(self._running.get(function))

    @contextmanager
    def entered(self, function: Function) -> Iterator[Run]:
        """Inside, the function runs."""
        running = self._running.setdefault(function, [])
        run = Run(len(self._runs), len(self._open))
        running.append(run.depth)
        self._runs.append(run)
        try:
            yield run
        finally:
            self._runs.pop()
            running.pop()
            self._reach(run.lowest)

    def closes(self, function: Function, nested: int) -> bool:
        """Whether one more call closes a recursion: the function runs already, more than ``nested`` times."""
        running = self._running.get(function, [])
        if len(running) <= nested:
            return False
        self._reach(running[-1])
        return True

    def recall(self, key: object) -> None:
        """A remembered outcome is used: what it depends on, its user depends on."""
        if self._open:
            self._reach(self._open.get(key, math.inf))

    def has_forgotten(self, key: object) -> bool:
        """Whether an outcome under this key was forgotten: finding it anew is no new way to call the function."""
        return bool(self._revisions) and key in self._revisions

    def settled(self, run: Run, key: object) -> list[object]:
        """``run`` is done and its outcome kept under ``key``: the outcomes to forget, if it is the head of a recursion."""
        if run.lowest < run.depth:
            self._open[key] = run.lowest
            return []
        done = list(self._open)[run.opened :] if len(self._open) > run.opened else []
        for inner in done:
            del self._open[inner]
            self._revisions[inner] = self._revisions.get(inner, 0) + 1
        return [inner for inner in done if self._revisions[inner] <= MAX_REVISIONS]

    def _reach(self, depth: float) -> None:
        if self._runs:
            self._runs[-1].lowest = min(self._runs[-1].lowest, depth)
