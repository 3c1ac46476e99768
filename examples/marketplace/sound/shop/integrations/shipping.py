"""Quotes of the parcel service."""

import httpx
from circuitbreaker import circuit
from pydantic import BaseModel
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shop.core.errors import ShippingDown
from shop.core.shield import shielded

parcels_breaker = circuit(failure_threshold=5, recovery_timeout=60, expected_exception=httpx.HTTPError)
patiently = retry(
    retry=retry_if_exception_type(httpx.TransportError),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(max=2),
    reraise=True,
)


class Quote(BaseModel):
    carrier: str
    price_cents: int


class Shipping:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @shielded("shipping.quote", ShippingDown)
    @parcels_breaker
    @patiently
    async def quote(self, postcode: str, weight_grams: int) -> Quote:
        answer = await self._http.get("/quotes", params={"to": postcode, "grams": weight_grams})
        answer.raise_for_status()
        return Quote.model_validate(answer.json())

    @shielded("shipping.book", ShippingDown)
    @parcels_breaker
    async def book(self, order_id: int, postcode: str) -> None:
        """Have a parcel collected; booking an order twice is one booking."""
        answer = await self._http.post(
            "/parcels",
            json={"reference": order_id, "to": postcode},
            headers={"Idempotency-Key": f"order-{order_id}"},
        )
        answer.raise_for_status()
