"""The report for people: the sentence, the place with its source line underlined, the trail, the remedy."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import click

from threadly_lint.report.statistics import count_by_code
from threadly_lint.values import LEVELS, Finding, Fix, Level

MOST_COLUMNS = 160
_COLOURS: dict[Level, str] = {"error": "red", "warning": "yellow", "preview": "cyan"}
_HOW_TO_FIX = {"safe": "--fix", "unsafe": "--fix --unsafe-fixes", "suggested": "suggested, see --diff"}


def render_text(
    findings: Sequence[Finding], text_of: Callable[[str], str], shown_path: Callable[[str], str], colour: bool
) -> Iterator[str]:
    """One block of lines for each finding, the most severe first.

    ``text_of`` returns a file's text, empty when it cannot be read; ``shown_path`` turns a path that is relative to
    the project root into the one to print.
    """
    style = click.style if colour else _plain
    ordered = sorted(findings, key=lambda finding: (LEVELS.index(finding.level), finding.sort_key))
    for path, group in groupby(ordered, key=lambda finding: finding.path):
        lines = _split_lines(text_of(path))
        for finding in group:
            yield "\n".join(_block(finding, lines, shown_path, style)) + "\n"


def render_statistics(findings: Sequence[Finding]) -> str:
    """A table of counts by code."""
    counts = count_by_code(findings)
    width = max((len(str(one.count)) for one in counts), default=0)
    return "".join(f"{one.count:>{width}}  {one.code}  {one.name}\n" for one in counts)


def _block(
    finding: Finding, lines: Sequence[str], shown_path: Callable[[str], str], style: Callable[..., str]
) -> Iterator[str]:
    margin = " " * len(str(finding.line))
    arrow = style("-->", fg="blue", bold=True)
    yield _headline(finding, style)
    yield f"{margin}{arrow} {shown_path(finding.path)}:{finding.line}:{finding.column}"
    if finding.line <= len(lines):
        yield from _excerpt(finding, lines[finding.line - 1], margin, style)
    yield from _trail(finding, margin, shown_path, style)
    if finding.fix:
        yield f"{margin} {_label('fix', style)} {_remedy(finding.fix)}"


def _headline(finding: Finding, style: Callable[..., str]) -> str:
    code = style(finding.code, fg=_COLOURS[finding.level], bold=True)
    doubt = "" if finding.confidence == "high" else f" ({finding.confidence} confidence)"
    return f"{code} {finding.level}{doubt}: {_printable(finding.message)}"


def _excerpt(finding: Finding, line: str, margin: str, style: Callable[..., str]) -> Iterator[str]:
    bar = style("|", fg="blue", bold=True)
    number = style(str(finding.line), fg="blue", bold=True)
    end = finding.end_column if finding.end_line == finding.line else len(line) + 1
    first, last = finding.column - 1, max(end - 1, finding.column)
    cut = max(0, first - MOST_COLUMNS // 2) if len(line) > MOST_COLUMNS else 0
    shown = _printable(line[cut : cut + MOST_COLUMNS])
    carets = "^" * max(1, _width(line[first : min(last, cut + MOST_COLUMNS)]))
    yield f"{margin} {bar}"
    yield f"{number} {bar} {shown.rstrip()}"
    yield f"{margin} {bar} {' ' * _width(line[cut:first])}{style(carets, fg=_COLOURS[finding.level], bold=True)}"
    yield f"{margin} {bar}"


def _trail(finding: Finding, margin: str, shown_path: Callable[[str], str], style: Callable[..., str]) -> Iterator[str]:
    places = [f"{shown_path(step.path)}:{step.line}" for step in finding.trail]
    width = max(map(len, places), default=0)
    for index, (place, step) in enumerate(zip(places, finding.trail, strict=True)):
        label = _label("trail", style) if index == 0 else " " * len("= trail:")
        yield f"{margin} {label} {place:<{width}}  {_printable(step.what)}"


def _remedy(fix: Fix) -> str:
    return f"{_printable(fix.title)} ({_HOW_TO_FIX[fix.safety] if fix.edits else fix.safety + ', by hand'})"


def _label(word: str, style: Callable[..., str]) -> str:
    return f"{style('=', fg='blue', bold=True)} {style(word, bold=True)}:"


def _split_lines(text: str) -> list[str]:
    """Lines as Python counts them; ``str.splitlines`` would also split at form feeds and the like."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _printable(text: str) -> str:
    """``text`` with tabs as four blanks and nothing that could steer a terminal."""
    return "".join(character if character.isprintable() else _stand_in(character) for character in text)


def _stand_in(character: str) -> str:
    return "    " if character == "\t" else "\N{REPLACEMENT CHARACTER}"


def _width(text: str) -> int:
    return sum(_columns(character) for character in _printable(text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _plain(text: str, **_: object) -> str:
    return text
