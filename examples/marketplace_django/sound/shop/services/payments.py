"""Stripe."""

import stripe
from django.conf import settings

from shop.glass import behind_glass
from shop.models import Order

stripe.api_key = settings.STRIPE_KEY
stripe.default_http_client = stripe.RequestsClient(timeout=10)


@behind_glass("payments.open")
def ask_for_money(order: Order) -> str:
    """The secret with which the buyer's browser confirms the payment."""
    intent = stripe.PaymentIntent.create(
        amount=order.quantity * order.product.price_cents,
        currency="eur",
        metadata={"order_id": str(order.pk)},
        idempotency_key=f"order-{order.pk}",
    )
    return intent.client_secret or ""


@behind_glass("payments.refund")
def give_money_back(order: Order) -> None:
    if order.payment_id:
        stripe.Refund.create(payment_intent=order.payment_id, idempotency_key=f"refund-{order.pk}")
