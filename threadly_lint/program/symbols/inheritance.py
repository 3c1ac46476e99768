"""The order in which a class and its bases are asked for an attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from threadly_lint.program.symbols.names import Class

Order = list[Class | str]


def linearised(
    info: Class,
    parents: Iterable[Class | str],
    order_of: Callable[[Class], Order],
    own: list[str],
    is_subclass: Callable[[str, str], bool],
) -> Order:
    """Python's own resolution order over project classes; then library bases by name, those of nearer classes first.

    ``own`` are library names of the class itself; names that a subclass among them answers for are left out. Orders that Python
    would refuse are merged as they come.
    """
    known = list(dict.fromkeys(parents))
    inherited = [order_of(p) for p in known if isinstance(p, Class)]
    queues = [[c for c in order if isinstance(c, Class)] for order in inherited]
    queues.append([p for p in known if isinstance(p, Class)])
    names = dict.fromkeys(own)
    for parent in known:
        names |= dict.fromkeys(
            [parent] if isinstance(parent, str) else [n for n in order_of(parent) if isinstance(n, str)]
        )
    needed = [n for n in names if not any(n != other and is_subclass(other, n) for other in names)]
    return [info, *_merged(queues, info), *needed]


def _merged(queues: list[list[Class]], info: Class) -> Iterable[Class]:
    while queues := [q for q in queues if q]:
        behind = {c for q in queues for c in q[1:]}
        head = next((q[0] for q in queues if q[0] not in behind), queues[0][0])
        if head is not info:
            yield head
        queues = [[c for c in q if c is not head] for q in queues]
