"""Things for sale: put on sale, changed, withdrawn, shown.

Whoever changes a product forgets its cached page, keeps the catalogue in step and tells the seller, in this order and
after the commit.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.core.database import Sessions
from shop.core.errors import NotFound
from shop.core.keys import LIST_TTL, PRODUCT_TTL, SHIPPING_TTL, newest_key, product_key, search_key, shipping_key
from shop.core.models import Product
from shop.core.monitoring import observed
from shop.integrations.catalogue import Catalogue, kept_in_catalogue
from shop.integrations.megaphone import Megaphone, announced, personal_channel
from shop.integrations.shelf import Shelf, shelved
from shop.integrations.shipping import Shipping
from shop.repositories.products import ProductRepository


def seller_channel(product: Product) -> str:
    return personal_channel(product.seller_id)


def product_news(product: Product) -> dict[str, Any]:
    return {"product_id": product.id, "stock": product.stock, "withdrawn": product.withdrawn}


@dataclass(frozen=True)
class ProductService:
    sessions: Sessions
    shelf: Shelf
    catalogue: Catalogue
    megaphone: Megaphone
    shipping: Shipping
    picture_folder: Path

    @observed("products.sell")
    @announced("product.listed", seller_channel, product_news)
    @kept_in_catalogue
    async def sell(
        self, seller_id: int, title: str, description: str, price_cents: int, stock: int, weight_grams: int
    ) -> Product:
        product = Product(
            seller_id=seller_id,
            title=title,
            description=description,
            price_cents=price_cents,
            stock=stock,
            weight_grams=weight_grams,
        )
        async with self.sessions.begin() as session:
            ProductRepository(session).add(product)
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.revise")
    @announced("product.revised", seller_channel, product_news)
    @kept_in_catalogue
    async def revise(self, product_id: int, seller_id: int, price_cents: int, stock: int) -> Product:
        async with self.sessions.begin() as session:
            product = await ProductRepository(session).of_seller(product_id, seller_id)
            if product is None:
                raise NotFound()
            product.price_cents = price_cents
            product.stock = stock
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.withdraw")
    @announced("product.withdrawn", seller_channel, product_news)
    @kept_in_catalogue
    async def withdraw(self, product_id: int) -> Product:
        """For the shop's staff: takes anybody's product off sale."""
        async with self.sessions.begin() as session:
            product = await ProductRepository(session).by_id(product_id)
            if product is None:
                raise NotFound()
            product.withdrawn = True
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.count_stock")
    @announced("product.counted", seller_channel, product_news)
    @kept_in_catalogue
    async def count_stock(self, product_id: int, stock: int) -> Product:
        """What the warehouse counted replaces what the seller believed."""
        async with self.sessions.begin() as session:
            product = await ProductRepository(session).locked(product_id)
            if product is None:
                raise NotFound()
            product.stock = stock
        await self.shelf.forget(product_key(product.id))
        return product

    @observed("products.picture")
    async def keep_picture(self, product_id: int, seller_id: int, suffix: str, picture: bytes) -> None:
        async with self.sessions() as session:
            product = await ProductRepository(session).of_seller(product_id, seller_id)
        if product is None:
            raise NotFound()
        target = self.picture_folder / f"{product.id}{suffix}"
        await asyncio.to_thread(target.write_bytes, picture)

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
    @shelved(newest_key, LIST_TTL)
    async def newest(self, limit: int) -> list[dict[str, Any]]:
        async with self.sessions() as session:
            products = await ProductRepository(session).newest(limit)
        return [{"id": each.id, "title": each.title, "price_cents": each.price_cents} for each in products]

    @observed("products.search")
    @shelved(search_key, LIST_TTL)
    async def search(self, words: str) -> list[int]:
        return await self.catalogue.find(words, size=20)

    @observed("products.shipping")
    async def shipping_quote(self, product_id: int, postcode: str) -> dict[str, Any]:
        product = await self.show(product_id)

        async def ask() -> dict[str, Any]:
            quote = await self.shipping.quote(postcode, product["weight_grams"])
            return quote.model_dump()

        return await self.shelf.remember(shipping_key(product_id, postcode), ask, SHIPPING_TTL)

    @observed("products.reindex")
    async def reindex(self, limit: int) -> int:
        async with self.sessions() as session:
            products = await ProductRepository(session).newest(limit)
        for product in products:
            await self.catalogue.put(product)
        return len(products)
