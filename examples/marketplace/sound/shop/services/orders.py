"""Orders: stock is reserved and the order written in one transaction, money is asked for after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.database import Sessions, settle
from shop.core.errors import Conflict, NotFound
from shop.core.keys import product_key
from shop.core.models import Message, Order, Product
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


@dataclass(frozen=True)
class Sale:
    order: Order
    product: Product
    payment_secret: str = ""


@dataclass(frozen=True)
class OrderService:
    sessions: Sessions
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
        """The money goes back first: asking for a refund twice is harmless, a cancelled order that was paid is not."""
        order = await self.of_buyer(order_id, buyer_id)
        if order.status not in {"waiting", "paid"}:
            raise Conflict("This order cannot be cancelled any more")
        await self.payments.refund(order)
        await self._give_back(order.id, "cancelled")

    @observed("orders.send")
    async def send(self, order_id: int, seller_id: int, postcode: str) -> None:
        async with self.sessions() as session:
            order = await OrderRepository(session).of_seller(order_id, seller_id)
        if order is None:
            raise NotFound()
        if order.status != "paid":
            raise Conflict("Only paid orders are sent")
        await self.shipping.book(order.id, postcode)
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            sent = await orders.of_seller(order_id, seller_id)
            if sent is None:
                raise NotFound()
            orders.move(sent, "sent")
        await self._tell_buyer(sent)

    @observed("orders.complain")
    async def complain(self, order_id: int, buyer_id: int, text: str) -> None:
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            order = await orders.of_buyer(order_id, buyer_id)
            if order is None:
                raise NotFound()
            product = await ProductRepository(session).by_id(order.product_id)
            if product is None:
                raise NotFound()
            orders.move(order, "disputed")
            session.add(Message(sender_id=buyer_id, recipient_id=product.seller_id, body=text))
        await self._tell_buyer(order)
        await self.megaphone.say(personal_channel(product.seller_id), "order.disputed", {"order_id": order.id})

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
            orders.move(order, "paid")
        await self._tell_buyer(order)
        hand_over(mail_receipt, order.id)

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
        async def restock() -> Sale:
            async with self.sessions.begin() as session:
                orders = OrderRepository(session)
                order = await orders.locked(order_id)
                if order is None or order.status in {"failed", "cancelled"}:
                    raise Conflict("This order was given back before")
                product = await ProductRepository(session).locked(order.product_id)
                if product is None:
                    raise NotFound()
                product.stock += order.quantity
                orders.move(order, status)
            return Sale(order, product)

        await self._tell(await write_then_index(restock, self._index))

    async def _index(self, sale: Sale) -> None:
        await self.catalogue.put(sale.product)

    async def _tell(self, sale: Sale) -> None:
        await self.shelf.forget(product_key(sale.product.id))
        await self._tell_buyer(sale.order)
        await self.megaphone.say(personal_channel(sale.product.seller_id), "order.changed", {"order_id": sale.order.id})

    async def _tell_buyer(self, order: Order) -> None:
        news = {"order_id": order.id, "status": order.status}
        await self.megaphone.say(personal_channel(order.buyer_id), "order.changed", news)
