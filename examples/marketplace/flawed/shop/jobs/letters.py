"""Mail: receipts for buyers, links for people who lost their password."""

import asyncio
import logging
import smtplib
import time

from shop.core.models import User
from shop.core.security import issue_token
from shop.core.settings import get_settings
from shop.integrations.clients import open_clients
from shop.integrations.mail import send_mail
from shop.jobs.queue import queue
from shop.repositories.orders import OrderRepository
from shop.repositories.users import UserRepository

MAIL_ERRORS = (OSError, smtplib.SMTPException)

logger = logging.getLogger(__name__)


@queue.task(name="shop.mail_receipt", autoretry_for=MAIL_ERRORS, retry_backoff=True, max_retries=5)
def mail_receipt(order_id: int) -> None:  # expect: TLM001
    started = time.time()
    buyer = asyncio.run(_buyer_of(order_id))
    if buyer is None:
        logger.warning("order %s has nobody to write to", order_id)
        return
    send_mail(buyer.email, f"Your order {order_id}", "Thank you, your payment has arrived.")
    logger.info("mailed the receipt of %s in %.1f s", order_id, time.time() - started)  # expect: TLM003


@queue.task(name="shop.mail_recovery", autoretry_for=MAIL_ERRORS, retry_backoff=True, max_retries=5)
def mail_recovery(user_id: int) -> None:  # expect: TLM001
    user = asyncio.run(_person(user_id))
    if user is None:
        logger.warning("user %s is gone", user_id)
        return
    send_mail(user.email, "Your account", f"Use this within twelve hours: {issue_token(user.id)}")


async def _buyer_of(order_id: int) -> User | None:
    async with open_clients(get_settings()) as clients, clients.sessions() as session:
        order = await OrderRepository(session).by_id(order_id)
        return None if order is None else await UserRepository(session).by_id(order.buyer_id)


async def _person(user_id: int) -> User | None:
    async with open_clients(get_settings()) as clients, clients.sessions() as session:
        return await UserRepository(session).by_id(user_id)
