"""A lexer that knows the strings of newer Python versions, for text that the running Python cannot parse.

It is lenient: what it makes of broken text does not matter, because the parser has the last word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<blank> [ \t\f]++ | \\\n | \#[^\n]*+ )
    | (?P<newline> \n )
    | (?P<format> (?: [ft]r? | r[ft] ) (?: \"{3} | '{3} | " | ' ) )
    | (?P<string> (?: [bu]r? | rb? )?
        (?: \"{3} (?: [^\\"]++ | \\. | "(?!"") )*+ \"{3}
          | '{3} (?: [^\\']++ | \\. | '(?!'') )*+ '{3}
          | " (?: [^\\"\n]++ | \\. )*+ "
          | ' (?: [^\\'\n]++ | \\. )*+ ' ) )
    | (?P<word> \w++ )
    | (?P<sign> [=!<>]= | . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LITERAL = {
    quote: re.compile(rf"(?:\{{\{{|\}}\}}|\\N\{{[^}}]*+\}}|\\[^{{}}]|\\|(?!{quote})[^{{}}\\])*+", re.DOTALL)
    for quote in ('"""', "'''", '"', "'")
}
_DEBUG_SIGN = re.compile(r"=\s*")
_CONVERSION = re.compile(r"(?:!\s*\w+\s*)?:?")
_FORMAT_TEXT = re.compile(r"[^{}]*+")
_FIELD_END = re.compile(r"\s*(?:[:}]|![a-z])", re.IGNORECASE)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


class Literal(NamedTuple):
    """A stretch of text inside a format string."""

    start: int
    end: int


class Field(NamedTuple):
    """``{expression=!conversion:format}``: from ``{`` to after ``}``, with the fields nested in its format.

    ``debug_end`` is where the text that ``=`` shows ends, or -1.
    """

    start: int
    expression_end: int
    debug_end: int
    tokens: list[Token]
    nested: list[Field]
    end: int


class Token(NamedTuple):
    """A token: its kind (``newline``, ``format``, ``string``, ``word``, ``sign``), text and place; blanks are left out.

    ``parts`` are the parts of a format string (``f"..."``, ``t"..."``), whose prefix with quotes is ``opening``.
    """

    kind: str
    text: str
    start: int
    end: int
    opening: str = ""
    parts: tuple[Literal | Field, ...] = ()


class Malformed(Exception):
    """A format string that does not end."""


def tokens_of(text: str) -> list[Token]:
    """All tokens of a file. Line ends inside brackets are left out. Raises ``Malformed``."""
    return _Lexer(text).tokens(0)[0]


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text

    def tokens(self, position: int, in_field: bool = False) -> tuple[list[Token], int]:
        """The tokens from ``position`` to the end of the text, or of the expression in a field, and where that is."""
        found: list[Token] = []
        depth = 0
        while match := _TOKEN.match(self._text, position):
            kind, text = str(match.lastgroup), match[0]
            if in_field and depth == 0 and self._ends_expression(text, position):
                break
            position = match.end()
            if kind == "format":
                found.append(self._format_string(text, match.start()))
                position = found[-1].end
            elif kind != "blank" and not (kind == "newline" and (depth or in_field)):
                found.append(Token(kind, text, match.start(), position))
                depth = max(0, depth + (text in _OPENING) - (text in _CLOSING))
        return found, position

    def _ends_expression(self, text: str, position: int) -> bool:
        if text == "=":
            return _FIELD_END.match(self._text, position + 1) is not None
        return text in ("!", ":", "}")

    def _format_string(self, opening: str, start: int) -> Token:
        quote = opening.lstrip("fFtTrR")
        parts: list[Literal | Field] = []
        position = start + len(opening)
        while True:
            end = _end(_LITERAL[quote], self._text, position)
            if end > position:
                parts.append(Literal(position, end))
            if self._text.startswith(quote, end):
                break
            parts.append(self._field(end))
            position = parts[-1].end
        end += len(quote)
        return Token("format", self._text[start:end], start, end, opening, tuple(parts))

    def _field(self, start: int) -> Field:
        if not self._text.startswith("{", start):
            raise Malformed
        tokens, position = self.tokens(start + 1, in_field=True)
        expression_end, debug_end = position, -1
        if self._text.startswith("=", position):
            position = debug_end = _end(_DEBUG_SIGN, self._text, position)
        position = _end(_CONVERSION, self._text, position)
        nested: list[Field] = []
        if self._text[position - 1] == ":":
            nested, position = self._format_fields(position)
        if not self._text.startswith("}", position):
            raise Malformed
        return Field(start, expression_end, debug_end, tokens, nested, position + 1)

    def _format_fields(self, position: int) -> tuple[list[Field], int]:
        fields: list[Field] = []
        while self._text.startswith("{", position := _end(_FORMAT_TEXT, self._text, position)):
            fields.append(self._field(position))
            position = fields[-1].end
        return fields, position


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
