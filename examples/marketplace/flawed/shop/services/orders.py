"""Orders: placed, paid, sent, cancelled."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.database import Sessions, settle
from shop.core.errors import Conflict, NotFound
from shop.core.keys import product_key
from shop.core.models import Order, Product
from shop.core.monitoring import observed
from shop.integrations.catalogue import Catalogue, write_then_index
from shop.integrations.megaphone import Megaphone, personal_channel
from shop.integrations.payments import Paid, Payments
from shop.integrations.shelf import Shelf
from shop.integrations.shipping import Shipping
from shop.jobs.letters import mail_receipt
from shop.jobs.queue import hand_over
from shop.repositories.orders import OrderRepository
from shop.repositories.products import ProductRepository
from shop.services import notices

PAID = "paid"
SENT = "sent"


@dataclass(frozen=True)
class Sale:
    order: Order
    product: Product
    payment_secret: str = ""


@dataclass(frozen=True)
class OrderService:
    sessions: Sessions
    redis: Redis
    shelf: Shelf
    catalogue: Catalogue
    megaphone: Megaphone
    payments: Payments
    shipping: Shipping

    @observed("orders.place")
    async def place(self, buyer_id: int, product_id: int, quantity: int) -> Sale:
        """Reserve and write, then ask Stripe for the secret with which the buyer's browser confirms the payment."""

        async def reserve(session: AsyncSession) -> Sale:
            return await self._reserve(session, buyer_id, product_id, quantity)

        async def ask_for_money(sale: Sale) -> Sale:
            return replace(sale, payment_secret=await self.payments.open(sale.order))

        async def release(sale: Sale) -> None:
            await self._give_back(sale.order.id, "failed")

        sale = await write_then_index(lambda: settle(self.sessions, reserve, ask_for_money, release), self._index)
        await self._tell(sale)
        return sale

    @observed("orders.cancel")
    async def cancel(self, order_id: int, buyer_id: int) -> None:
        order = await self.of_buyer(order_id, buyer_id)
        if order.status not in {"waiting", PAID}:
            raise Conflict("This order cannot be cancelled any more")
        await self.payments.refund(order)  # expect: TLT003
        await self._give_back(order.id, "cancelled")

    @observed("orders.send")
    async def send(self, order_id: int, seller_id: int, postcode: str) -> None:
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            order = await orders.of_seller(order_id, seller_id)
            if order is None:
                raise NotFound()
            if order.status != PAID:
                raise Conflict("Only paid orders are sent")
            orders.move(order, SENT)
            await self.shipping.book(order.id, postcode)  # expect: TLT001
        await self._tell_buyer(order)

    @observed("orders.track")
    async def track(self, order_id: int, buyer_id: int) -> str:
        order = await self.of_buyer(order_id, buyer_id)
        return await self.shipping.track(order.id)

    @observed("orders.mark_paid")
    async def mark_paid(self, paid: Paid) -> None:
        """Stripe may report a payment twice; the second report changes nothing."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            order = await orders.by_id(paid.order_id)
            if order is None:
                raise NotFound()
            if order.status != "waiting":
                return
            order.payment_id = paid.payment_id
            orders.move(order, PAID)
            hand_over(mail_receipt, order.id)  # expect: TLT002
        news = json.dumps({"event": "order.paid", "data": notices.order_notice(order)})
        await self.redis.publish(personal_channel(order.buyer_id), news)  # expect: TLR002

    @observed("orders.of_buyer")
    async def of_buyer(self, order_id: int, buyer_id: int) -> Order:
        async with self.sessions() as session:
            order = await OrderRepository(session).of_buyer(order_id, buyer_id)
        if order is None:
            raise NotFound()
        return order

    @observed("orders.all_of_buyer")
    async def all_of_buyer(self, buyer_id: int) -> Sequence[Order]:
        async with self.sessions() as session:
            return await OrderRepository(session).all_of_buyer(buyer_id)

    async def _reserve(self, session: AsyncSession, buyer_id: int, product_id: int, quantity: int) -> Sale:
        product = await ProductRepository(session).locked(product_id)
        if product is None or product.withdrawn:
            raise NotFound()
        if product.stock < quantity:
            raise Conflict("There are not enough left")
        product.stock -= quantity
        order = Order(
            buyer_id=buyer_id,
            product_id=product.id,
            quantity=quantity,
            total_cents=quantity * product.price_cents,
        )
        return Sale(await OrderRepository(session).add(order), product)

    async def _give_back(self, order_id: int, status: str) -> None:
        async with self.sessions() as session:
            orders = OrderRepository(session)
            order = await orders.locked(order_id)
            if order is None or order.status in {"failed", "cancelled"}:
                raise Conflict("This order was given back before")
            product = await ProductRepository(session).locked(order.product_id)
            if product is None:
                raise NotFound()
            product.stock += order.quantity
            await session.commit()
            orders.move(order, status)
            await session.commit()  # expect: TLT004
        await self.catalogue.put(product)  # expect: TLX002
        await self._tell(Sale(order, product))

    async def _index(self, sale: Sale) -> None:
        await self.catalogue.put(sale.product)

    async def _tell(self, sale: Sale) -> None:
        await self.shelf.forget(product_key(sale.product.id))
        await self._tell_buyer(sale.order)
        notice = notices.seller_notice(sale.order, sale.product)
        await self.megaphone.say(personal_channel(sale.product.seller_id), "order.changed", notice)

    async def _tell_buyer(self, order: Order) -> None:
        await self.megaphone.say(personal_channel(order.buyer_id), "order.changed", notices.order_notice(order))
