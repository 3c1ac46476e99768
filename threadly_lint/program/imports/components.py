"""Strongly connected components and shortest ways in a directed graph of names."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping

Successors = Mapping[str, Collection[str]]


def strong_components(successors: Successors) -> list[tuple[str, ...]]:
    """All groups of two or more nodes that can reach each other, sorted (Tarjan's algorithm without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in sorted(successors):
        if root in index:
            continue
        work = [(root, iter(sorted(successors[root])))]
        while work:
            node, remaining = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            following = next(remaining, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_pop_component(stack, on_stack, node))
            elif following not in index:
                work.append((following, iter(sorted(successors.get(following, ())))))
            elif following in on_stack:
                low[node] = min(low[node], index[following])
    return sorted(component for component in found if len(component) > 1)


def _pop_component(stack: list[str], on_stack: set[str], node: str) -> tuple[str, ...]:
    component = []
    while True:
        component.append(stack.pop())
        on_stack.discard(component[-1])
        if component[-1] == node:
            return tuple(sorted(component))


def shortest_way(successors: Successors, start: str, goal: str, limit: int | None = None) -> tuple[str, ...]:
    """The nodes from ``start`` to ``goal``, both included; empty when there is no way of at most ``limit`` nodes.

    Of several shortest ways, the one that comes first in the order of the names.
    """
    came_from: dict[str, str] = {start: start}
    border = deque([(start, 1)])
    while border:
        node, length = border.popleft()
        if node == goal:
            return tuple(reversed(list(_trace(came_from, node))))
        if limit is not None and length >= limit:
            continue
        for following in sorted(successors.get(node, ())):
            if following not in came_from:
                came_from[following] = node
                border.append((following, length + 1))
    return ()


def _trace(came_from: Mapping[str, str], node: str) -> Iterator[str]:
    while came_from[node] != node:
        yield node
        node = came_from[node]
    yield node
