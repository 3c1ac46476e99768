"""What a part of the project does again and again is said once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.program import Program


class Located(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def span(self) -> Span: ...


Found = TypeVar("Found", bound=Located)


def folder_of(found: Located) -> str:
    """The folder of its file, ``.`` at the root."""
    return str(PurePosixPath(found.path).parent)


def habits(program: Program, found: Iterable[tuple[Found, Hashable]]) -> Iterator[tuple[Found, int]]:
    """Each with the number of others that it stands for: all of one kind in one folder, where they are many.

    Many are twice the setting ``summary-count``.
    """
    groups: dict[Hashable, list[Found]] = {}
    for one, kind in found:
        groups.setdefault((folder_of(one), kind), []).append(one)
    for group in groups.values():
        if len(group) < 2 * program.settings.summary_count:
            yield from ((one, 0) for one in group)
        else:
            yield min(group, key=lambda one: (one.path, one.span)), len(group) - 1
