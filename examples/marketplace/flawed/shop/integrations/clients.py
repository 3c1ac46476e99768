"""Opens every client once, with its limits, and closes it again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import stripe
from elasticsearch import AsyncElasticsearch
from redis.asyncio import Redis

from shop.core.database import Sessions, make_sessions
from shop.core.settings import Settings
from shop.integrations.catalogue import Catalogue
from shop.integrations.megaphone import Megaphone
from shop.integrations.payments import Payments
from shop.integrations.shelf import Shelf
from shop.integrations.shipping import Shipping


@dataclass(frozen=True)
class Clients:
    sessions: Sessions
    redis: Redis
    http: httpx.AsyncClient
    shelf: Shelf
    catalogue: Catalogue
    megaphone: Megaphone
    payments: Payments
    shipping: Shipping


@asynccontextmanager
async def open_clients(settings: Settings) -> AsyncIterator[Clients]:
    stripe.api_key = settings.stripe_key
    stripe.default_http_client = stripe.HTTPXClient(timeout=10)
    redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    search = AsyncElasticsearch(settings.search_url, request_timeout=3)
    http = httpx.AsyncClient(base_url=settings.shipping_url, timeout=5)
    async with redis, search, http:
        yield Clients(
            sessions=make_sessions(settings.database_url),
            redis=redis,
            http=http,
            shelf=Shelf(redis),
            catalogue=Catalogue(search),
            megaphone=Megaphone(redis),
            payments=Payments(settings.stripe_webhook_secret),
            shipping=Shipping(http),
        )
