"""Real-time events: who listens is told after the fact, and nothing fails because nobody could be told.

``Megaphone.say`` publishes, ``announced`` does it after a method that returns what changed.
"""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS = 15

logger = logging.getLogger(__name__)


def personal_channel(user_id: int) -> str:
    return f"user:{user_id}"


class Megaphone:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def say(self, channel: str, event: str, data: dict[str, Any]) -> None:
        try:
            await self._redis.publish(channel, json.dumps({"event": event, "data": data}))
        except RedisError:
            logger.exception("nobody heard %s on %s", event, channel)

    async def listen(self, channel: str) -> AsyncIterator[str]:
        """Events of a channel as JSON texts, until the connection to Redis is lost."""
        try:
            async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(channel)
                while True:
                    heard = await subscription.get_message(timeout=PATIENCE_SECONDS)
                    if heard is not None:
                        yield heard["data"].decode()
        except RedisError:
            logger.exception("lost the connection to %s", channel)


class HasMegaphone(Protocol):
    @property
    def megaphone(self) -> Megaphone: ...


Self = TypeVar("Self", bound=HasMegaphone)


def announced(
    event: str, channel: Callable[[T], str], data: Callable[[T], dict[str, Any]]
) -> Callable[[Callable[Concatenate[Self, P], Awaitable[T]]], Callable[Concatenate[Self, P], Awaitable[T]]]:
    def decorate(write: Callable[Concatenate[Self, P], Awaitable[T]]) -> Callable[Concatenate[Self, P], Awaitable[T]]:
        @wraps(write)
        async def run(self: Self, *args: P.args, **kwargs: P.kwargs) -> T:
            written = await write(self, *args, **kwargs)
            await self.megaphone.say(channel(written), event, data(written))
            return written

        return run

    return decorate
