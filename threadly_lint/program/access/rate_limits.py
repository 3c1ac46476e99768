"""Whether requests to an endpoint are counted and turned away when there are too many.

Every layer counts: decorators, dependencies, throttles and middleware run with the handler, so their limits and
answers 429 are met on the way; limits that a limiter puts on whole applications or blueprints are read where it is
made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from threadly_lint.program.access.openings import Opening, opening
from threadly_lint.program.entry.registrations import identity, imports, scope_in, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Outcome
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint, Run
    from threadly_lint.program.program import Program

Limited = Literal["yes", "maybe", "no"]

TOO_MANY = 429
LIMIT, EXEMPT = "rate-limit", "rate-limit-off"
LIMITER_CLASSES = ("Limiter", "RateLimiter")
NEEDS_DEFAULTS = "slowapi.middleware."
COUNTING = frozenset("incr aincr incrby increment decr adecr decrby decrement".split())
CHECKS = frozenset({"validation", "validated"})
CHECKING_METHODS = re.compile(r"(a?clean|a?validate|full_clean)(_\w+)?")
FORM_ATTRIBUTES = ("form_class", "serializer_class")
FLASK_DEFAULTS = frozenset({"RATELIMIT_DEFAULT", "RATELIMIT_APPLICATION"})
SIGN_IN_BACKENDS = "AUTHENTICATION_BACKENDS"


def rate_limits(program: Program) -> RateLimits:
    """The limits of a project, read once."""
    found = program.memo.get("rate limits")
    if found is None:
        found = program.memo["rate limits"] = RateLimits(program)
    return found


class RateLimits:
    """Answers which endpoints are limited."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._without: set[int] = set()
        self._checked: dict[str, bool] = {}

    def unlimited_opening(self, endpoint: EntryPoint) -> Opening | None:
        """What strangers can do without limit; with low confidence where code that cannot be seen may limit it."""
        found = opening(endpoint)
        limited = self.of(endpoint, found) if found is not None else "yes"
        if found is None or limited == "yes":
            return None
        return found if limited == "no" else found._replace(confidence="low")

    def lacking(self, endpoints: Iterable[EntryPoint]) -> list[EntryPoint]:
        """Those without limit among them, health checks and those with an opening of their own left out."""
        plain = [e for e in endpoints if e.runs and e.public != "health check" and opening(e) is None]
        return [e for e in plain if self.of(e) == "no"]

    def of(self, endpoint: EntryPoint, what: Opening | None = None) -> Limited:
        """``yes`` when each way in has a limit, ``maybe`` where code that cannot be seen may be one."""
        if what is not None and what.kind == "sign-in" and self._locks_out:
            return "yes"
        found = {self.of_run(endpoint, run) for run in endpoint.runs}
        return "no" if "no" in found else "maybe" if "maybe" in found else "yes"

    def of_run(self, endpoint: EntryPoint, run: Run) -> Limited:
        """The same for one way in."""
        if self._turns_away(run.outcome) or self._by_form(endpoint):
            return "yes"
        exempt = any(o.effect == EXEMPT for o in run.occurrences)
        if not exempt and (self._by_default(endpoint) or self._by_router(endpoint)):
            return "yes"
        return "maybe" if any(g.strength == "unknown" for g in run.auth) else "no"

    # On the way

    def _turns_away(self, outcome: Outcome) -> bool:
        """Whether something below ``outcome`` counts requests, or answers 429."""
        stack, seen = [outcome], {id(outcome)}
        while stack:
            current = stack.pop()
            if any(e.status == TOO_MANY for e in current.exits):
                return True
            for event in current.events:
                if isinstance(event, Event):
                    if event.status == TOO_MANY or self._limits(event):
                        return True
                elif id(event.outcome) not in seen and id(event.outcome) not in self._without:
                    seen.add(id(event.outcome))
                    stack.append(event.outcome)
        self._without |= seen
        return False

    def _limits(self, event: Event) -> bool:
        if _counts(event):
            return True
        if event.effect in CHECKS:
            return self._is_checked_within_limits(event.api)
        if event.effect != LIMIT:
            return False
        return not event.api.startswith(NEEDS_DEFAULTS) or "slowapi" in self._packages_with_defaults

    def _is_checked_within_limits(self, symbol: str) -> bool:
        """Whether a form or serializer of the project counts attempts while it checks them."""
        info = self._classes.get(symbol)
        if info is not None and symbol not in self._checked:
            self._checked[symbol] = False
            self._checked[symbol] = any(
                self._turns_away(self.program.generic_outcome(base.module.function(method, None, base)))
                for base in self.program.hierarchy.mro(info)
                if isinstance(base, Class) and not base.module.is_sketch
                for method in base.method_nodes()
                if CHECKING_METHODS.fullmatch(method.name)
            )
        return self._checked.get(symbol, False)

    def _by_form(self, endpoint: EntryPoint) -> bool:
        """The form of a class view, or the serializer of a generic one, which their base classes check."""
        info = endpoint.function.owner or self._classes.get(endpoint.symbol)
        given = (
            [self.program.hierarchy.class_attribute(info, name)[1] for name in FORM_ATTRIBUTES]
            if info is not None
            else []
        )
        classes = [x.shape.info for value in given for x in value if isinstance(x.shape, t.ClassRef)]
        return any(self._is_checked_within_limits(c.symbol) for c in classes)

    @cached_property
    def _classes(self) -> dict[str, Class]:
        return {info.symbol: info for info in self.program.classes}

    # Made for whole applications

    def _by_default(self, endpoint: EntryPoint) -> bool:
        package = {"flask": "flask_limiter", "quart": "quart_rate_limiter"}.get(endpoint.framework, "")
        return package in self._packages_with_defaults

    @cached_property
    def _packages_with_defaults(self) -> frozenset[str]:
        """Limiter packages of which the project makes a limiter that holds for all routes."""
        found = {p for name in LIMITER_CLASSES for p in self._default_limits(name)}
        if imports(self.program, "flask_limiter") and any(map(_names_flask_default, self._every_node())):
            found.add("flask_limiter")
        return frozenset(found)

    def _default_limits(self, name: str) -> Iterator[str]:
        for call, module, function in self.program.calls_named(name):
            scope = scope_in(self.program, module, function)
            for atom in evaluate(scope, call.func):
                if isinstance(atom.shape, t.Lib) and any(self._gives_limits(atom.shape.name, k) for k in call.keywords):
                    yield atom.shape.name.partition(".")[0]

    def _gives_limits(self, limiter: str, keyword: n.Keyword) -> bool:
        fact = self.program.knowledge.keyword(limiter, keyword.name) if keyword.name else None
        empty = isinstance(keyword.value, n.Sequence) and not keyword.value.items
        return fact is not None and fact.effect == LIMIT and not empty

    def _every_node(self) -> Iterator[n.Node]:
        for module in self.program.modules.values():
            yield from walk(*module.skeleton.body)

    # Put on one router

    def _by_router(self, endpoint: EntryPoint) -> bool:
        return endpoint.router is not None and identity(endpoint.router) in self._limited_routers

    @cached_property
    def _limited_routers(self) -> frozenset[object]:
        """Blueprints that are handed to a limit: ``limiter.limit("5/minute")(blueprint)``."""
        return frozenset(self._routers_given_to_limits())

    def _routers_given_to_limits(self) -> Iterator[object]:
        for call, module, function in self.program.calls_named(""):
            if not isinstance(call.func, n.Call) or not call.args:
                continue
            scope = scope_in(self.program, module, function)
            limits = [x.shape for x in evaluate(scope, call.func.func)]
            if any(isinstance(s, t.LibMethod) and self.program.knowledge.fact(s.owner, LIMIT) for s in limits):
                yield from map(identity, evaluate(scope, call.args[0]))

    # Sign-in alone

    @cached_property
    def _locks_out(self) -> bool:
        """Whether the authentication backends in the settings lock out callers who guess."""
        from threadly_lint.program.entry.django_settings import all_settings

        names = [x for _, settings in all_settings(self.program) for x in texts_of(settings.value(SIGN_IN_BACKENDS))]
        return any(self.program.knowledge.fact(self.program.knowledge.canonical(name), LIMIT) for name in names)


def _counts(event: Event) -> bool:
    """Whether a shared counter goes up (or down, to none left) that belongs to this caller or object: its key is made up at run time."""
    if event.fact is None or not event.effect.startswith("cache-"):
        return False
    if event.api.rpartition(".")[2] not in COUNTING and not _stores_count(event):
        return False
    key = event.argument(0, "name") or event.argument(None, "key")
    return t.text_of(key) is None


def _stores_count(event: Event) -> bool:
    """Whether a function puts back, one higher, what it found under the same key: ``cache.set(key, tries + 1)``."""
    call, body = event.node, event.function.node.body
    if event.effect != "cache-set" or not isinstance(call, n.Call) or len(call.args) < 2 or not isinstance(body, tuple):
        return False
    nodes = list(walk(*body))
    reads = (x for x in nodes if isinstance(x, n.Call) and isinstance(x.func, n.Attribute) and x.func.attr == "get")
    return any(x.args and _alike(x.args[0], call.args[0]) for x in reads) and any(map(_is_step, nodes))


def _alike(one: n.Expr, other: n.Expr) -> bool:
    return isinstance(one, n.Name) and isinstance(other, n.Name) and one.id == other.id


def _is_step(node: n.Node) -> bool:
    """``count + 1`` or ``count += 1``."""
    step = node.right if isinstance(node, n.BinOp) else node.value if isinstance(node, n.AugAssign) else None
    return isinstance(step, n.Constant) and step.kind == "int" and getattr(node, "op", "").startswith("+")


def _names_flask_default(node: n.Node) -> bool:
    if isinstance(node, n.Name):
        return node.id in FLASK_DEFAULTS
    if isinstance(node, n.Keyword):
        return node.name in FLASK_DEFAULTS
    return isinstance(node, n.Constant) and node.kind == "str" and node.value in FLASK_DEFAULTS
