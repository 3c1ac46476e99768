"""A file's text as it is on disk: encoding, byte order mark, line ends and mode survive every change."""

from __future__ import annotations

import codecs
import io
import os
import tempfile
import tokenize
from pathlib import Path

from msgspec import Struct


class Refusal(Exception):
    """A fix cannot be applied without breaking a promise; the text says why, as the end of a sentence."""


class Source(Struct, frozen=True):
    """Decoded text with its line ends untouched, and what is needed to write it back as it was."""

    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """``text`` in the encoding of this source. Raises Refusal for characters that the encoding lacks."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Refusal(f"the file's encoding {self.encoding} cannot hold {error.object[error.start]!r}") from None


def read_source(data: bytes) -> Source:
    """The source in ``data``. Raises Refusal when it is no Python text."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        encoding = encoding.removesuffix("-sig")
        return Source(data[len(mark) :].decode(encoding), encoding, mark)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Refusal(f"the file cannot be decoded: {error}") from None


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` where ``path`` is, all at once, with the old mode; a symbolic link keeps leading there.

    Raises OSError and leaves the old file as it was when that fails.
    """
    target = path.resolve()
    mode = target.stat().st_mode
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
