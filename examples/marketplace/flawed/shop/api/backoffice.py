"""For the shop's staff."""

import logging

import httpx
from fastapi import APIRouter, Request
from redis.exceptions import RedisError

from shop.api.doorkeeper import as_staff, behind_the_counter
from shop.api.forms import ProductShown
from shop.api.providers import OpenClients, Products
from shop.core.errors import ShippingDown
from shop.core.keys import TARIFFS, TARIFFS_TTL

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/backoffice", tags=["backoffice"])


@behind_the_counter  # expect: TLA006
@router.post("/products/{product_id}/withdraw", response_model=ProductShown)
async def withdraw(request: Request, product_id: int, products: Products) -> object:
    return await products.withdraw(product_id)


@router.post("/reindex")
async def reindex(request: Request, products: Products) -> dict[str, int]:
    return {"indexed": await as_staff(request, lambda: products.reindex(limit=1000))}


@router.post("/tariffs", status_code=204)
@behind_the_counter
async def refresh_tariffs(request: Request, clients: OpenClients) -> None:  # expect: TLS002
    try:
        answer = await clients.http.get("/tariffs")  # expect: TLE102
        answer.raise_for_status()
    except httpx.HTTPError as error:
        logger.exception("the parcel service has no tariffs for us")
        raise ShippingDown() from error
    try:
        await clients.redis.set(TARIFFS, answer.text, ex=TARIFFS_TTL)
        await clients.redis.publish("backoffice", TARIFFS)
    except RedisError:
        logger.exception("the new %s were not passed on", TARIFFS)
