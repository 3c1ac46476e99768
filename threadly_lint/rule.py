"""THE contract: all that a rule may import. The engine names no rule, a rule knows no room but this one.

A rule file holds one ``rule = Rule(...)`` and subscribes functions to what it judges::

    rule = Rule(code="TLA001", pattern="auth-database", level="error", fix="suggested")

    @rule.for_each(Endpoint)
    def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]: ...

The rule's name is its file name with dashes; its documentation page is the file's docstring.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from threadly_lint.values import (
    AddKeyword,
    Confidence,
    Finding,
    Fix,
    Level,
    MoveImport,
    Safety,
    Span,
    Step,
    SwapDecorators,
)

if TYPE_CHECKING:
    from threadly_lint.program import Program
    from threadly_lint.program.access.accesses import Access, reads_to_check, unguarded_accesses
    from threadly_lint.program.access.account_reads import Repeated, repeated_account_read
    from threadly_lint.program.access.ownership import (
        is_user,
        provider_id_columns,
        unowned_changes,
        unprotected_account_creation,
    )
    from threadly_lint.program.access.rate_limits import rate_limits
    from threadly_lint.program.access.refusals import Refusal, refusals, unhandled_limiters
    from threadly_lint.program.access.siblings import Practice, is_of_note, practice
    from threadly_lint.program.caching.cache_outages import cache_outages
    from threadly_lint.program.caching.caches import Caches, Lookup, caches
    from threadly_lint.program.caching.everlasting import Everlasting, everlasting
    from threadly_lint.program.caching.half_caches import never_stored, tested_for_truth
    from threadly_lint.program.caching.stale_entries import Stale, stale_entries
    from threadly_lint.program.caching.stampedes import stampedes
    from threadly_lint.program.contracts.verdicts import Verdicts, Violation
    from threadly_lint.program.entry.entry_points import EntryPoint, Run
    from threadly_lint.program.entry.routers import Router, is_usual, one_per_handler, place_of, routers
    from threadly_lint.program.failures.breakers import BypassedBreaker, bypassed_breakers
    from threadly_lint.program.failures.captures import hidden_failures
    from threadly_lint.program.failures.durations import wall_clock_durations
    from threadly_lint.program.failures.error_texts import ErrorText, error_texts
    from threadly_lint.program.failures.exposed_calls import ExposedCall, exposed_calls
    from threadly_lint.program.failures.failure_logs import bare_failure_logs
    from threadly_lint.program.failures.house_boundaries import HandRolled, hand_rolled_boundaries
    from threadly_lint.program.failures.monitoring import monitoring
    from threadly_lint.program.failures.response_checks import unchecked_responses
    from threadly_lint.program.failures.retries import LooseRetry, loose_retries
    from threadly_lint.program.failures.swallowing import Swallowed, swallowed_errors
    from threadly_lint.program.failures.time_limits import Unlimited, unlimited_waits
    from threadly_lint.program.failures.unabsorbed import unabsorbed
    from threadly_lint.program.imports.cycles import ImportCycle, cycles_to_report
    from threadly_lint.program.imports.graph import ImportEdge, ImportGraph
    from threadly_lint.program.imports.reexports import edits_past_reexports
    from threadly_lint.program.input.markup import markup_flows
    from threadly_lint.program.input.open_inputs import OpenInput, open_inputs
    from threadly_lint.program.input.request_flow import Flow, is_signed, request_flows, source_words
    from threadly_lint.program.input.schema_checks import ignored_verdict
    from threadly_lint.program.input.untyped_bodies import untyped_body
    from threadly_lint.program.interpreter import types
    from threadly_lint.program.interpreter.callers import may_be_absent
    from threadly_lint.program.interpreter.effects import Event, Frame, Occurrence
    from threadly_lint.program.service_layer.habits import folder_of, habits
    from threadly_lint.program.service_layer.handler_work import (
        changed_models,
        decides_on_rows,
        service_layer,
        subsystems,
    )
    from threadly_lint.program.service_layer.own_clients import OwnClient, own_clients
    from threadly_lint.program.subjects import Call, Endpoint, Operation
    from threadly_lint.program.symbols.names import Class, Function, Module
    from threadly_lint.program.transactions.compensations import Undoing, frail_compensations
    from threadly_lint.program.transactions.coordination import Coordination
    from threadly_lint.program.transactions.forgotten_steps import forgotten_records, forgotten_steps
    from threadly_lint.program.transactions.misplaced import misplaced
    from threadly_lint.program.transactions.pairs import Pair
    from threadly_lint.program.transactions.pending_rows import gets_pending_row
    from threadly_lint.program.transactions.timeline import Moment, Timeline
    from threadly_lint.program.transactions.writers import Lack

__all__ = [
    "Access",
    "AddKeyword",
    "BypassedBreaker",
    "Caches",
    "Call",
    "Class",
    "Confidence",
    "Coordination",
    "Endpoint",
    "EntryPoint",
    "ErrorText",
    "Event",
    "Everlasting",
    "ExposedCall",
    "Finding",
    "Fix",
    "Flow",
    "Frame",
    "Function",
    "HandRolled",
    "ImportCycle",
    "ImportEdge",
    "ImportGraph",
    "Lack",
    "Level",
    "Lookup",
    "LooseRetry",
    "Module",
    "Moment",
    "MoveImport",
    "Occurrence",
    "OpenInput",
    "Operation",
    "OwnClient",
    "Pair",
    "Practice",
    "Program",
    "Refusal",
    "Repeated",
    "Router",
    "Rule",
    "Run",
    "Span",
    "Stale",
    "Step",
    "Swallowed",
    "SwapDecorators",
    "Timeline",
    "Undoing",
    "Unlimited",
    "Verdicts",
    "Violation",
    "bare_failure_logs",
    "bypassed_breakers",
    "cache_outages",
    "caches",
    "changed_models",
    "cycles_to_report",
    "decides_on_rows",
    "edits_past_reexports",
    "error_texts",
    "everlasting",
    "exposed_calls",
    "folder_of",
    "forgotten_records",
    "forgotten_steps",
    "frail_compensations",
    "gets_pending_row",
    "habits",
    "hand_rolled_boundaries",
    "hidden_failures",
    "ignored_verdict",
    "is_of_note",
    "is_signed",
    "is_user",
    "is_usual",
    "loose_retries",
    "markup_flows",
    "may_be_absent",
    "misplaced",
    "monitoring",
    "never_stored",
    "one_per_handler",
    "open_inputs",
    "own_clients",
    "place_of",
    "practice",
    "provider_id_columns",
    "rate_limits",
    "reads_to_check",
    "refusals",
    "repeated_account_read",
    "request_flows",
    "routers",
    "service_layer",
    "source_words",
    "stale_entries",
    "stampedes",
    "subsystems",
    "swallowed_errors",
    "tested_for_truth",
    "types",
    "unabsorbed",
    "unchecked_responses",
    "unguarded_accesses",
    "unhandled_limiters",
    "unlimited_waits",
    "unowned_changes",
    "unprotected_account_creation",
    "untyped_body",
    "wall_clock_durations",
]

Pattern = Literal[
    "auth-database",
    "cache-aside",
    "service-layer",
    "error-boundary",
    "validation-pipeline",
    "real-time-events",
    "search-integration",
    "monitoring-wrapper",
    "rate-limiting",
    "transaction-coordination",
    "layers",
]

Check = Callable[[Any, "Program"], Iterator[Finding]]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A name out of the program's rooms. A room is imported when the first rule asks for something in it."""
        home = _homes().get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(__import__(home, fromlist=[name]), name)
        return value


@cache
def _homes() -> dict[str, str]:
    """The modules that the names come from, as the imports under ``TYPE_CHECKING`` say."""
    source = Path(__file__).read_text(encoding="utf-8")
    statements = re.findall(r"^    from (threadly_lint\.\S+) import (?:\(([^)]*)\)|(.*))$", source, re.MULTILINE)
    return {name: home for home, bracketed, plain in statements for name in re.findall(r"\w+", bracketed or plain)}


class Place(Protocol):
    """Anything a finding can point at: it knows its file, its span and the function around it."""

    @property
    def path(self) -> str: ...
    @property
    def span(self) -> Span: ...
    @property
    def symbol(self) -> str: ...


class Rule:
    """One rule's declaration: its code, the pattern it belongs to, its level and the safety of its fix.

    ``planned_fix`` names the safety of a fix that the specification foresees and the rule does not offer yet.
    """

    def __init__(
        self,
        *,
        code: str,
        pattern: Pattern,
        level: Level,
        fix: Safety | None = None,
        planned_fix: Safety | None = None,
    ) -> None:
        module = sys._getframe(1).f_globals
        self.code = code
        self.pattern = pattern
        self.level = level
        self.fix = fix
        self.planned_fix = planned_fix
        self.name = str(module["__name__"]).rpartition(".")[2].replace("_", "-")
        self.page = str(module.get("__doc__") or "")
        self.checks: list[tuple[type, Check]] = []

    def for_each(self, subject: type) -> Callable[[Check], Check]:
        """Subscribe a function to every ``subject`` of the program (``Endpoint``, ``Call``, ``ImportGraph``, ...)."""

        def subscribe(check: Check) -> Check:
            self.checks.append((subject, check))
            return check

        return subscribe

    def finding(
        self,
        place: Place,
        message: str,
        *,
        span: Span | None = None,
        level: Level | None = None,
        confidence: Confidence = "high",
        endpoint: str = "",
        trail: tuple[Step, ...] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """A finding at ``place``, or at ``span`` in its file; the level is the rule's own unless the case is milder."""
        span = span or place.span
        return Finding(
            path=place.path,
            line=span.line,
            column=span.column,
            end_line=span.end_line,
            end_column=span.end_column,
            code=self.code,
            name=self.name,
            level=level or self.level,
            confidence=confidence,
            message=message,
            symbol=place.symbol,
            endpoint=endpoint,
            trail=trail,
            fix=fix,
        )
