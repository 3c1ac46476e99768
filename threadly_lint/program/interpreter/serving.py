"""What is known of the request that is being served, for frameworks whose handlers import the request instead of being given it.

Hooks and middleware run once for each route. One that asks for the path, the method or the endpoint answers differently from route
to route, so its outcome is remembered for the route; all others are run once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from threadly_lint.program.interpreter.types import Value
from threadly_lint.program.symbols.names import Function

REQUESTS = frozenset(
    {"bottle.BaseRequest", "bottle.request", "flask.Request", "flask.request", "quart.Request", "quart.request"}
)
Known = tuple[tuple[str, Value], ...]


class Serving:
    """The request being served: attributes by name, empty while none is."""

    def __init__(self) -> None:
        self._known: Known = ()
        self._asking: set[Function] = set()
        self._has_asked = False

    @contextmanager
    def request(self, known: Mapping[str, Value]) -> Iterator[None]:
        """Serve a request of which these attributes are known."""
        before, self._known = self._known, tuple(known.items())
        try:
            yield
        finally:
            self._known = before

    def attribute(self, owner: str, name: str) -> Value:
        """What the request says; empty when ``owner`` is no such object or nothing is known."""
        if owner not in REQUESTS:
            return ()
        self._has_asked = True
        return dict(self._known).get(name, ())

    def key(self, function: Function) -> Known:
        """What an outcome of the function depends on besides its arguments."""
        if function not in self._asking:
            return ()
        self._has_asked = True
        return self._known

    @contextmanager
    def watching(self, function: Function) -> Iterator[None]:
        """Note whether the function, or what it calls, asks for the request."""
        before, self._has_asked = self._has_asked, False
        try:
            yield
        finally:
            if self._has_asked:
                self._asking.add(function)
            self._has_asked = self._has_asked or before
