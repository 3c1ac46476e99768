"""Orders: a transaction for the stock and the order, Stripe outside of it, and the way back when Stripe fails."""

import logging

import sentry_sdk
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction

from shop.errors import NotForSale, NotPossible, ShopError
from shop.models import Order, Product
from shop.services import megaphone, payments
from shop.tasks import hand_over, mail_receipt

logger = logging.getLogger(__name__)


def place(buyer: User, product_id: int, quantity: int) -> tuple[Order, str]:
    order = _reserve(buyer, product_id, quantity)
    try:
        secret = payments.ask_for_money(order)
    except ShopError:
        logger.exception("order %s is given back", order.pk)
        _undo(order)
        raise
    return order, secret


def cancel(order: Order) -> None:
    """The refund may be repeated, so it comes first."""
    if order.status not in {"waiting", "paid"}:
        raise NotPossible()
    payments.give_money_back(order)
    _give_back(order, "cancelled")


@transaction.atomic
def mark_paid(order_id: int, payment_id: str) -> None:
    """Stripe may report a payment twice; the second report changes nothing."""
    order = Order.objects.select_for_update().filter(pk=order_id, status="waiting").first()
    if order is None:
        return
    order.status, order.payment_id = "paid", payment_id
    order.save(update_fields=["status", "payment_id"])
    _announce(order)
    transaction.on_commit(lambda: hand_over(mail_receipt, order.pk))


@transaction.atomic
def _reserve(buyer: User, product_id: int, quantity: int) -> Order:
    product = Product.objects.select_for_update().filter(pk=product_id, stock__gte=quantity).first()
    if product is None:
        raise NotForSale()
    product.stock -= quantity
    product.save(update_fields=["stock"])
    order = Order.objects.create(buyer=buyer, product=product, quantity=quantity)
    _announce(order)
    return order


@transaction.atomic
def _give_back(order: Order, status: str) -> None:
    product = Product.objects.select_for_update().get(pk=order.product_id)
    product.stock += order.quantity
    product.save(update_fields=["stock"])
    order.status = status
    order.save(update_fields=["status"])
    _announce(order)


def _undo(order: Order) -> None:
    try:
        _give_back(order, "failed")
    except DatabaseError as error:
        logger.exception("order %s could not be given back, it needs a person", order.pk)
        sentry_sdk.capture_exception(error)


def _announce(order: Order) -> None:
    news = {"order": order.pk, "status": order.status}
    transaction.on_commit(lambda: megaphone.tell(order.buyer_id, "order.changed", news))
