"""How often somebody may ask.

``Allowance`` is the dependency that every part of the application is included with; it also covers WebSockets. The
``limiter`` of slowapi adds tighter limits where guessing or cost is a danger.
"""

import logging
import time

from fastapi import HTTPException
from redis.exceptions import RedisError
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.requests import HTTPConnection

from shop.api.providers import OpenClients
from shop.core.settings import get_settings

logger = logging.getLogger(__name__)

limiter = Limiter(  # expect: TLL002
    key_func=get_remote_address,
    headers_enabled=True,
    storage_uri=get_settings().redis_url,
    in_memory_fallback_enabled=True,
)


class Allowance:
    """Counts calls per address in Redis; an outage of Redis lets everybody pass."""

    def __init__(self, name: str, calls: int, seconds: int) -> None:
        self._name = name
        self._calls = calls
        self._seconds = seconds

    async def __call__(self, connection: HTTPConnection, clients: OpenClients) -> None:
        window = int(time.time()) // self._seconds
        host = connection.client.host if connection.client else "unknown"
        key = f"allowance:{self._name}:{host}:{window}"
        try:
            used = await clients.redis.incr(key)
            await clients.redis.expire(key, self._seconds)
        except RedisError:
            logger.exception("could not count %s", key)
            return
        if used > self._calls:
            raise HTTPException(429, "Too many requests")  # expect: TLL002
