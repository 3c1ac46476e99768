"""The linter's own codes (``TLZ``): what it says about files, comments, settings and itself.

They are always on; only an explicit ``ignore`` silences them, so that no file is left out unnoticed.
"""

from __future__ import annotations

from msgspec import Struct

from threadly_lint.values import Finding, Level


class ToolCode(Struct, frozen=True):
    """One code of the tool itself, with the fields that a rule has: code, name, level and documentation page."""

    code: str
    name: str
    level: Level
    page: str

    def finding(
        self, path: str, line: int, message: str, *, column: int = 1, end: tuple[int, int] | None = None
    ) -> Finding:
        """A finding at ``line`` and ``column`` (1-based) of ``path``; without ``end`` it covers one character."""
        end_line, end_column = end or (line, column + 1)
        return Finding(
            path=path,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            code=self.code,
            name=self.name,
            level=self.level,
            confidence="high",
            message=message,
        )


UNPARSABLE_FILE = ToolCode(
    "TLZ001",
    "unparsable-file",
    "error",
    """A file could not be read or parsed, so nothing in it was judged.

What: the file is not valid Python for any version that the linter can read, is not decodable, or cannot be opened.
Why: a file that is skipped in silence looks like a file without findings.
Instead: mend the file, or leave it out with the `exclude` setting.
Exempt: nothing.
Limits: syntax newer than the running Python is normalised first where that is possible.
""",
)
INTERNAL_ERROR = ToolCode(
    "TLZ002",
    "internal-error",
    "error",
    """A rule crashed; its other findings and all other rules still stand.

What: a rule raised an exception while it judged something in this file.
Why: the absence of its findings there means nothing.
Instead: report it with the traceback that `--verbose` prints; `ignore` the rule until it is mended.
Exempt: nothing.
Limits: none.
""",
)
UNUSED_SUPPRESSION = ToolCode(
    "TLZ003",
    "unused-suppression",
    "preview",
    """A suppression comment names a code that has nothing to suppress there.

What: no finding of the named code exists where the comment counts.
Why: stale suppressions hide the next real mistake.
Instead: delete the comment.
Exempt: codes that this run did not check, codes of other linters, and `# noqa` without codes.
Limits: none.
""",
)
MISSING_REASON = ToolCode(
    "TLZ004",
    "suppression-without-reason",
    "warning",
    """A suppression gives no reason although the settings demand one.

What: `# threadly: ignore[CODE]` with no text after the bracket.
Why: only a reason lets the next reader judge whether the suppression still holds.
Instead: write the reason after the bracket.
Exempt: projects that do not demand reasons; `# noqa`, which has no place for one.
Limits: the reason's content is not judged.
""",
)
EXPIRED_SUPPRESSION = ToolCode(
    "TLZ005",
    "expired-suppression",
    "warning",
    """A suppression was meant to hold until a date that has passed.

What: `# threadly: ignore[CODE] until YYYY-MM-DD reason`, after that day.
Why: the date was set so that somebody looks again.
Instead: mend the code, or set a new date with a reason.
Exempt: suppressions without a date.
Limits: the clock of the machine decides.
""",
)
UNKNOWN_CODE = ToolCode(
    "TLZ006",
    "unknown-code",
    "warning",
    """A comment names a threadly-lint code that does not exist.

What: a `TL` code that neither the linter nor an installed rule pack knows.
Why: the comment suppresses nothing, and its author believes that it does.
Instead: correct the code.
Exempt: codes of other linters.
Limits: none.
""",
)
MALFORMED_DIRECTIVE = ToolCode(
    "TLZ007",
    "malformed-directive",
    "warning",
    """A `# threadly:` comment cannot be understood.

What: the word after `threadly:` is unknown, or `ignore` names no code.
Why: the comment has no effect, and its author believes that it has.
Instead: write `# threadly: ignore[TLA001] reason` or `# threadly: public reason`.
Exempt: nothing.
Limits: none.
""",
)
STALE_BASELINE = ToolCode(
    "TLZ008",
    "stale-baseline",
    "warning",
    """A baseline entry matches no finding any more.

What: the finding that the entry excused is gone. Reported in the first line of the file where the finding was, or in
the baseline when that file is gone too.
Why: a stale entry can excuse a new mistake that looks like the old one.
Instead: write the baseline anew, with `threadly-lint check --write-baseline`.
Exempt: files outside the paths that were asked for, and files that cannot be parsed; rules that the run leaves out.
Limits: entries are told apart by code, file, symbol and message, not by line. When a rule crashes, nothing is said of
any entry.
""",
)
UNMATCHED_PATTERN = ToolCode(
    "TLZ009",
    "unmatched-path-pattern",
    "warning",
    """A path pattern in the settings matches no file.

What: a pattern of `per-file-ignores` or `exempt` matches no Python file of the project.
Why: usually a misspelled or moved path; what it was to cover is no longer covered.
Instead: correct or delete the pattern.
Exempt: the built-in patterns; `exclude` and `extend-exclude`, which may name what is generated later.
Limits: flake8 looks at Python files only, so it does not show what is wrong in `pyproject.toml`.
""",
)
LIMIT_REACHED = ToolCode(
    "TLZ010",
    "analysis-limit-reached",
    "warning",
    """The analysis stopped early somewhere, so findings may be missing there.

What: a bound that keeps the analysis fast (nesting, size, number of steps) was met in this file.
Why: silence beyond that point is no proof.
Instead: split the code, or accept the gap with an `ignore`.
Exempt: nothing.
Limits: none.
""",
)

TOOL_CODES: tuple[ToolCode, ...] = (
    UNPARSABLE_FILE,
    INTERNAL_ERROR,
    UNUSED_SUPPRESSION,
    MISSING_REASON,
    EXPIRED_SUPPRESSION,
    UNKNOWN_CODE,
    MALFORMED_DIRECTIVE,
    STALE_BASELINE,
    UNMATCHED_PATTERN,
    LIMIT_REACHED,
)
