"""Stripe, behind a circuit breaker."""

from dataclasses import dataclass

import stripe
from circuitbreaker import circuit

from shop.core.errors import PaymentDown
from shop.core.models import Order
from shop.core.shield import shielded

stripe_breaker = circuit(failure_threshold=5, recovery_timeout=30, expected_exception=stripe.StripeError)


@dataclass(frozen=True)
class Paid:
    """A payment that Stripe reports as made."""

    order_id: int
    payment_id: str


class Payments:
    def __init__(self, webhook_secret: str) -> None:
        self._webhook_secret = webhook_secret

    @shielded("payments.open", PaymentDown)
    @stripe_breaker
    async def open(self, order: Order) -> str:
        """Ask for money; the customer confirms it in the browser with the secret that is returned."""
        intent = await stripe.PaymentIntent.create_async(
            amount=order.total_cents,
            currency="eur",
            metadata={"order_id": str(order.id)},
            idempotency_key=f"order-{order.id}",
        )
        return intent.client_secret or ""

    @shielded("payments.refund", PaymentDown)
    @stripe_breaker
    async def refund(self, order: Order) -> None:
        if order.payment_id is None:
            return
        await stripe.Refund.create_async(payment_intent=order.payment_id)

    def read_event(self, body: bytes, signature: str) -> Paid | None:
        """What Stripe reports, if it is signed by Stripe; None when it is not about a payment made."""
        event = stripe.Webhook.construct_event(body, signature, self._webhook_secret)
        if event.type != "payment_intent.succeeded":
            return None
        intent = event.data.object
        return Paid(order_id=int(intent["metadata"]["order_id"]), payment_id=intent["id"])
