"""What everybody may know about a seller."""

from dataclasses import dataclass
from typing import Any

from shop.core.database import Sessions
from shop.core.errors import NotFound
from shop.core.keys import SELLER_TTL, seller_key
from shop.core.monitoring import observed
from shop.integrations.shelf import Shelf, shelved
from shop.repositories.orders import OrderRepository
from shop.repositories.users import UserRepository


@dataclass(frozen=True)
class SellerService:
    sessions: Sessions
    shelf: Shelf

    @observed("sellers.profile")
    @shelved(seller_key, SELLER_TTL)
    async def profile(self, seller_id: int) -> dict[str, Any]:
        async with self.sessions() as session:
            seller = await UserRepository(session).by_id(seller_id)
            sold = await OrderRepository(session).sold_by(seller_id)
        if seller is None:
            raise NotFound()
        return {"id": seller.id, "name": seller.name, "sold": sold}
