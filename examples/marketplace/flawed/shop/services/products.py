"""Things for sale: put on sale, changed, withdrawn, shown."""

import logging
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import update

from shop.core.database import Sessions
from shop.core.errors import NotFound
from shop.core.keys import LIST_TTL, PRODUCT_TTL, newest_key, product_key, search_key, shipping_key
from shop.core.models import Product
from shop.core.monitoring import observed
from shop.integrations.catalogue import Catalogue, kept_in_catalogue
from shop.integrations.megaphone import Megaphone, announced, personal_channel
from shop.integrations.shelf import Shelf, shelved
from shop.integrations.shipping import Shipping
from shop.repositories.products import ProductRepository

logger = logging.getLogger(__name__)


def seller_channel(product: Product) -> str:
    return personal_channel(product.seller_id)


def product_news(product: Product) -> dict[str, Any]:
    return {"product_id": product.id, "stock": product.stock, "withdrawn": product.withdrawn}


@dataclass(frozen=True)
class ProductService:
    sessions: Sessions
    redis: Redis
    shelf: Shelf
    catalogue: Catalogue
    megaphone: Megaphone
    shipping: Shipping

    @observed("products.sell")
    @announced("product.listed", seller_channel, product_news)
    async def sell(self, seller_id: int, listing: dict[str, Any]) -> Product:
        product = Product(seller_id=seller_id, **listing)  # expect: TLV004
        async with self.sessions.begin() as session:
            ProductRepository(session).add(product)
            await session.flush()
            await self.catalogue.put(product)  # expect: TLX001
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.revise")
    @announced("product.revised", seller_channel, product_news)
    @kept_in_catalogue
    async def revise(self, product_id: int, price_cents: int, stock: int) -> Product:
        async with self.sessions.begin() as session:
            product = await ProductRepository(session).by_id(product_id)
            if product is None:
                raise NotFound()
            product.price_cents = price_cents
            product.stock = stock
            await self.shelf.forget(product_key(product.id))  # expect: TLC003
        return product

    @observed("products.withdraw")
    @announced("product.withdrawn", seller_channel, product_news)
    @kept_in_catalogue
    async def withdraw(self, product_id: int) -> Product:
        """For the shop's staff: takes anybody's product off sale."""
        async with self.sessions.begin() as session:
            withdrawal = update(Product).where(Product.id == product_id).values(withdrawn=True).returning(Product)
            product = await session.scalar(withdrawal)  # expect: TLC002
            if product is None:
                raise NotFound()
        return product

    @observed("products.count_stock")
    @announced("product.counted", seller_channel, product_news)
    async def count_stock(self, product_id: int, stock: int) -> Product:
        """What the warehouse counted replaces what the seller believed."""
        async with self.sessions.begin() as session:
            count = update(Product).where(Product.id == product_id).values(stock=stock).returning(Product)
            product = await session.scalar(count)  # expect: TLX003
            if product is None:
                raise NotFound()
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.require_owner")
    async def require_owner(self, product_id: int, seller_id: int) -> None:
        async with self.sessions() as session:
            product = await ProductRepository(session).of_seller(product_id, seller_id)
        if product is None:
            raise NotFound()

    @observed("products.show")
    @shelved(product_key, PRODUCT_TTL)
    async def show(self, product_id: int) -> dict[str, Any]:
        async with self.sessions() as session:
            product = await ProductRepository(session).by_id(product_id)
        if product is None or product.withdrawn:
            raise NotFound()
        return {
            "id": product.id,
            "seller_id": product.seller_id,
            "title": product.title,
            "description": product.description,
            "price_cents": product.price_cents,
            "stock": product.stock,
            "weight_grams": product.weight_grams,
        }

    @observed("products.newest")
    async def newest(self, limit: int) -> list[dict[str, Any]]:
        found = await self.shelf.recall(newest_key(limit))  # expect: TLC101
        if found is not None:
            return list(found)
        async with self.sessions() as session:
            products = await ProductRepository(session).newest(limit)
        listed = [{"id": each.id, "title": each.title, "price_cents": each.price_cents} for each in products]
        await self.shelf.put(newest_key(limit), listed, LIST_TTL)
        return listed

    @observed("products.search")
    async def search(self, words: str) -> list[int]:
        found = await self.shelf.recall(search_key(words))  # expect: TLC005
        if found is not None:
            return list(found)
        return await self.catalogue.find(words, size=20)

    @observed("products.shipping")
    async def shipping_quote(self, product_id: int, postcode: str) -> dict[str, Any]:
        product = await self.show(product_id)
        key = shipping_key(product_id, postcode)
        async with self.shelf.turn(key):
            found = await self.shelf.recall(key)
            if found is not None:
                return dict(found)
            quote = await self.shipping.quote(postcode, product["weight_grams"])
            try:
                await self.redis.set(key, quote.model_dump_json())  # expect: TLC001
            except RedisError:
                logger.warning("could not keep %s", key, exc_info=True)
            return quote.model_dump()

    @observed("products.carriers")
    async def carriers(self) -> list[str]:
        return await self.shipping.carriers()

    @observed("products.depots")
    async def depots(self, postcode: str) -> list[dict[str, Any]]:
        return await self.shipping.depots(postcode)

    @observed("products.reindex")
    async def reindex(self, limit: int) -> int:
        async with self.sessions() as session:
            products = await ProductRepository(session).newest(limit)
        for product in products:
            await self.catalogue.put(product)
        return len(products)
