"""One way to watch an operation: its duration, its outcome, its failure in Sentry.

``observe`` takes a callable, ``observed`` is the same as a decorator.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from time import perf_counter
from typing import ParamSpec, TypeVar

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.fastapi import FastApiIntegration

from shop.core.errors import ShopError
from shop.core.settings import get_settings

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


def start_monitoring() -> None:
    """Each process calls this while it loads: the web application and the worker."""
    sentry_sdk.init(dsn=get_settings().sentry_dsn, integrations=[FastApiIntegration(), CeleryIntegration()])


async def observe(operation: Callable[[], Awaitable[T]], name: str) -> T:
    started = perf_counter()
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("operation", name)
        try:
            result = await operation()
        except ShopError as refusal:
            logger.info("%s ended with %s after %.3f s", name, refusal.status, perf_counter() - started)
            raise
        except Exception as error:
            logger.exception("%s failed after %.3f s", name, perf_counter() - started)
            sentry_sdk.capture_exception(error)
            raise
    logger.info("%s took %.3f s", name, perf_counter() - started)
    return result


def observed(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    def decorate(operation: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(operation)
        async def run(*args: P.args, **kwargs: P.kwargs) -> T:
            return await observe(lambda: operation(*args, **kwargs), name)

        return run

    return decorate
