"""The boundary around other systems: ``behind_glass`` as a decorator, ``look_through`` for a callable."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import sentry_sdk

from shop.errors import ElsewhereDown

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


def look_through(operation: Callable[[], T], context: str) -> T:
    try:
        return operation()
    except Exception as error:
        logger.exception("%s failed", context)
        sentry_sdk.capture_exception(error)
        raise ElsewhereDown() from error


def behind_glass(context: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    def decorate(operation: Callable[P, T]) -> Callable[P, T]:
        @wraps(operation)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            return look_through(lambda: operation(*args, **kwargs), context)

        return run

    return decorate
