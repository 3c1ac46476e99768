"""Runs the rules over a program. A rule that crashes costs its own findings only, and says so."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from threadly_lint.rule import Check, Rule
from threadly_lint.settings import SettingsError
from threadly_lint.tool_codes import INTERNAL_ERROR
from threadly_lint.values import Finding

if TYPE_CHECKING:
    from threadly_lint.program import Program


class Checked(Struct, frozen=True):
    """What the rules said, crashes among it as findings; ``tracebacks`` has the details of the crashes."""

    findings: tuple[Finding, ...]
    tracebacks: tuple[str, ...]


def check(program: Program, rules: Iterable[Rule]) -> Checked:
    """Show every rule each of the subjects that it subscribed to; each kind of subject is gone through once.

    Raises SettingsError when subjects depend on settings that cannot be used.
    """
    subscribers: dict[type, list[tuple[Rule, Check]]] = defaultdict(list)
    for rule in rules:
        for subject_type, function in rule.checks:
            subscribers[subject_type].append((rule, function))
    round_ = _Round(program)
    for subject_type, subscribed in subscribers.items():
        round_.go_through(subject_type, subscribed)
    return Checked(tuple(round_.findings), tuple(round_.tracebacks))


class _Round:
    def __init__(self, program: Program) -> None:
        self.findings: list[Finding] = []
        self.tracebacks: list[str] = []
        self._program = program
        self._crashed: set[tuple[str, str]] = set()

    def go_through(self, subject_type: type, subscribed: list[tuple[Rule, Check]]) -> None:
        """Feed all subjects of a type to their rules; when the program cannot make them, each rule has crashed."""
        try:
            for subject in self._program.each(subject_type):
                for rule, function in subscribed:
                    self._ask(rule, function, subject)
        except SettingsError:
            raise
        except Exception as error:
            for rule, _ in subscribed:
                self._note_crash(rule, None, error)

    def _ask(self, rule: Rule, function: Check, subject: Any) -> None:
        try:
            self.findings.extend(function(subject, self._program))
        except Exception as error:
            self._note_crash(rule, subject, error)

    def _note_crash(self, rule: Rule, subject: Any, error: Exception) -> None:
        """One finding for each rule and file, however often the rule crashes there."""
        path, line = _place(subject)
        if (rule.code, path) in self._crashed:
            return
        self._crashed.add((rule.code, path))
        said = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0]
        self.findings.append(INTERNAL_ERROR.finding(path, line, f"rule {rule.code} ({rule.name}) crashed here: {said}"))
        self.tracebacks.append(f"{rule.code} in {path}:\n" + "".join(traceback.format_exception(error)))


def _place(subject: Any) -> tuple[str, int]:
    """Where a subject is; a subject that is no place in a file stands for the whole project."""
    try:
        return subject.path, subject.span.line
    except Exception:
        return ".", 1
