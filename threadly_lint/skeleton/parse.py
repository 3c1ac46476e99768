"""From text to a syntax tree: newer syntax is rewritten, long chains get the room they need."""

from __future__ import annotations

import ast
import sys
import threading
import warnings
from typing import NamedTuple

from threadly_lint.skeleton.columns import use_file_columns

_DEEP_RECURSION = 20_000
_DEEP_STACK = 64 * 1024 * 1024
"""Ample for the frames of C code that this recursion limit allows."""


class Parsed(NamedTuple):
    """A tree whose columns count characters of the file; ``newer_syntax`` tells that the text had to be rewritten."""

    tree: ast.Module
    newer_syntax: bool


def parse(text: str) -> Parsed:
    """The tree of a file.

    Raises ``SyntaxError`` with a place in the file; ``RecursionError`` or ``MemoryError`` for too deep nesting.
    """
    try:
        tree = _parse(text)
    except SyntaxError as error:
        return Parsed(_parse_newer(text, error), True)
    if not text.isascii():
        use_file_columns(tree, text.split("\n"), {})
    return Parsed(tree, False)


def _parse_newer(text: str, original: SyntaxError) -> ast.Module:
    from threadly_lint.skeleton.normalise import normalise, restore  # costs time and is rarely needed

    normalised = normalise(text)
    if normalised is None:
        raise original
    try:
        tree = _parse(normalised.text)
    except SyntaxError as error:
        raise original if error.lineno in normalised.moves else error from None
    restore(tree)
    use_file_columns(tree, normalised.text.split("\n"), normalised.moves)
    return tree


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (RecursionError, MemoryError):
            return _parse_with_room(text)


def _parse_with_room(text: str) -> ast.Module:
    """Parse on a thread with a big stack: ``1 + 1 + ...`` makes a tree as deep as it is long."""
    outcome: list[ast.Module | Exception] = []

    def attempt() -> None:
        try:
            outcome.append(ast.parse(text))
        except (SyntaxError, RecursionError, MemoryError) as error:
            outcome.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_DEEP_STACK)
    sys.setrecursionlimit(max(limit, _DEEP_RECURSION))
    try:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    except RuntimeError:
        raise RecursionError from None
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
