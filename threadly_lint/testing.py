"""The harness for rules: holds a rule to small projects whose lines say what is expected of it. See docs/harness.md.

It works for the rules of a team as well as for the built-in ones, with any test runner: a broken expectation is an
``AssertionError`` that lists every difference.
"""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from threadly_lint.project import Project, load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.report.diff import render_diff
from threadly_lint.run import Outcome, Request, run
from threadly_lint.values import Finding

if TYPE_CHECKING:
    from threadly_lint.fixing import Mended

FIXED = "fixed"
_EXPECTATION = re.compile(rb"[ \t]*# expect: *([A-Z]+\d+(?:, *[A-Z]+\d+)*)[ \t]*(?=\r?$)", re.MULTILINE)

Place = tuple[str, int]


class Fixture(Struct, frozen=True):
    """A small project in ``folder`` that shows one case for the rule with this name."""

    rule_name: str
    case: str
    folder: Path

    @property
    def id(self) -> str:
        """A name for test reports."""
        return f"{self.rule_name}/{self.case}"


def find_fixtures(folder: Path) -> list[Fixture]:
    """Every ``<rule_name>/<case>/`` below ``folder``, sorted."""
    cases = sorted(case for case in folder.glob("*/*/") if case.name != "__pycache__")
    return [Fixture(case.parent.name, case.name, case) for case in cases]


def check_fixture(folder: Path, code: str, registry: Registry | None = None) -> None:
    """Hold the rule that reports ``code`` to the project in ``folder``.

    Only this rule runs, with preview findings on and confidence medium or high. It must report on the lines marked
    ``# expect: CODE`` and on no other; the name of the folder says whether there are any (``flawed...``) or none
    (``sound...``). Suppression, fixes, byte order mark and line ends are tried out as well. Raises AssertionError.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "project"
        shutil.copytree(folder, copy, ignore=lambda where, _: {FIXED} if Path(where) == folder else set())
        settings = copy / "pyproject.toml"
        if not settings.exists():
            settings.write_text("[tool.threadly-lint]\n", encoding="utf-8")
        _Trial(folder, code, load_project(copy), registry or load_registry()).hold()


class _Trial:
    """One fixture, one rule."""

    def __init__(self, folder: Path, code: str, project: Project, registry: Registry) -> None:
        self._folder = folder
        self._code = code
        self._project = project
        self._registry = registry
        self._settings = replace(project.settings, select=(code,), ignore=(), preview=True, min_confidence="medium")
        self._texts = {file.path: (project.root / file.path).read_bytes() for file in project.files}
        self._expected = self._read_expectations()

    def hold(self) -> None:
        """Try everything, one thing after another."""
        before = _contents(self._project.root)
        outcome = self._run({})
        self._demand_expected("", outcome)
        if _contents(self._project.root) != before:
            self._fail("the run changed files")
        self._try_suppression(outcome)
        windows = {path: _as_on_windows(data) for path, data in self._texts.items()}
        self._demand_expected("with a byte order mark and CRLF: ", self._run(windows))
        if _fixable(outcome):
            self._try_fixes()
        elif (self._folder / FIXED).exists():
            self._fail(f"there is a folder {FIXED}, but the rule offers no fix")

    def _read_expectations(self) -> frozenset[Place]:
        expected = frozenset(
            (path, number)
            for path, data in {**self._texts, **_settings_text(self._project)}.items()
            for number, line in enumerate(data.split(b"\n"), start=1)
            if (match := _EXPECTATION.search(line)) and self._code in _codes(match)
        )
        flawed, sound = self._folder.name.startswith("flawed"), self._folder.name.startswith("sound")
        if flawed == sound or flawed != bool(expected):
            self._fail(f"a folder is named `flawed...` when it expects {self._code}, otherwise `sound...`")
        return expected

    def _run(self, texts: Mapping[str, bytes]) -> Outcome:
        return run(self._project, self._registry, Request(self._settings, texts=texts))

    def _demand_expected(self, circumstance: str, outcome: Outcome) -> None:
        found = {(finding.path, finding.line): finding for finding in outcome.findings if finding.code == self._code}
        strange = [finding for finding in outcome.findings if finding.code != self._code]
        missing = [f"{path}:{line}: {self._code} is expected" for path, line in sorted(self._expected - set(found))]
        extra = [found[place] for place in sorted(set(found) - self._expected)]
        said = [f"{one.path}:{one.line}: {one.code} is not expected: {one.message}" for one in [*extra, *strange]]
        if missing or said:
            self._fail(circumstance + "\n".join([*missing, *said]))

    def _try_suppression(self, outcome: Outcome) -> None:
        """Put a ``# noqa`` where each expectation stands."""
        silenced = self._run({path: _EXPECTATION.sub(self._suppression, data) for path, data in self._texts.items()})
        left = [finding for finding in silenced.findings if finding.path in self._texts]
        if left:
            self._fail(f"{left[0].path}:{left[0].line}: a noqa comment does not suppress {self._code}")

    def _suppression(self, expectation: re.Match[bytes]) -> bytes:
        return f"  # noqa: {self._code}".encode() if self._code in _codes(expectation) else expectation[0]

    def _try_fixes(self) -> None:
        """Without the expectations: a fix may have reasons to leave a comment alone."""
        texts = {path: _bare(data) for path, data in self._texts.items()}
        windows = {path: _as_on_windows(data) for path, data in texts.items()}
        mended = self._mend(texts)
        for finding, reason in mended.refused:
            self._fail(f"{finding.path}:{finding.line}: the fix is refused: {reason}")
        if _fixable(mended.outcome):
            self._fail("a second run would fix more")
        if (self._folder / FIXED).exists():
            self._compare_with_twin({**texts, **mended.texts})
        again = self._mend(windows)
        if {path: _as_on_windows(data) for path, data in mended.texts.items()} != again.texts:
            self._fail("the fixes come out differently with a byte order mark and CRLF")

    def _mend(self, texts: Mapping[str, bytes]) -> Mended[Outcome]:
        from threadly_lint.fixing import mend

        return mend(self._run(texts), lambda changed: self._run({**texts, **changed}), texts.__getitem__, _has_edits)

    def _compare_with_twin(self, texts: Mapping[str, bytes]) -> None:
        twin = {
            path.relative_to(self._folder / FIXED).as_posix(): path for path in (self._folder / FIXED).rglob("*.py")
        }
        for path in sorted({*twin, *texts}):
            wanted = _bare(twin[path].read_bytes() if path in twin else self._texts[path])
            if path not in texts or _bare(texts[path]) != wanted:
                difference = render_diff(path, wanted.decode(), _bare(texts.get(path, b"")).decode())
                self._fail(f"the fixes do not make {FIXED}/{path}:\n{difference}")

    def _fail(self, message: str) -> None:
        raise AssertionError(f"{self._folder.parent.name}/{self._folder.name}: {message}")


def _codes(expectation: re.Match[bytes]) -> list[str]:
    return re.split(", *", expectation[1].decode())


def _has_edits(finding: Finding) -> bool:
    return finding.fix is not None and bool(finding.fix.edits)


def _fixable(outcome: Outcome) -> list[Finding]:
    return [finding for finding in outcome.findings if _has_edits(finding)]


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def _settings_text(project: Project) -> dict[str, bytes]:
    """The settings file may carry expectations too: some rules report there."""
    return {"pyproject.toml": (project.root / "pyproject.toml").read_bytes()}


def _as_on_windows(data: bytes) -> bytes:
    """``data`` with a byte order mark and CRLF, unless it declares an encoding of its own."""
    if b"coding" in data or data.startswith(codecs.BOM_UTF8):
        return data
    return codecs.BOM_UTF8 + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _bare(data: bytes) -> bytes:
    """``data`` without its expectations."""
    return _EXPECTATION.sub(b"", data)
