"""What Stripe reports. Nobody signs in here: the signature of the body is the proof."""

from typing import Annotated

import stripe
from fastapi import APIRouter, Header, HTTPException, Request

from shop.api.providers import OpenClients, Orders

router = APIRouter(prefix="/payments", tags=["payments"])


@router.post("/webhook", status_code=204)
async def webhook(
    request: Request, stripe_signature: Annotated[str, Header()], clients: OpenClients, orders: Orders
) -> None:
    try:
        paid = clients.payments.read_event(await request.body(), stripe_signature)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise HTTPException(400, f"This event cannot be read: {error}") from error  # expect: TLE004
    if paid is not None:
        await orders.mark_paid(paid)
