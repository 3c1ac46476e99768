"""Which processes of a project report their failures: each has to load code that starts the monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from threadly_lint.program.entry.registrations import (
    Registration,
    call_registrations,
    decorator_registrations,
    identity,
    items_of,
    scope_in,
    underlying,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom
from threadly_lint.program.symbols.names import Function
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint
    from threadly_lint.program.program import Program

START = "monitor"
STARTERS = frozenset({"init", "configure", "initialize", "patch_all", "Client", "make_apm_client"})
TASK_DECORATORS = frozenset("task shared_task actor db_task periodic_task db_periodic_task context_task job".split())
TASK_TYPES = frozenset({"celery.Task", "dramatiq.Actor", "huey.TaskWrapper", "rq.JobFunction"})
DJANGO = frozenset("django drf ninja channels graphql".split())
AUTOMATIC = ("default_integrations", "auto_enabling_integrations")
FAMILIES = {"drf": "django", "fastapi": "starlette", "quart": "quart"}


@dataclass(frozen=True, eq=False)
class Start:
    """A place where monitoring starts: the call, and the code from which a process gets there."""

    registration: Registration
    origin: Function

    @property
    def path(self) -> str:
        return self.origin.path

    @property
    def tool(self) -> str:
        return self.registration.name.partition(".")[0]


@dataclass(frozen=True, eq=False)
class Task:
    """A function that a worker runs; ``queue`` is the object that made it one, ``library`` whose it is."""

    function: Function
    queue: Atom | None
    library: str

    @property
    def path(self) -> str:
        return self.function.path

    @property
    def span(self) -> Span:
        return self.function.span

    @property
    def symbol(self) -> str:
        return self.function.symbol


def monitoring(program: Program) -> Monitoring:
    """The monitoring of a project, read once."""
    found = program.memo.get("monitoring")
    if found is None:
        found = program.memo["monitoring"] = Monitoring(program)
    return found


class Monitoring:
    """Answers which entry points are in a process that reports failures."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._loaded: dict[str, frozenset[str]] = {}

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """Every start of a monitoring tool outside tests; empty when the project has none."""
        return tuple(self._starts())

    def _starts(self) -> Iterator[Start]:
        for registration in call_registrations(self.program, STARTERS):
            if self.program.project.is_exempt(registration.module.path):
                continue
            if self.program.knowledge.fact(registration.name, START) is not None:
                yield from (Start(registration, f) for f in origins(self.program, registration.scope.function))

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Functions that run in worker processes."""
        return tuple(self._tasks())

    def _tasks(self) -> Iterator[Task]:
        for registration in decorator_registrations(self.program, TASK_DECORATORS):
            made = self.program.knowledge.returns(registration.name)
            function = registration.function
            if made is None or made.name not in TASK_TYPES or function is None:
                continue
            if not self.program.project.is_exempt(function.path):
                yield Task(function, registration.receiver, registration.name.partition(".")[0])

    # Processes

    def covers_endpoint(self, endpoint: EntryPoint) -> bool:
        """Whether the process that serves an endpoint starts monitoring, and that hooks into its framework."""
        serving = [s for s in self.starts if self._serves(s, endpoint)]
        if any(_hooks_into(s, endpoint.framework) for s in serving) or (serving and _is_watched(endpoint)):
            return True
        return not self._is_clear or not _is_served(endpoint)

    @cached_property
    def _is_clear(self) -> bool:
        """Whether it is known for each start which process gets there: one that serves nothing known may serve all."""
        from threadly_lint.program.subjects import Endpoint

        endpoints, tasks = list(self.program.each(Endpoint)), self.tasks
        return all(
            any(self._serves(s, e) for e in endpoints) or any(self._works(s, task) for task in tasks)
            for s in self.starts
        )

    def _serves(self, start: Start, endpoint: EntryPoint) -> bool:
        if endpoint.framework in DJANGO and self._is_settings(start):
            return True
        return start.path in self.loaded(endpoint.path) or endpoint.path in self.loaded(start.path)

    def covers_task(self, task: Task) -> bool:
        """Whether a worker that runs the task starts monitoring: what it loads is the task's module and its queue's."""
        return _worker(task) in self._watched_workers or not self._is_clear

    @cached_property
    def _watched_workers(self) -> frozenset[object]:
        """Workers of which a start is reached: a worker loads all tasks of its queue, whichever of them lead there."""
        return frozenset(
            _worker(task)
            for task in self.tasks
            if any(self._works(s, task) for s in self.starts if _hooks_into(s, task.library))
        )

    def _works(self, start: Start, task: Task) -> bool:
        paths = {task.path, *self._queue_modules(task)}
        return any(start.path in self.loaded(p) for p in paths) or self._is_settings(start) or _is_signalled(start)

    def _queue_modules(self, task: Task) -> Iterator[str]:
        made = getattr(task.queue.shape, "made", None) if task.queue is not None else None
        if made is not None:
            yield made.module.path
        else:
            yield from (module.path for _, module, _ in self.program.calls_named("Celery"))

    def _is_settings(self, start: Start) -> bool:
        """Whether monitoring starts in Django's settings or applications, which each of its processes loads."""
        from threadly_lint.program.entry.django_settings import all_settings

        modules = {m.path for _, settings in all_settings(self.program) for m in settings.modules}
        loaded = frozenset().union(*map(self.loaded, modules))
        owner = start.origin.owner
        is_ready = owner is not None and self.program.hierarchy.inherits(owner, "django.apps.AppConfig")
        return start.path in loaded or is_ready

    def loaded(self, path: str) -> frozenset[str]:
        """All modules that are loaded with one, at once or later."""
        found = self._loaded.get(path)
        if found is None:
            found = self._loaded[path] = frozenset(self._load(path))
        return found

    def _load(self, path: str) -> set[str]:
        seen, pending = {path}, [path]
        while pending:
            for edge in self.program.imports.edges_from(pending.pop()):
                if edge.kind != "type-checking" and edge.imported not in seen:
                    seen.add(edge.imported)
                    pending.append(edge.imported)
        return seen


def _worker(task: Task) -> object:
    """Whatever runs the task: the same for all tasks of one queue."""
    return task.library, identity(task.queue) if task.queue is not None else None


def origins(program: Program, function: Function) -> list[Function]:
    """The code from which a process gets to a function: module bodies, and functions that nothing in the project calls."""
    found: list[Function] = []
    seen, pending = {function}, [function]
    while pending:
        current = pending.pop()
        callers = set(_callers(program, current))
        pending.extend(callers - seen)
        seen |= callers
        if not callers:
            found.append(current)
    return found


def _callers(program: Program, function: Function) -> Iterator[Function]:
    if function.parent is not None:
        yield function.parent
    for call, module, caller in program.calls_named(function.name):
        if program.project.is_exempt(module.path):
            continue
        if underlying(evaluate(scope_in(program, module, caller), call.func)) is function:
            yield caller or module.body


def _is_served(endpoint: EntryPoint) -> bool:
    """Whether the application that serves the endpoint is known, and with it what stands around the handler."""
    return all(mount.owner not in ("router", "blueprint") for mount in endpoint.mounts)


def _is_watched(endpoint: EntryPoint) -> bool:
    """Whether middleware around the handler reports its errors."""
    return all(
        any(
            o.effect == "report" and any(f.kind == "handler" for f in o.frames)
            for o in set(run.occurrences) - set(run.inside)
        )
        for run in endpoint.runs
    )


def _is_signalled(start: Start) -> bool:
    """Whether monitoring starts when a worker tells that it has started."""
    targets = [d.func if hasattr(d, "func") else d for d in start.origin.decorators]
    return any(getattr(d, "attr", "") == "connect" for d in targets)


def _hooks_into(start: Start, framework: str) -> bool:
    """Whether the tool hooks into a framework by itself, or was told to."""
    keywords = start.registration.keywords
    if not any(False in t.constants(keywords.get(name, ())) for name in AUTOMATIC):
        return True
    made = [x.shape for item in items_of(keywords.get("integrations", ())) for x in item]
    names = " ".join(s.name.lower() for s in made if isinstance(s, t.Obj | t.Lib))
    return framework in names or FAMILIES.get(framework, framework) in names
