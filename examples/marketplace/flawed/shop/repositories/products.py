"""Things for sale."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.models import Product


class ProductRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_id(self, product_id: int) -> Product | None:
        return await self._session.get(Product, product_id)

    async def of_seller(self, product_id: int, seller_id: int) -> Product | None:
        """The product, if it belongs to this seller."""
        query = select(Product).where(Product.id == product_id, Product.seller_id == seller_id)
        return await self._session.scalar(query)

    async def locked(self, product_id: int) -> Product | None:
        query = select(Product).where(Product.id == product_id).with_for_update()
        return await self._session.scalar(query)

    async def newest(self, limit: int) -> Sequence[Product]:
        query = select(Product).where(Product.withdrawn.is_(False)).order_by(Product.id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    def add(self, product: Product) -> Product:
        self._session.add(product)
        return product
