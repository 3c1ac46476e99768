"""``check --fix`` and ``check --diff``: between finding and reporting. Imported only when a fix is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click
from msgspec import Struct
from msgspec.structs import replace

from threadly_lint.fixing import Mended, Refusal, apply_fixes, file_of, mend, read_source, replace_file
from threadly_lint.project import Project
from threadly_lint.registry import Registry
from threadly_lint.report.diff import render_diff
from threadly_lint.run import Outcome, Request, run
from threadly_lint.values import Finding, Fix


class Workshop(Struct, frozen=True):
    """A project whose findings are to be fixed; ``shown_path`` turns its paths into those to print."""

    project: Project
    registry: Registry
    request: Request
    shown_path: Callable[[str], str]

    def fix(self, outcome: Outcome, unsafe: bool) -> Mended[Outcome]:
        """Apply fixes and write the files; says what could not be fixed, and why.

        Raises ClickException when a file cannot be written; those before it have their new content, it has its old one.
        """
        mended = self._mend(outcome, unsafe)
        self._tell_refusals(mended)
        for path, content in mended.texts.items():
            try:
                replace_file(self.project.root / path, content)
            except OSError as error:
                raise click.ClickException(f"{self.shown_path(path)} cannot be written: {error.strerror}") from None
        return mended

    def show_diff(self, outcome: Outcome, unsafe: bool) -> None:
        """Print what ``fix`` would change on standard output, and on standard error each fix that is only suggested."""
        mended = self._mend(outcome, unsafe)
        for path, content in sorted(mended.texts.items()):
            click.echo(self._diff(path, content), nl=False)
        for finding in outcome.findings:
            if finding.fix and finding.fix.safety == "suggested" and self._may_change(finding):
                self._show_suggestion(finding, finding.fix)
        self._tell_refusals(mended)

    def _mend(self, outcome: Outcome, unsafe: bool) -> Mended[Outcome]:
        safeties = ("safe", "unsafe") if unsafe else ("safe",)
        return mend(
            outcome,
            self._analyse,
            self._read,
            lambda finding: self._may_change(finding) and finding.fix is not None and finding.fix.safety in safeties,
        )

    def _analyse(self, texts: Mapping[str, bytes]) -> Outcome:
        return run(self.project, self.registry, replace(self.request, texts=texts))

    def _read(self, path: str) -> bytes:
        return (self.project.root / path).read_bytes()

    def _may_change(self, finding: Finding) -> bool:
        """Whether the fix has edits, all within the paths that were asked for."""
        paths = self.request.paths
        return bool(finding.fix and finding.fix.edits) and (paths is None or file_of(finding) in paths)

    def _show_suggestion(self, finding: Finding, fix: Fix) -> None:
        place = f"{self.shown_path(finding.path)}:{finding.line}: {finding.code}"
        try:
            source = read_source(self._read(file_of(finding)))
        except (Refusal, OSError):
            return
        result = apply_fixes(source.text, [fix])
        if result.applied:
            click.echo(f"Suggested for {place}: {fix.title}", err=True)
            click.echo(render_diff(self.shown_path(file_of(finding)), source.text, result.text), err=True)

    def _diff(self, path: str, content: bytes) -> str:
        old, new = read_source(self._read(path)), read_source(content)
        return render_diff(self.shown_path(path), old.text, new.text)

    def _tell_refusals(self, mended: Mended[Outcome]) -> None:
        for finding, reason in mended.refused:
            place = f"{self.shown_path(finding.path)}:{finding.line}: {finding.code}"
            click.echo(f"Not fixed: {place}: {reason}", err=True)
