"""Orders."""

from django.contrib.auth.models import User
from django.db import transaction

from shop.errors import NotForSale, NotPossible
from shop.models import Order, Product
from shop.services import megaphone, payments
from shop.shelf import forget, product_key
from shop.tasks import hand_over, mail_receipt


def place(buyer: User, product_id: int, quantity: int) -> tuple[Order, str]:
    order = _reserve(buyer, product_id, quantity)
    secret = payments.ask_for_money(order)  # expect: TLT001
    return order, secret


def cancel(order: Order) -> None:
    if order.status not in {"waiting", "paid"}:
        raise NotPossible()
    _give_back(order, "cancelled")
    payments.give_money_back(order)  # expect: TLT001


@transaction.atomic
def mark_paid(order_id: int, payment_id: str) -> None:
    """Stripe may report a payment twice; the second report changes nothing."""
    order = Order.objects.select_for_update().filter(pk=order_id, status="waiting").first()
    if order is None:
        return
    order.status, order.payment_id = "paid", payment_id
    order.save(update_fields=["status", "payment_id"])
    _announce(order)
    hand_over(mail_receipt, order.pk)  # expect: TLT002


@transaction.atomic
def _reserve(buyer: User, product_id: int, quantity: int) -> Order:
    product = Product.objects.select_for_update().filter(pk=product_id, stock__gte=quantity).first()
    if product is None:
        raise NotForSale()
    product.stock -= quantity
    product.save(update_fields=["stock"])
    forget(product_key(product.pk))  # expect: TLC003
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


def _announce(order: Order) -> None:
    news = {"order": order.pk, "status": order.status}
    megaphone.tell(order.buyer_id, "order.changed", news)  # expect: TLR001
