"""What handlers do by themselves, and what they leave to a service or repository layer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.contracts.model import Layers
from threadly_lint.program.contracts.verdicts import Verdicts
from threadly_lint.program.failures.swallowing import own_nodes
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Occurrence
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program

CHANGES = frozenset({"write", "construct", "assign", "upsert"})
DATABASE = CHANGES | {"read", "commit", "flush"}
MESSAGES = frozenset({"mail", "sms", "push"})
SUBSYSTEMS = {
    **dict.fromkeys(DATABASE, "database"),
    **dict.fromkeys(("cache-get", "cache-set", "cache-delete", "cache-remember", "cache-scan"), "cache"),
    **dict.fromkeys(("index-read", "index-write"), "search"),
    **dict.fromkeys(("enqueue", "schedule"), "queue"),
    "publish": "real-time",
    "external-call": "other systems",
}


def own_work(endpoint: EntryPoint) -> list[Occurrence]:
    """Effects in the body of the handler itself, functions inside it included; calls into other functions are not."""
    found = {
        id(o.event.node): o for run in endpoint.runs for o in run.inside if _is_own(o.event.function, endpoint.function)
    }
    return list(found.values())


def _is_own(function: Function | None, handler: Function) -> bool:
    while function is not None:
        if function is handler:
            return True
        function = function.parent
    return False


def subsystems(endpoint: EntryPoint) -> tuple[str, ...]:
    """The kinds of integration that the handler itself deals with, in the order in which they come."""
    kinds = (_subsystem(o) for o in own_work(endpoint))
    return tuple(dict.fromkeys(k for k in kinds if k))


def _subsystem(occurrence: Occurrence) -> str:
    fact = occurrence.event.fact
    if fact is not None and fact.effect == "external-call" and fact.service in MESSAGES:
        return "mail"
    return SUBSYSTEMS.get(occurrence.effect, "")


def changed_models(endpoint: EntryPoint) -> tuple[str, ...]:
    """Models whose rows the handler itself makes or changes."""
    changed = (o.event.model for o in own_work(endpoint) if o.effect in CHANGES)
    return tuple(dict.fromkeys(model for model in changed if model))


def decides_on_rows(endpoint: EntryPoint) -> bool:
    """Whether the handler branches on what a row says, beyond its being there."""
    body = endpoint.function.node.body
    tests = [x.test for x in own_nodes(body) if isinstance(x, n.If)] if isinstance(body, tuple) else []
    variables = endpoint.program.final_variables(endpoint.function) if tests else {}
    return any(_reads_row(endpoint.program, test, variables) for test in tests)


def _reads_row(program: Program, test: n.Expr, variables: dict[str, t.Value]) -> bool:
    names = (x.value.id for x in walk(test) if isinstance(x, n.Attribute) and isinstance(x.value, n.Name))
    return any(program.models.class_in(variables.get(name, ())) is not None for name in names)


class ServiceLayer:
    """Whether a project puts its database work behind the handlers: by contract, or by what most handlers do."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def is_evident(self) -> bool:
        settings = self.program.settings
        leaving, doing = len(self._with_layer), len(self._without_layer)
        return leaving >= settings.majority_count and leaving >= settings.majority_share * (leaving + doing)

    @cached_property
    def _handlers(self) -> list[EntryPoint]:
        from threadly_lint.program.subjects import Endpoint

        found = [e for e in self.program.each(Endpoint) if e.reachable]
        return [e for e in found if any(o.effect in DATABASE for run in e.runs for o in run.inside)]

    @cached_property
    def _without_layer(self) -> list[EntryPoint]:
        return [e for e in self._handlers if any(o.effect in DATABASE for o in own_work(e))]

    @cached_property
    def _with_layer(self) -> list[EntryPoint]:
        inside = set(map(id, self._without_layer))
        return [e for e in self._handlers if id(e) not in inside and self._goes_elsewhere(e)]

    def _goes_elsewhere(self, endpoint: EntryPoint) -> bool:
        handler = endpoint.function
        workers = [o.event.function for run in endpoint.runs for o in run.inside if o.effect in DATABASE]
        return any(f.module is not handler.module or f.owner not in (None, handler.owner) for f in workers)

    @property
    def share(self) -> str:
        """The evidence in words."""
        return f"{len(self._with_layer)} of {len(self._handlers)}"

    def is_declared_for(self, endpoint: EntryPoint) -> bool:
        """Whether a contract puts the handler above modules in which other handlers' database work is done."""
        modules = {
            o.event.function.module.name
            for e in self._with_layer
            for run in e.runs
            for o in run.inside
            if o.effect in DATABASE
        }
        return any(
            (own := _layer(contract, endpoint.function.module.name)) is not None
            and any((other := _layer(contract, name)) is not None and other > own for name in modules)
            for contract in self._contracts
        )

    @cached_property
    def _contracts(self) -> list[Layers]:
        return [c for verdicts in self.program.each(Verdicts) for c in verdicts.contracts if isinstance(c, Layers)]


def _layer(contract: Layers, module: str) -> int | None:
    """The height at which a contract places a module; 0 is the top."""
    names = [(height, name) for height, layer in enumerate(contract.layers) for name in layer.modules]
    placed = [(h, f"{c}.{name}") for h, name in names for c in contract.containers] or names
    return next((height for height, name in placed if module == name or module.startswith(f"{name}.")), None)


def service_layer(program: Program) -> ServiceLayer:
    """The layer below the handlers of a project, read once."""
    found = program.memo.get("service layer")
    if found is None:
        found = program.memo["service layer"] = ServiceLayer(program)
    return found
