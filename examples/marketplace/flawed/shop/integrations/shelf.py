"""The cache. An outage is a miss, never an error; one caller at a time computes a missing value.

``Shelf.remember`` takes a callable, ``shelved`` is the same as a decorator for methods of classes with a ``shelf``.
"""

import json
import logging
from asyncio import Lock
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Shelf:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    async def remember(self, key: str, load: Callable[[], Awaitable[T]], ttl: int) -> T:
        found = await self.recall(key)
        if found is not None:
            return cast(T, found)
        async with self.turn(key):
            found = await self.recall(key)
            if found is not None:
                return cast(T, found)
            value = await load()
            await self.put(key, value, ttl)
            return value

    def turn(self, key: str) -> Lock:
        """Held by the one caller who computes a missing value."""
        return self._turns.setdefault(key, Lock())

    async def forget(self, *keys: str) -> None:
        try:
            await self._redis.delete(*keys)
        except RedisError:
            logger.exception("could not forget %s", keys)

    async def recall(self, key: str) -> Any | None:
        try:
            found = await self._redis.get(key)
            return None if found is None else json.loads(found)
        except RedisError:
            logger.warning("could not read %s, loading it instead", key, exc_info=True)
            return None

    async def put(self, key: str, value: Any, ttl: int) -> None:
        try:
            await self._redis.set(key, json.dumps(value), ex=ttl)
        except RedisError:
            logger.warning("could not keep %s", key, exc_info=True)


class HasShelf(Protocol):
    @property
    def shelf(self) -> Shelf: ...


Self = TypeVar("Self", bound=HasShelf)


Load = Callable[Concatenate[Self, P], Awaitable[T]]


def shelved(key: Callable[P, str], ttl: int) -> Callable[[Load[Self, P, T]], Load[Self, P, T]]:
    """For methods whose result survives the way through JSON."""

    def decorate(load: Load[Self, P, T]) -> Load[Self, P, T]:
        @wraps(load)
        async def run(self: Self, *args: P.args, **kwargs: P.kwargs) -> T:
            return await self.shelf.remember(key(*args, **kwargs), lambda: load(self, *args, **kwargs), ttl)

        return run

    return decorate
