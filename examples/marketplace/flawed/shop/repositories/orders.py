"""Orders, and the trail that each change of an order leaves."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.models import AuditEntry, Order, Product


class OrderRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_id(self, order_id: int) -> Order | None:
        return await self._session.get(Order, order_id)

    async def locked(self, order_id: int) -> Order | None:
        return await self._session.scalar(select(Order).where(Order.id == order_id).with_for_update())

    async def of_buyer(self, order_id: int, buyer_id: int) -> Order | None:
        query = select(Order).where(Order.id == order_id, Order.buyer_id == buyer_id)
        return await self._session.scalar(query)

    async def all_of_buyer(self, buyer_id: int) -> Sequence[Order]:
        query = select(Order).where(Order.buyer_id == buyer_id).order_by(Order.id.desc())
        return (await self._session.scalars(query)).all()

    async def of_seller(self, order_id: int, seller_id: int) -> Order | None:
        query = select(Order).join(Product).where(Order.id == order_id, Product.seller_id == seller_id)
        return await self._session.scalar(query.with_for_update(of=Order))

    async def sold_by(self, seller_id: int, status: str) -> int:
        """How many pieces of this seller are in orders with this status."""
        pieces = select(func.coalesce(func.sum(Order.quantity), 0)).join(Product)
        return await self._session.scalar(pieces.where(Product.seller_id == seller_id, Order.status == status)) or 0

    async def add(self, order: Order) -> Order:
        self._session.add(order)
        await self._session.flush()
        self._audit(order, "placed")
        return order

    def move(self, order: Order, status: str) -> None:
        order.status = status
        self._audit(order, status)

    def _audit(self, order: Order, action: str) -> None:
        self._session.add(AuditEntry(order_id=order.id, action=action))
