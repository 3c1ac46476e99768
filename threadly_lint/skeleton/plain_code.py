"""Python code without its strings and comments: what is left of a word is a name or a keyword."""

from __future__ import annotations

import re

_STRING_OR_COMMENT = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]++|\\.)*+"'
    r"|'(?:[^'\\\n]++|\\.)*+'"
    r"|#[^\n]*+",
    re.DOTALL,
)
_FORMATTED = re.compile(r"[fFtT][rR]?\Z")
_LAST_OF_PREFIX = frozenset("fFtTrR")
_PLAIN_FIELD = r"""[^{}'"]|'[^'{}\n]*'|"[^"{}\n]*\""""
_WHOLE_FSTRING = re.compile(
    rf"(?:[^{{}}]++|\{{\{{|\}}\}}|\{{(?:{_PLAIN_FIELD}|\{{(?:{_PLAIN_FIELD})*+\}})*+\}})*+", re.DOTALL
)


class Doubt(Exception):
    """The text is not plain enough to be read without a parser."""


def plain_code(text: str) -> str:
    """The text without strings and comments, after an additional line end; line ends inside of strings are continued
    lines. Raises ``Doubt``."""
    code = "\n" + _STRING_OR_COMMENT.sub(_blank, text)
    if '"' in code or "'" in code:
        raise Doubt
    return code


def opened_brackets(code: str, start: int, end: int) -> int:
    """How many more brackets are opened than closed in a stretch of plain code."""
    count = code.count
    opened = count("(", start, end) + count("[", start, end) + count("{", start, end)
    return opened - count(")", start, end) - count("]", start, end) - count("}", start, end)


def _blank(match: re.Match[str]) -> str:
    """A word instead of a string, nothing instead of a comment; line ends stay, as continuations of the line."""
    token = match[0]
    if token[0] == "#":
        return ""
    if token[1:-1] == "__main__":
        return " __main__ "
    if _is_formatted(match.string, match.start()) and not _WHOLE_FSTRING.fullmatch(token):
        raise Doubt
    return " s " + "\\\n" * token.count("\n") if "\n" in token else " s "


def _is_formatted(text: str, start: int) -> bool:
    """Whether the string that starts here has a prefix with ``f`` or ``t``."""
    return text[start - 1 : start] in _LAST_OF_PREFIX and bool(_FORMATTED.search(text, max(start - 2, 0), start))
