"""Background tasks of Celery, RQ, Dramatiq, Huey, arq, TaskIQ, Procrastinate and APScheduler: what a worker calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.handed_over import each_once, entry_point, handed_over, outside_call
from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.program.entry.registrations import (
    call_registrations,
    handler_behind,
    imports,
    items_of,
    made_with,
    subclasses,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Function

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = frozenset(
    """apscheduler arq celery django_q django_rq dramatiq flask_apscheduler huey nameko procrastinate rq rq_scheduler
    taskiq""".split()
)
CELERY_TASK = "celery.Task"
ENQUEUING = frozenset("add_job async_task enqueue enqueue_at enqueue_call enqueue_in schedule".split())
ARQ_LISTS = ("functions", "cron_jobs")


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every function that a worker is seen to call."""
    if imports(program, *LIBRARIES):
        yield from each_once(_tasks(program))


def _tasks(program: Program) -> Iterator[EntryPoint]:
    for registration in handed_over(program, LIBRARIES):
        is_bound = True in t.constants(registration.argument(-1, "bind"))
        first: tuple[Value, ...] = (t.obj(CELERY_TASK),) if is_bound else ()
        yield entry_point(program, "task", registration.name.partition(".")[0], registration, first)
    for info in subclasses(program, CELERY_TASK):
        owner, value = program.hierarchy.class_attribute(info, "run")
        function = handler_behind(value)
        if owner is not None and function is not None:
            bound = tuple(
                x._replace(shape=x.shape._replace(bound=(Atom(t.Inst(info)),)))
                for x in value
                if isinstance(x.shape, t.Func)
            )
            yield outside_call(program, "task", "celery", function, bound)
    yield from _enqueued(program)
    if imports(program, "arq"):
        yield from _of_arq(program)


def _enqueued(program: Program) -> Iterator[EntryPoint]:
    """``queue.enqueue(function, ...)`` and ``scheduler.add_job(function, ...)``."""
    for registration in call_registrations(program, ENQUEUING):
        root = registration.name.partition(".")[0]
        if root not in LIBRARIES or program.knowledge.fact(registration.name, "enqueue", "schedule") is None:
            continue
        for value in (*registration.args[:2], *registration.keywords.values()):
            if given := _given_function(value):
                yield outside_call(program, "task", root, *given)
                break


def _given_function(value: Value) -> tuple[Function, Value] | None:
    shapes = [(x, x.shape.info) for x in value if isinstance(x.shape, t.Func)]
    return next(((info, (atom,)) for atom, info in shapes if not info.module.is_sketch), None)


def _of_arq(program: Program) -> Iterator[EntryPoint]:
    """Functions listed in the settings of a worker, plain or inside ``func(...)`` and ``cron(...)``."""
    for info in program.classes:
        for name in ARQ_LISTS:
            if name not in info.scope or program.project.is_exempt(info.module.path):
                continue
            for item in items_of(program.hierarchy.own_class_attribute(info, name)):
                for atom in (*item, *(x for y in item for x in made_with(y, "coroutine", 0))):
                    if given := _given_function((atom,)):
                        yield outside_call(program, "task", "arq", *given)
