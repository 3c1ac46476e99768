"""Type expressions: how the knowledge files write down what a call returns or an attribute holds.

========================  =============================================================================
``a.b.Class``             an instance of that class
``a.b.Class[T, U]``       the same with type arguments (rows of a query, items of a list)
``T | None``, ``T | U``   either
``$self``                 the receiver's own type, type arguments included (on a class: an instance of it)
``$elem``                 the receiver's first type argument
``$call``                 an instance of the class that is called
``$0``, ``$1``            the type of that positional argument; a class stands for an instance of it
``$0.elem``               the first type argument of that argument's type; a class stands for itself
``$name``, ``$name.elem`` the same for a keyword argument
``f('$0')``               the pseudo class named after the text of that argument: ``boto3.client('s3')``
========================  =============================================================================

Plain values are ``str bytes int float bool dict list tuple set object``; ``list``, ``dict``, ``tuple``, ``set`` and
``iterator`` take arguments. A value that an ``await`` yields is written as the awaited type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

UNION = "|"
_PLAIN_WORDS = "str bytes int float bool dict list tuple set object type iterator callable None"
PLAIN_TYPES = frozenset(_PLAIN_WORDS.split())

_NAME = r"[A-Za-z_]\w*(?:\('[\w$ -]*'\))?"
_TOKEN = re.compile(rf"\s*(?:(\$\w+(?:\.elem)?|{_NAME}(?:\.{_NAME})*)|([\[\],|]))")


class TypeExpressionError(ValueError):
    """The text is not a type expression; the message says where reading stopped."""


class TypeExpression(Struct, frozen=True, array_like=True, gc=False):
    """One parsed type expression.

    ``name`` is a dotted class, a plain type, a ``$`` reference or ``"|"`` (then ``args`` holds the alternatives);
    ``optional`` says that it may be ``None``.
    """

    name: str
    args: tuple[TypeExpression, ...] = ()
    optional: bool = False

    @property
    def is_reference(self) -> bool:
        """Whether the type depends on the call: ``$self``, ``$elem``, ``$call``, ``$0`` ..."""
        return self.name.startswith("$")

    @property
    def literal_argument(self) -> int | None:
        """The position whose text completes a pseudo class (``boto3.client('$0')``), else ``None``."""
        found = re.search(r"\('\$(\d)'\)", self.name)
        return int(found[1]) if found else None

    def with_literal(self, text: str) -> TypeExpression:
        """The same expression with the pseudo class completed by ``text``."""
        return TypeExpression(re.sub(r"\$\d", lambda _: text, self.name), self.args, self.optional)

    def names(self) -> Iterator[str]:
        """Every class, plain type and reference in the expression, outermost first."""
        if self.name != UNION:
            yield self.name
        for arg in self.args:
            yield from arg.names()

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.args))
        body = " | ".join(map(str, self.args)) if self.name == UNION else self.name + (f"[{inner}]" if inner else "")
        return body + " | None" * self.optional


def parse_type(text: str) -> TypeExpression:
    """Read a type expression; raises ``TypeExpressionError``."""
    parser = _Parser(_tokens(text))
    found = parser.union()
    if parser.rest:
        raise TypeExpressionError(f"unexpected {parser.rest[-1]!r} in type expression {text!r}")
    return found


def _tokens(text: str) -> list[str]:
    """The tokens in reverse, so that ``pop`` takes the next one."""
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise TypeExpressionError(f"cannot read {text[position:]!r} in type expression {text!r}")
        tokens.append(match[1] or match[2])
        position = match.end()
    return tokens[::-1]


class _Parser:
    def __init__(self, rest: list[str]) -> None:
        self.rest = rest

    def union(self) -> TypeExpression:
        choices = [self.single()]
        while self._take(UNION):
            choices.append(self.single())
        kept = tuple(choice for choice in choices if choice.name != "None")
        optional = len(kept) < len(choices) or any(choice.optional for choice in kept)
        if not kept:
            return TypeExpression("None")
        if len(kept) == 1:
            return TypeExpression(kept[0].name, kept[0].args, optional)
        return TypeExpression(UNION, kept, optional)

    def single(self) -> TypeExpression:
        name = self.rest.pop() if self.rest else ""
        if not name or name in "[],|":
            raise TypeExpressionError(f"a type is missing before {name!r}" if name else "a type is missing at the end")
        return TypeExpression(name, self._arguments())

    def _arguments(self) -> tuple[TypeExpression, ...]:
        if not self._take("["):
            return ()
        found = [self.union()]
        while self._take(","):
            found.append(self.union())
        if not self._take("]"):
            raise TypeExpressionError("a ']' is missing")
        return tuple(found)

    def _take(self, token: str) -> bool:
        if self.rest and self.rest[-1] == token:
            self.rest.pop()
            return True
        return False
