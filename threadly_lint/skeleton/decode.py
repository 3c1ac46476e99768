"""From a file's bytes to its text, as Python itself would read it."""

from __future__ import annotations

import codecs
import io
import re

from threadly_lint.skeleton.nodes import NOWHERE, Span

_COOKIE_LIKE = re.compile(rb"(?:[^\n]*\n)?[ \t\f]*#[^\n]*coding")
_FOREIGN_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class Unreadable(Exception):
    """The bytes are no Python text. ``message`` says why, ``span`` where."""

    def __init__(self, message: str, span: Span = NOWHERE) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


def decode(data: bytes) -> str:
    """The text of a Python file, without a byte order mark, with every line end as ``\\n``. Raises ``Unreadable``."""
    for mark, name in _FOREIGN_MARKS:
        if data.startswith(mark):
            raise Unreadable(f"the file is encoded in {name}, which Python does not accept; save it as UTF-8")
    if (position := data.find(b"\0")) >= 0:
        raise Unreadable("the file contains a null byte; it is binary or not encoded in UTF-8", _place(data[:position]))
    text = _decode(data, _encoding(data))
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _encoding(data: bytes) -> str:
    """The encoding that the byte order mark or the coding cookie declares."""
    if not data.startswith(codecs.BOM_UTF8) and not _COOKIE_LIKE.match(data):
        return "utf-8"
    import tokenize  # rarely needed

    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        raise Unreadable(f"the declared encoding cannot be used: {error.msg}") from None


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
        return text if encoding.startswith("utf-8") else _checked(text)
    except UnicodeDecodeError as error:
        byte = data[error.start]
        message = f"the file is not valid {encoding.upper()}: byte 0x{byte:02x} cannot be decoded"
        raise Unreadable(message, _place(data[: error.start])) from None
    except (LookupError, ValueError):
        raise Unreadable(f"the declared encoding cannot be used: {encoding}") from None


def _checked(text: str) -> str:
    """``text`` unless an unusual encoding made it what no source may be. Raises ``ValueError``."""
    text.encode()
    if "\0" in text:
        raise ValueError
    return text


def _place(before: bytes) -> Span:
    """The place after the given bytes."""
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
    return (line, column, line, column)
