"""Mail to a buyer whose payment arrived."""

import asyncio
import logging
import smtplib

from shop.core.settings import get_settings
from shop.integrations.clients import open_clients
from shop.integrations.mail import send_mail
from shop.jobs.queue import queue
from shop.repositories.orders import OrderRepository
from shop.repositories.users import UserRepository

logger = logging.getLogger(__name__)


@queue.task(name="shop.mail_receipt", autoretry_for=(OSError, smtplib.SMTPException), retry_backoff=True, max_retries=5)
def mail_receipt(order_id: int) -> None:
    recipient = asyncio.run(_recipient(order_id))
    if recipient is None:
        logger.warning("order %s has nobody to write to", order_id)
        return
    send_mail(recipient, f"Your order {order_id}", "Thank you, your payment has arrived.")


async def _recipient(order_id: int) -> str | None:
    async with open_clients(get_settings()) as clients, clients.sessions() as session:
        order = await OrderRepository(session).by_id(order_id)
        if order is None:
            return None
        buyer = await UserRepository(session).by_id(order.buyer_id)
        return None if buyer is None else buyer.email
