"""An imports-only skeleton without a parse: several times cheaper, and exact or refused.

Strings and comments are dropped first. What is then left of the keyword ``import`` can only be an import statement, and
what stands around it can be told from block headers and indentation. Wherever the text is not as plain as that (an
import behind a semicolon, torn quotes in an f-string, an exotic condition) the answer is None: parse the file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from threadly_lint.skeleton.decode import Unreadable, decode
from threadly_lint.skeleton.directives import find_directives
from threadly_lint.skeleton.nodes import (
    NOWHERE,
    Alias,
    Class,
    Compare,
    Constant,
    Expr,
    Function,
    If,
    Import,
    ImportFrom,
    Name,
    Parameters,
    Skeleton,
    Span,
    Stmt,
    Try,
)

_STRING_OR_COMMENT = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:"""|\Z)'
    r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\Z)"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'"
    r"|#[^\n]*",
    re.DOTALL,
)
_FORMATTED = re.compile(r"[fFtT][rR]?\Z")
_LAST_OF_PREFIX = frozenset("fFtTrR")
_PLAIN_FIELD = r"""[^{}'"\n]|'[^'{}\n]*'|"[^"{}\n]*\""""
_WHOLE_FSTRING = re.compile(
    rf"(?:[^{{}}]++|\{{\{{|\}}\}}|\{{(?:{_PLAIN_FIELD}|\{{(?:{_PLAIN_FIELD})*+\}})*+\}})*+", re.DOTALL
)
_BEFORE_IMPORT = re.compile(r"(?:.*[;:\\])?[ \t\f]*(?:lazy\b)?[ \t]*(?:from\b.*)?")
_IN_COMMENT = re.compile(r"""[^'"#]*#[^'"]*""")
_REST_OF_IMPORT = re.compile(r"import\s*\((?:[^)#]|#[^\n]*)*\)[^\n]*|(?:[^\n]*\\\n)*[^\n]*")
_TOP_LEVEL = re.compile(r"\n(?<!\\\n)(?=(?:import|from)\b)")
_INDENTED = re.compile(r"\n[ \t\f]+(?:import|from)\b")
_AT_ANY_LEVEL = re.compile(
    r"\n(?<!\\\n)([ \t\f]*)"
    r"(import|from|async|def|class|if|elif|else|try|except|finally|for|while|with|match|case)\b"
)
_WORDS_OF_EXPRESSIONS = frozenset({"if", "else", "for", "async", "match", "case"})
_PLAIN_STATEMENT = re.compile(r"(?:from ([\w.]+) )?import ([\w., *]+)(?=\n|\Z)")
_GAP = r"(?:[ \t\f]|\\\n)"
_STATEMENT = re.compile(
    rf"(?:from\b((?:[\w.]|{_GAP})+?)\bimport\b{_GAP}*(?:\(([^()]*)\)|((?:[^\n;\\(]|\\\n)+))|import\b((?:[^\n;\\]|\\\n)+))"
    rf"(?={_GAP}*(?:[\n;]|\Z))"
)
_TEST = re.compile(
    r"[ \t]*(\()?[ \t]*(?:False|0|(not[ \t]+)?(?:(?:\w+[ \t]*\.[ \t]*)*TYPE_CHECKING|(__name__[ \t]*==[ \t]*__main__)))"
    r"[ \t]*(?(1)\))[ \t]*:"
)
_KEYWORD = re.compile(r"\bimport\b")
_DEFINITION = re.compile(r"[ \t]+(\w+)")
_ASYNC_BLOCK = re.compile(r"[ \t]+(def|for|with)\b")
_LINE_END = re.compile(r"\n(?<!\\\n)")
_NO_PARAMETERS = Parameters(NOWHERE, ())
_TESTS: dict[str, Expr] = {
    "typing": Name(NOWHERE, "TYPE_CHECKING"),
    "main": Compare(NOWHERE, Name(NOWHERE, "__name__"), ("==",), (Constant(NOWHERE, "str", "__main__"),)),
}


class _Doubt(Exception):
    """The text is not plain enough to be read without a parser."""


def scan_imports(data: bytes) -> Skeleton | None:
    """The imports-only skeleton of a Python file's bytes, or None when only a parse can tell.

    Its body holds the import statements and around them definitions, ``try`` and those ``if`` statements that decide
    when an import runs; nothing else. Only the import statements have a place, which their aliases share. A text that
    Python rejects is not noticed.
    """
    try:
        text = decode(data)
        body = _scan(text)
    except (Unreadable, _Doubt):
        return None
    lines = text.count("\n") + (text[-1:] not in ("", "\n"))
    return Skeleton(body, lines, find_directives(text))


def _scan(text: str) -> tuple[Stmt, ...]:
    end = _end_of_imports(text)
    if not end:
        return ()
    code = "\n" + _STRING_OR_COMMENT.sub(_blank, text[:end])
    if '"' in code or "'" in code:
        raise _Doubt
    reader = _Reader(code)
    reader.read()
    if reader.found != code.count("import") and reader.found != len(_KEYWORD.findall(code)):
        raise _Doubt
    return reader.result()


def _end_of_imports(text: str) -> int:
    """Where the last thing ends that looks like an import statement; 0 if there is none."""
    at = len(text)
    while (at := _last_import(text, at)) >= 0:
        line = text.rfind("\n", 0, at) + 1
        if _BEFORE_IMPORT.fullmatch(text, line, at) and not _IN_COMMENT.fullmatch(text, line, at):
            rest = _REST_OF_IMPORT.match(text, at)
            return rest.end() if rest else len(text)
    return 0


def _last_import(text: str, end: int) -> int:
    while (end := text.rfind("import", 0, end)) >= 0:
        if not text[end : end + 7].isidentifier() or end + 6 == len(text):
            return end
    return -1


def _blank(match: re.Match[str]) -> str:
    """A word instead of a string, nothing instead of a comment; line ends stay, as continuations of the line."""
    token = match[0]
    if token[0] == "#":
        return ""
    if token[1:-1] == "__main__":
        return " __main__ "
    if _is_formatted(match.string, match.start()) and not _WHOLE_FSTRING.fullmatch(token):
        raise _Doubt
    return " s " + "\\\n" * token.count("\n") if "\n" in token else " s "


def _is_formatted(text: str, start: int) -> bool:
    """Whether the string that starts here has a prefix with ``f`` or ``t``."""
    return text[start - 1 : start] in _LAST_OF_PREFIX and bool(_FORMATTED.search(text, max(start - 2, 0), start))


class _Block(NamedTuple):
    """An open block: the indentation of its header, the header's first word and where that ends, the block before it on
    the same level (which it may continue), and what it holds."""

    indent: int
    word: str
    end: int
    before: _Block | None
    body: list[Stmt]


class _Reader:
    """Reads imports and block headers off a code without strings and comments, keeping track of the open blocks."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.found = 0
        self._open = [_Block(-1, "", 0, None, [])]
        self._counted = 0
        self._line = 0
        self._has_moments = "TYPE_CHECKING" in code or "__main__" in code

    def read(self) -> None:
        if not _INDENTED.search(self.code):
            self._open[0].body.extend(self._import(token.end()) for token in _TOP_LEVEL.finditer(self.code))
            return
        depth = checked = 0
        for token in _AT_ANY_LEVEL.finditer(self.code):
            blanks, word = token.groups()
            if word in _WORDS_OF_EXPRESSIONS:
                depth += self._depth(checked, token.start())
                checked = token.start()
                if depth:
                    continue
            self._take(_width(blanks), word, token)

    def result(self) -> tuple[Stmt, ...]:
        self._close(0)
        return tuple(self._open[0].body)

    def _take(self, indent: int, word: str, token: re.Match[str]) -> None:
        before = self._close(indent)
        if word in ("import", "from"):
            self._open[-1].body.append(self._import(token.start(2)))
        else:
            self._open.append(_Block(indent, word, token.end(), before, []))

    def _close(self, indent: int) -> _Block | None:
        """Close the blocks that end before a line with this indentation; the last of them."""
        last = None
        while self._open[-1].indent >= indent:
            last = self._open.pop()
            if last.body:
                self._open[-1].body.extend(self._wrap(last))
        return last

    def _depth(self, start: int, end: int) -> int:
        """How many more brackets are opened than closed in a stretch."""
        count = self.code.count
        opened = count("(", start, end) + count("[", start, end) + count("{", start, end)
        return opened - count(")", start, end) - count("]", start, end) - count("}", start, end)

    def _wrap(self, block: _Block) -> tuple[Stmt, ...]:
        """The statement that the block was, as far as imports care; its place is not kept."""
        body, word, end = tuple(block.body), block.word, block.end
        if word == "async":
            header = _ASYNC_BLOCK.match(self.code, end)
            if not header:
                raise _Doubt
            word, end = header[1], header.end()
        if word in ("def", "class"):
            name = _DEFINITION.match(self.code, end)
            if not name:
                raise _Doubt
            return (_definition(word, name[1], body),)
        kind = self._clause(block)[0]
        if kind == "try":
            return (Try(NOWHERE, body, handlers=(), orelse=(), final=()),)
        return (If(NOWHERE, _TESTS[kind], body, orelse=()),) if kind in _TESTS else body

    def _clause(self, block: _Block) -> tuple[str, str]:
        """What the clause is, and what an ``else`` behind it would be."""
        if block.word in ("try", "except", "finally"):
            return "try", "try"
        continued = block.before if block.word in ("elif", "else") else None
        inherited = self._clause(continued)[1] if continued else "plain"
        if block.word == "else":
            return inherited, "plain"
        if block.word not in ("if", "elif"):
            return "plain", "plain"
        body, otherwise = self._condition(block.end)
        return _stronger(inherited, body), _stronger(inherited, otherwise)

    def _condition(self, end: int) -> tuple[str, str]:
        test = _TEST.match(self.code, end)
        if not test:
            header = self.code[end : self._line_end(end)] if self._has_moments else ""
            if "TYPE_CHECKING" in header or "__main__" in header:
                raise _Doubt
            return "plain", "plain"
        kind = "main" if test[3] else "typing"
        return ("plain", kind) if test[2] else (kind, "plain")

    def _line_end(self, start: int) -> int:
        """Where the logical line around ``start`` ends."""
        for token in _LINE_END.finditer(self.code, start):
            if not self._depth(start, token.start()):
                return token.start()
        return len(self.code)

    def _import(self, start: int) -> Import | ImportFrom:
        self.found += 1
        match = _PLAIN_STATEMENT.match(self.code, start)
        if match:
            return _statement(match[1], match[2], self._span(start, match.start(2) + len(match[2].rstrip(" "))))
        match = _STATEMENT.match(self.code, start)
        if not match:
            raise _Doubt
        source, bracketed, plain, modules = match.groups()
        names = bracketed.strip().removesuffix(",") if bracketed else plain or modules
        span = self._span(start, start + len(match[0].rstrip(" \t\f\\\n")))
        return _statement(source and "".join(source.replace("\\\n", "").split()), names, span)

    def _span(self, start: int, end: int) -> Span:
        self._line += self.code.count("\n", self._counted, start)
        self._counted = start
        end_line = self._line + self.code.count("\n", start, end)
        return self._line, start - self.code.rfind("\n", 0, start), end_line, end - self.code.rfind("\n", 0, end)


def _stronger(one: str, other: str) -> str:
    return next((kind for kind in ("typing", "main") if kind in (one, other)), "plain")


def _definition(word: str, name: str, body: tuple[Stmt, ...]) -> Stmt:
    if word == "class":
        return Class(NOWHERE, name, NOWHERE, bases=(), keywords=(), body=body, decorators=())
    return Function(NOWHERE, name, NOWHERE, _NO_PARAMETERS, body, (), None, is_async=False, docstring=False)


def _width(blanks: str) -> int:
    if "\f" in blanks:
        raise _Doubt
    return len(blanks.expandtabs(8) if "\t" in blanks else blanks)


def _statement(source: str | None, names: str, span: Span) -> Import | ImportFrom:
    """``from source import names``, or ``import names`` without a source."""
    if source is None:
        return Import(span, _aliases(names, span))
    module = source.lstrip(".")
    return ImportFrom(span, module, len(source) - len(module), _aliases(names, span))


def _aliases(text: str, span: Span) -> tuple[Alias, ...]:
    if not text.isascii():
        raise _Doubt
    return tuple([_alias(part, span) for part in text.replace("\\\n", " ").split(",")])


def _alias(text: str, span: Span) -> Alias:
    words = text.split()
    if len(words) == 1:
        return Alias(span, words[0], None)
    if len(words) == 3 and words[1] == "as":
        return Alias(span, words[0], words[2])
    raise _Doubt
