"""Findings that a project accepts for now: a file that excuses each of them, until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from threadly_lint.settings import SettingsError
from threadly_lint.tool_codes import STALE_BASELINE
from threadly_lint.values import Finding

VERSION = 1
FIRST_LINE = 4
"""Where the first entry stands in a file that we have written."""


class Entry(Struct, frozen=True):
    """One accepted finding. ``fingerprint`` decides; the rest is for readers, and tells what has become stale."""

    path: str
    code: str
    message: str
    fingerprint: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    findings: tuple[Entry, ...]


class Baseline(Struct, frozen=True):
    """The accepted findings. ``file`` is how the baseline's file is named to readers, relative to the project root."""

    file: str = ""
    entries: tuple[Entry, ...] = ()

    def excuses(self, finding: Finding) -> bool:
        return any(entry.fingerprint == finding.fingerprint for entry in self.entries)

    def stale(
        self, findings: Iterable[Finding], is_judged: Callable[[Entry], bool], exists: Callable[[str], bool]
    ) -> Iterator[Finding]:
        """One finding for each entry that matches none of ``findings``, whatever becomes of them otherwise.

        ``is_judged`` says whether the run would have found what the entry excuses. A stale entry is reported in its
        file, or at its line of the baseline when that file no longer ``exists``.
        """
        there = {finding.fingerprint for finding in findings}
        for line, entry in enumerate(self.entries, start=FIRST_LINE):
            if entry.fingerprint not in there and is_judged(entry):
                message = f"`{self.file}` excuses {entry.code} here, which is gone: {entry.message}"
                if exists(entry.path):
                    yield STALE_BASELINE.finding(entry.path, 1, message)
                else:
                    message = f"`{entry.code}` in `{entry.path}` is excused, which is gone: {entry.message}"
                    yield STALE_BASELINE.finding(self.file, line, message)


NO_BASELINE = Baseline()


def read_baseline(root: Path, name: str) -> Baseline:
    """The baseline in file ``name`` below ``root``; an empty one without a name.

    Raises SettingsError when the file cannot be read or is none.
    """
    if not name:
        return NO_BASELINE
    file = root / name
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_File)
    except OSError as error:
        raise SettingsError((f"{file}: the baseline cannot be read: {error.strerror or error}",)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SettingsError((f"{file}: this is no baseline: {error}",)) from None
    if found.version != VERSION:
        raise SettingsError((f"{file}: version {found.version} of baselines is unknown; write it anew",))
    return Baseline(name, found.findings)


def render_baseline(findings: Iterable[Finding], kept: Iterable[Entry] = ()) -> tuple[bytes, int]:
    """A baseline that excuses ``findings`` and what the entries ``kept`` excuse, and how many entries it has.

    One line for each, in an order that edits do not disturb. The linter's own codes cannot be accepted.
    """
    accepted = {Entry(f.path, f.code, f.message, f.fingerprint) for f in findings if not f.code.startswith("TLZ")}
    entries = sorted({*accepted, *kept}, key=lambda e: (e.path, e.code, e.message, e.fingerprint))
    body = b",\n".join(b"    " + msgspec.json.encode(entry) for entry in entries)
    return b'{\n  "version": %d,\n  "findings": [\n%s\n  ]\n}\n' % (VERSION, body), len(entries)
