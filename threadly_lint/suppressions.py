"""Comments that excuse findings: ``# noqa``, ``# flake8: noqa`` and ``# threadly: ignore[CODE] reason``.

``# noqa`` counts exactly where flake8 lets it count: on the finding's line, where a multi-line string or a backslash
joins lines into one. ``# threadly: ignore[...]`` counts on the finding's line and on the first line of its statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from io import StringIO

from threadly_lint import tool_codes
from threadly_lint.registry import Registry
from threadly_lint.rule import Rule
from threadly_lint.skeleton.nodes import Class, Directive, Function, Handler, Skeleton, Stmt
from threadly_lint.tool_codes import ToolCode
from threadly_lint.values import Finding

DIRECTIVES = ("ignore", "public")
_UNTIL = re.compile(r"until\s+(\d{4}-\d{2}-\d{2})\b")
_OUR_CODE = re.compile(r"TL[A-Z]\d*")


class Suppressions:
    """All suppression comments of a project; remembers which of them excused something.

    ``text_of`` returns the text of a file; it is asked only for files in which a ``# noqa`` may reach over lines.
    """

    def __init__(self, skeletons: Mapping[str, Skeleton], text_of: Callable[[str], str], today: date) -> None:
        self._skeletons = skeletons
        self._today = today
        self._lines = cache(lambda path: text_of(path).split("\n"))
        self._joined = cache(lambda path: _joined_lines("\n".join(self._lines(path))))
        self._used: set[tuple[str, Directive, str]] = set()

    def excuse(self, finding: Finding) -> Directive | None:
        """The comment that suppresses ``finding``, or None."""
        skeleton = self._skeletons.get(finding.path)
        for directive in skeleton.directives if skeleton else ():
            code = _matching_code(directive, finding.code)
            if code is not None and not self._expired(directive) and self._reaches(directive, finding):
                self._used.add((finding.path, directive, code))
                return directive
        return None

    def complaints(
        self, registry: Registry, runs: Callable[[Rule | ToolCode], bool], require_reason: bool
    ) -> Iterator[Finding]:
        """What is wrong with the comments themselves; call it after the last ``excuse``.

        ``runs`` tells whether a rule was part of the run: only the suppression of such a rule can be called unused.
        """
        for path, skeleton in self._skeletons.items():
            for directive in skeleton.directives:
                malformed = _malformation(directive)
                if malformed:
                    yield _at(directive, path, tool_codes.MALFORMED_DIRECTIVE, malformed)
                elif self._expired(directive):
                    message = f"the suppression of {_listed(directive.codes)} has expired: `{directive.text}`"
                    yield _at(directive, path, tool_codes.EXPIRED_SUPPRESSION, message)
                elif require_reason and directive.kind == "ignore" and not directive.text:
                    message = f"the suppression of {_listed(directive.codes)} gives no reason"
                    yield _at(directive, path, tool_codes.MISSING_REASON, message)
                yield from self._code_complaints(path, directive, registry, runs)

    def _reaches(self, directive: Directive, finding: Finding) -> bool:
        if directive.kind == "noqa":
            return self._on_same_line(finding.path, directive.span[0], finding.line)
        if directive.kind == "ignore":
            return directive.span[0] in _statement_lines(self._skeletons[finding.path].body, finding.line)
        return directive.kind == "noqa-file"

    def _on_same_line(self, path: str, comment: int, finding: int) -> bool:
        """Whether flake8 reads the lines of a comment and of a finding as one."""
        if comment <= finding or not _may_continue(self._lines(path), comment):
            return comment == finding
        return comment in self._joined(path).get(finding, ())

    def _expired(self, directive: Directive) -> bool:
        until = _UNTIL.match(directive.text) if directive.kind == "ignore" else None
        return until is not None and until[1] < self._today.isoformat()

    def _code_complaints(
        self, path: str, directive: Directive, registry: Registry, runs: Callable[[Rule | ToolCode], bool]
    ) -> Iterator[Finding]:
        for code in directive.codes:
            rule = registry.describe(code)
            if _OUR_CODE.fullmatch(code) and not registry.knows(code):
                message = f"there is no code `{code}`{registry.hint(code)}"
                yield _at(directive, path, tool_codes.UNKNOWN_CODE, message)
            elif rule and runs(rule) and not self._expired(directive) and (path, directive, code) not in self._used:
                message = f"nothing here needs the suppression of `{code}`"
                yield _at(directive, path, tool_codes.UNUSED_SUPPRESSION, message)


def _matching_code(directive: Directive, code: str) -> str | None:
    """The entry of ``directive`` that covers ``code``; an empty text for a ``# noqa`` without codes."""
    if not directive.codes:
        return None if directive.kind == "ignore" else ""
    return next((prefix for prefix in directive.codes if code.startswith(prefix)), None)


def _malformation(directive: Directive) -> str:
    if directive.kind in ("noqa", "noqa-file", "public"):
        return ""
    if directive.kind == "ignore":
        return "" if directive.codes else "`# threadly: ignore` names no code; write `# threadly: ignore[CODE] reason`"
    import difflib

    near = difflib.get_close_matches(directive.kind, DIRECTIVES, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else f"; known are {_listed(DIRECTIVES)}"
    return f"`# threadly: {directive.kind}` is unknown{hint}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _at(directive: Directive, path: str, code: ToolCode, message: str) -> Finding:
    line, column, end_line, end_column = directive.span
    return code.finding(path, line, message, column=column, end=(end_line, end_column))


def _statement_lines(body: Sequence[Stmt | Handler], line: int) -> set[int]:
    """Lines on which a comment speaks for a finding at ``line``: that line and where its statement begins."""
    statement = _statement_at(body, line)
    if statement is None:
        return {line}
    begins = {line, statement.span[0]}
    return begins | {statement.name_span[0]} if isinstance(statement, Function | Class) else begins


def _statement_at(body: Sequence[Stmt | Handler], line: int) -> Stmt | Handler | None:
    """The innermost statement that covers ``line``."""
    for statement in body:
        if statement.span[0] <= line <= statement.span[2]:
            inner = [part for block in _BLOCKS for part in getattr(statement, block, ())]
            return _statement_at(inner, line) or statement
    return None


_BLOCKS = ("body", "handlers", "orelse", "final", "cases")


def _may_continue(lines: Sequence[str], number: int) -> bool:
    """Whether a line with a comment may continue the one before: after a backslash, or when a string ends in it."""
    line, before = lines[number - 1], lines[number - 2] if number > 1 else ""
    return before.endswith("\\") or '"""' in line or "'''" in line


def _joined_lines(text: str) -> dict[int, range]:
    """For each line, the physical lines that flake8 reads as one with it."""
    import tokenize

    joined: dict[int, range] = {}
    first, last = 0, 0
    try:
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type in (tokenize.DEDENT, tokenize.ENDMARKER):
                continue
            first = first or token.start[0]
            last = max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                joined.update(dict.fromkeys(range(first, last + 1), range(first, last + 1)))
                first, last = 0, 0
    except (tokenize.TokenError, SyntaxError):
        return {}
    return joined
