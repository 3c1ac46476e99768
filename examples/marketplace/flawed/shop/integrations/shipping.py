"""Quotes of the parcel service."""

from typing import Any

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

    @parcels_breaker
    @patiently
    async def quote(self, postcode: str, weight_grams: int) -> Quote:
        try:
            answer = await self._http.get(  # expect: TLE001
                "/quotes", params={"to": postcode, "grams": weight_grams}
            )
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise ShippingDown() from error
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

    @parcels_breaker
    async def carriers(self) -> list[str]:
        try:
            answer = await self._http.get("/carriers")
            answer.raise_for_status()
        except httpx.HTTPError:  # expect: TLE003
            return []
        return [carrier["name"] for carrier in answer.json()]

    @shielded("shipping.depots", ShippingDown)
    @parcels_breaker
    async def depots(self, postcode: str) -> list[dict[str, Any]]:
        answer = await self._http.get("/depots", params={"near": postcode})  # expect: TLE005
        return list(answer.json()["depots"])

    @shielded("shipping.track", ShippingDown)
    @parcels_breaker
    @retry(retry=retry_if_exception_type(httpx.TransportError), reraise=True)  # expect: TLE101
    async def track(self, order_id: int) -> str:
        answer = await self._http.get(f"/parcels/{order_id}", timeout=None)  # expect: TLE002
        answer.raise_for_status()
        return str(answer.json()["state"])
