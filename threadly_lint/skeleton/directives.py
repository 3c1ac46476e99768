"""Comments that speak to the linter: ``# noqa``, ``# flake8: noqa`` and ``# threadly: WORD[CODES] text``.

A ``# noqa`` that names codes of other linters alone is none of them. Most are of that kind, so a look at the comment
signs settles most files; only in the others are strings told from comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from threadly_lint.skeleton.nodes import Directive, Span

_TO_COMMENT = re.compile(
    r'''
    (?: [^"'\#]++
    |   """ (?: [^\\"]++ | \\. | "(?!"") )*+ (?: """ | \Z )
    |   \'\'\' (?: [^\\']++ | \\. | '(?!\'\') )*+ (?: \'\'\' | \Z )
    |   " (?: [^\\"\n]++ | \\. )*+ "?
    |   ' (?: [^\\'\n]++ | \\. )*+ '?
    )*+
    (?P<comment> \#[^\n]* | \Z )
    ''',
    re.DOTALL | re.VERBOSE,
)
_START = re.compile(r"# noqa|# flake8[:=]\s*noqa|#\s*threadly:", re.IGNORECASE)
_CODE = r"(?:[A-Z]+[0-9]+|TL[A-Z]?\b)"
_CODES = rf"{_CODE}(?:[,\s]*{_CODE})*"
_NOQA = re.compile(rf"# (?P<file>flake8[:=]\s*)?noqa(?::\s?(?P<codes>{_CODES}))?", re.IGNORECASE)
_FOREIGN = r"(?!TL)[A-Z]++[0-9]++"
_OURS = re.compile(
    rf"#(?: (?:flake8[:=]\s*+)?noqa(?!:\s?{_FOREIGN}(?:[,\s]*+{_FOREIGN})*+(?![,\s]*TL))|\s*threadly:)", re.IGNORECASE
)
_THREADLY = re.compile(r"#\s*threadly:\s*(?P<word>[a-z][\w-]*)?(?:\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)


def find_directives(text: str) -> tuple[Directive, ...]:
    """The directives of a file in order of their places. The same words inside a string are none."""
    if _OURS.search(text) is None:
        return ()
    found: list[Directive] = []
    line, counted = 1, 0
    for token in _TO_COMMENT.finditer(text):
        comment, start = token["comment"], token.start("comment")
        if _OURS.search(comment) is None:
            continue
        line, counted = line + text.count("\n", counted, start), start
        before = text[text.rfind("\n", 0, counted) + 1 : counted]
        found.extend(_directives(comment, line, before))
    return tuple(found)


def _directives(comment: str, line: int, before: str) -> Iterator[Directive]:
    """The directives in one comment, each reaching to the next; ``before`` is what precedes the comment on its line."""
    starts = [match.start() for match in _START.finditer(comment)]
    for start, end in pairwise([*starts, len(comment)]):
        part = comment[start:end].rstrip()
        if _OURS.match(part) is None:
            continue
        column = len(before) + start + 1
        span = (line, column, line, column + len(part))
        alone = start == 0 and not before.strip()
        if (directive := _threadly(part, span) or _noqa(part, span, alone)) is not None:
            yield directive


def _threadly(part: str, span: Span) -> Directive | None:
    match = _THREADLY.match(part)
    if match is None:
        return None
    codes = tuple(re.split(r"[,\s]+", match["codes"].strip().upper())) if (match["codes"] or "").strip() else ()
    return Directive((match["word"] or "").lower(), codes, part[match.end() :].lstrip(" :,-"), span)


def _noqa(part: str, span: Span, alone: bool) -> Directive | None:
    """As flake8 reads it: a comment for the whole file counts only alone on its line."""
    match = _NOQA.match(part)
    if match is None or (match["file"] and not alone):
        return None
    codes = tuple(re.findall(_CODE, (match["codes"] or "").upper()))
    return Directive("noqa-file" if match["file"] else "noqa", codes, part[match.end() :].strip(), span)
