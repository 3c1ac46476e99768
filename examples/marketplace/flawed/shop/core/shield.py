"""The boundary around other systems: their failure is logged, captured and answered with a ``ShopError``.

``shield`` takes a callable, ``shielded`` is the same as a decorator.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import sentry_sdk

from shop.core.errors import ShopError

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


async def shield(operation: Callable[[], Awaitable[T]], context: str, answer: type[ShopError]) -> T:
    try:
        return await operation()
    except ShopError:
        raise
    except Exception as error:
        logger.exception("%s failed", context)
        sentry_sdk.capture_exception(error)
        raise answer() from error


def shielded(context: str, answer: type[ShopError]) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    def decorate(operation: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(operation)
        async def run(*args: P.args, **kwargs: P.kwargs) -> T:
            return await shield(lambda: operation(*args, **kwargs), context, answer)

        return run

    return decorate
