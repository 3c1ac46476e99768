"""Room for deep recursion: long chains of expressions, long chains of calls."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

RECURSION = 40_000
STACK = 512 * 1024 * 1024
"""Ample for the frames of C code that this recursion limit allows; memory is taken only as it is used."""


def with_room(work: Callable[[], T]) -> T:
    """The result of ``work``, done on a thread with a big stack.

    Raises what ``work`` raises, and ``RecursionError`` when the machine has no room for such a thread.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(STACK)
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    except RuntimeError:
        raise RecursionError from None
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if failures:
        raise failures[0]
    return results[0]
