"""Path patterns in the settings that match no file of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator

from threadly_lint.project import Project, path_matcher
from threadly_lint.settings import DEFAULT_EXEMPT, TABLE
from threadly_lint.tool_codes import UNMATCHED_PATTERN
from threadly_lint.values import Finding

SETTINGS_FILE = "pyproject.toml"


def unmatched_patterns(project: Project) -> Iterator[Finding]:
    """One finding for each pattern that was to relax what rules say about some files, and covers none."""
    paths = (SETTINGS_FILE, *(file.path for file in project.files))
    for key, pattern in _patterns(project):
        matches = path_matcher([pattern.removeprefix("!")])
        if not any(map(matches, paths)):
            line, column = _place(_text(project), key, pattern)
            message = f"the pattern `{pattern}` of `{key}` matches no file of the project"
            end = (line, column + len(pattern) + 2)
            yield UNMATCHED_PATTERN.finding(SETTINGS_FILE, line, message, column=column, end=end)


def _patterns(project: Project) -> Iterator[tuple[str, str]]:
    for pattern in project.settings.per_file_ignores:
        yield "per-file-ignores", pattern
    for pattern in dict.fromkeys(project.settings.exempt):
        if pattern not in DEFAULT_EXEMPT:
            yield "exempt", pattern


def _text(project: Project) -> str:
    try:
        return (project.root / SETTINGS_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _place(text: str, key: str, pattern: str) -> tuple[int, int]:
    """Line and column where our table spells the pattern under that key; the first line when it is spelled otherwise."""
    spelled = re.compile(
        rf"^\s*\[tool\.{TABLE}\b[\s\S]*?\b{key}\b[\s\S]*?([\"'])({re.escape(pattern)})\1", re.MULTILINE
    )
    found = spelled.search(text)
    if found is None:
        return 1, 1
    before = text[: found.start(1)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
