"""The import statements of a file without a parse: many times cheaper, and exact or refused.

Most files have all their imports at their top, and nothing there that could hide one: no string over several lines, no
line that continues another one. Where each ``import`` up to the last one belongs to such a statement at the left
margin, that is all there is to know.

In other files strings and comments are dropped first. What is then left of the keyword ``import`` can only be an import
statement, and what stands around it can be told from block headers and indentation. Wherever the text is not as plain
as that (an import behind a semicolon, torn quotes in an f-string, an exotic condition) the answer is None: parse it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.directives import find_directives
from threadly_lint.skeleton.import_statements import ImportKind, ImportStatement, Scanned, weaker
from threadly_lint.skeleton.nodes import NOWHERE, Alias, Span
from threadly_lint.skeleton.plain_code import Doubt, opened_brackets, plain_code

_BEFORE_IMPORT = re.compile(r"(?:.*[;:\\])?[ \t\f]*(?:lazy\b)?[ \t]*(?:from\b.*)?")
_IN_COMMENT = re.compile(r"""[^'"#]*#[^'"]*""")
_REST_OF_IMPORT = re.compile(r"import\s*\((?:[^)#]|#[^\n]*)*\)[^\n]*|(?:[^\n]*\\\n)*[^\n]*")
_DOCSTRING = re.compile(r'(?:[ \t]*(?:#[^\n]*)?\n)*[rRuU]?"""[^"\\]*(?:"(?!"")[^"\\]*)*"""')
_AT_TOP = re.compile(
    r"\n(from ([\w.]+) import (?:([\w., *]*[\w*])|\(((?:[^()\\#]++|#[^()\\\n]*+\n)*+)\))|import ([\w., ]*\w))[ \t]*(?:#[^\n]*)?(?=\n|\Z)"
)
_COMMENT = re.compile(r"#[^\n]*")
_LINE_START = re.compile(
    r"\n(?<!\\\n)([ \t\f]*+)"
    r"(import|from|async|def|class|if|elif|else|try|except|finally|for|while|with|match|case)\b"
)
_WORDS_OF_EXPRESSIONS = frozenset({"if", "else", "for", "async", "match", "case"})
_GAP = r"(?:[ \t\f]|\\\n)"
_STATEMENT = re.compile(
    rf"(?:from\b{_GAP}*+(\.*+{_GAP}*+(?:(?!import\b)[\w.]++{_GAP}*+)*+)import\b{_GAP}*+"
    rf"(?:\(([^()]*+)\)|((?:[^\n;\\(]++|\\\n)++))"
    rf"|import\b((?:[^\n;\\]++|\\\n)++))(?={_GAP}*+(?:[\n;]|\Z))"
)
_TEST = re.compile(
    r"[ \t]*(\()?[ \t]*(?:False|0|(not[ \t]+)?(?:(?:\w+[ \t]*\.[ \t]*)*TYPE_CHECKING|(__name__[ \t]*==[ \t]*__main__)))"
    r"[ \t]*(?(1)\))[ \t]*:"
)
_KEYWORD = re.compile(r"\bimport\b")
_DEFINITION = re.compile(r"[ \t]+(\w+)")
_ASYNC_BLOCK = re.compile(r"[ \t]+(def|for|with)\b")
_LINE_END = re.compile(r"\n(?<!\\\n)")


def scan_imports(data: bytes) -> Scanned | None:
    """The import statements in a Python file's bytes, or None when only a parse can tell.

    The imported names have no places. A text that Python rejects is not noticed.
    """
    try:
        text = decode(data)
        imports = _scan(text)
    except (Unreadable, Doubt):
        return None
    lines = text.count("\n") + (text[-1:] not in ("", "\n"))
    return Scanned((), lines, find_directives(text), imports=tuple(imports))


def _scan(text: str) -> list[ImportStatement]:
    end = _end_of_imports(text)
    if not end:
        return []
    found = _read_top(text, end)
    return _Reader(plain_code(text[:end])).read() if found is None else found


def _end_of_imports(text: str) -> int:
    """Where the last thing ends that looks like an import statement; 0 if there is none."""
    at = len(text)
    while (at := _last_import(text, at)) >= 0:
        line = text.rfind("\n", 0, at) + 1
        is_likely = _BEFORE_IMPORT.fullmatch(text, line, at) or text.endswith("\\\n", 0, line)
        if is_likely and not _IN_COMMENT.fullmatch(text, line, at):
            rest = _REST_OF_IMPORT.match(text, at)
            return rest.end() if rest else len(text)
    return 0


def _last_import(text: str, end: int) -> int:
    while (end := text.rfind("import", 0, end)) >= 0:
        if not text[end : end + 7].isidentifier() or end + 6 == len(text):
            return end
    return -1


def _read_top(text: str, end: int) -> list[ImportStatement] | None:
    """The statements up to ``end`` when all of them are plain ones at the left margin; None when it takes more to tell
    whether they are. A docstring before them does no harm."""
    docstring = _DOCSTRING.match(text)
    start = docstring.end() if docstring else 0
    code = "\n" + text[start:end]
    if "\\" in code or '"""' in code or "'''" in code:
        return None
    lines = _Lines(code, text.count("\n", 0, start))
    found, accounted = [], 0
    for match in _AT_TOP.finditer(code):
        _, source, plain, bracketed, modules = match.groups()
        names = plain or modules or _COMMENT.sub("", bracketed or "").strip().removesuffix(",")
        span = lines.span(*match.span(1))
        found.append(ImportStatement(*_read_names(source, names), "load", "", span))
        accounted += code.count("import", *match.span())
    return found if accounted == code.count("import") else None


class _Block(Struct, gc=False):
    """An open block: the indentation of its header, the header's first word and where that ends, the block before it on
    the same level (which it may continue), and the one around it.

    ``moment`` is when imports in it run, with the definition that they are in; None until somebody asks.
    """

    indent: int
    word: str
    end: int
    before: _Block | None
    outer: _Block | None
    moment: tuple[ImportKind, str] | None = None


class _Reader:
    """Reads imports and block headers off a code without strings and comments, keeping track of the open blocks."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._lines = _Lines(code, 0)
        self._has_moments = "TYPE_CHECKING" in code or "__main__" in code
        self._depth = 0
        self._checked = 0

    def read(self) -> list[ImportStatement]:
        """All import statements. Raises ``Doubt``."""
        code = self._code
        width: Callable[[str], int] = _width if "\t" in code or "\f" in code else len
        found = []
        block = _Block(-1, "", 0, None, None, ("load", ""))
        for token in _LINE_START.finditer(code):
            blanks, word = token.groups()
            if word in _WORDS_OF_EXPRESSIONS and self._is_in_brackets(token.start()):
                continue
            indent, before = width(blanks), None
            while block.outer and block.indent >= indent:
                before, block = block, block.outer
            if word in ("import", "from"):
                found.append(self._import(token.start(2), *self._moment(block)))
            else:
                block = _Block(indent, word, token.end(), before, block)
        if len(found) != code.count("import") and len(found) != len(_KEYWORD.findall(code)):
            raise Doubt
        return found

    def _is_in_brackets(self, position: int) -> bool:
        """Whether more brackets are opened than closed before a position; asked in the order of the code."""
        self._depth += opened_brackets(self._code, self._checked, position)
        self._checked = position
        return self._depth > 0

    def _moment(self, block: _Block) -> tuple[ImportKind, str]:
        """When imports in a block run, and the dotted name of the definition that they are in."""
        if block.moment is None and block.outer is not None:
            kind, symbol = self._moment(block.outer)
            own, name = self._meaning(block)
            block.moment = weaker(kind, own), f"{symbol}.{name}" if symbol and name else symbol or name
        return block.moment or ("load", "")

    def _meaning(self, block: _Block) -> tuple[ImportKind, str]:
        """What a block by itself makes of the imports in it, and its name if it is a definition."""
        word, end = block.word, block.end
        if word == "async":
            header = _ASYNC_BLOCK.match(self._code, end)
            if not header:
                raise Doubt
            word, end = header[1], header.end()
        if word not in ("def", "class"):
            return self._clause(block)[0], ""
        name = _DEFINITION.match(self._code, end)
        if not name:
            raise Doubt
        return "local" if word == "def" else "load", name[1]

    def _clause(self, block: _Block) -> tuple[ImportKind, ImportKind]:
        """What a clause makes of the imports in it, and what an ``else`` behind it would."""
        if block.word in ("try", "except", "finally"):
            return "conditional", "conditional"
        continued = block.before if block.word in ("elif", "else") else None
        inherited = self._clause(continued)[1] if continued else "load"
        if block.word == "else":
            return inherited, "load"
        if block.word not in ("if", "elif"):
            return "load", "load"
        body, otherwise = self._condition(block.end)
        return weaker(inherited, body), weaker(inherited, otherwise)

    def _condition(self, end: int) -> tuple[ImportKind, ImportKind]:
        test = _TEST.match(self._code, end)
        if not test:
            header = self._code[end : self._line_end(end)] if self._has_moments else ""
            if "TYPE_CHECKING" in header or "__main__" in header:
                raise Doubt
            return "load", "load"
        kind: ImportKind = "script" if test[3] else "type-checking"
        return ("load", kind) if test[2] else (kind, "load")

    def _line_end(self, start: int) -> int:
        """Where the logical line around ``start`` ends."""
        for token in _LINE_END.finditer(self._code, start):
            if not opened_brackets(self._code, start, token.start()):
                return token.start()
        return len(self._code)

    def _import(self, start: int, kind: ImportKind, symbol: str) -> ImportStatement:
        match = _STATEMENT.match(self._code, start)
        if not match:
            raise Doubt
        source, bracketed, plain, modules = match.groups()
        names = bracketed.strip().removesuffix(",") if bracketed else plain or modules
        span = self._lines.span(start, start + len(match[0].rstrip(" \t\f\\\n")))
        return ImportStatement(*_read_names(source, names), kind, symbol, span)


class _Lines:
    """Finds places by line and column; asked in the order of the code, which begins with an additional line end."""

    def __init__(self, code: str, lines_before: int) -> None:
        self._code = code
        self._line = lines_before
        self._counted = 0

    def span(self, start: int, end: int) -> Span:
        code = self._code
        self._line += code.count("\n", self._counted, start)
        self._counted = start
        end_line = self._line + code.count("\n", start, end)
        return self._line, start - code.rfind("\n", 0, start), end_line, end - code.rfind("\n", 0, end)


def _width(blanks: str) -> int:
    if "\f" in blanks:
        raise Doubt
    return len(blanks.expandtabs(8))


@lru_cache(maxsize=1 << 16)
def _read_names(source: str | None, names: str) -> tuple[str | None, int, tuple[Alias, ...]]:
    """Module, level and names of ``from source import names``, or of ``import names`` without a source."""
    if not names.isascii() or not (source or "").isascii():
        raise Doubt
    aliases = tuple([_alias(part) for part in names.replace("\\\n", " ").split(",")])
    if source is None:
        return None, 0, aliases
    source = "".join(source.replace("\\\n", "").split())
    module = source.lstrip(".")
    return module, len(source) - len(module), aliases


def _alias(text: str) -> Alias:
    words = text.split()
    if len(words) == 1:
        return Alias(NOWHERE, words[0], None)
    if len(words) == 3 and words[1] == "as":
        return Alias(NOWHERE, words[0], words[2])
    raise Doubt
