"""What everybody may know about a seller."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException  # expect: TLG002
from redis.asyncio import Redis

from shop.core.database import Sessions
from shop.core.keys import SELLER_TTL, seller_key, sold_key
from shop.core.monitoring import observed
from shop.integrations.shelf import Shelf
from shop.repositories.orders import OrderRepository
from shop.repositories.users import UserRepository
from shop.services import orders


def page_of(seller_id: int) -> str:
    return f"/sellers/{seller_id}"


@dataclass(frozen=True)
class SellerService:
    sessions: Sessions
    redis: Redis
    shelf: Shelf

    @observed("sellers.profile")
    async def profile(self, seller_id: int) -> dict[str, Any]:
        key = seller_key(seller_id)
        async with self.shelf.turn(key):
            found = await self.redis.get(key)  # expect: TLC004
            if found is not None:
                return dict(json.loads(found))
            async with self.sessions() as session:
                seller = await UserRepository(session).by_id(seller_id)
            if seller is None:
                raise HTTPException(404, "There is no such seller")
            profile = {"id": seller.id, "name": seller.name, "page": page_of(seller.id)}
            await self.shelf.put(key, profile, SELLER_TTL)
            return profile

    @observed("sellers.sold")
    async def sold(self, seller_id: int) -> int:
        key = sold_key(seller_id)
        async with self.shelf.turn(key):
            if found := await self.shelf.recall(key):  # expect: TLC005
                return int(found)
            async with self.sessions() as session:
                pieces = await OrderRepository(session).sold_by(seller_id, orders.SENT)
            await self.shelf.put(key, pieces, SELLER_TTL)
            return pieces

    @observed("sellers.waiting")
    async def waiting(self, seller_id: int) -> int:
        async with self.sessions() as session:
            return await OrderRepository(session).sold_by(seller_id, orders.PAID)
