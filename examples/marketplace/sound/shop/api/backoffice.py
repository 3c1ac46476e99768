"""For the shop's staff."""

from fastapi import APIRouter, Request

from shop.api.doorkeeper import as_staff, behind_the_counter
from shop.api.forms import ProductShown
from shop.api.providers import Products

router = APIRouter(prefix="/backoffice", tags=["backoffice"])


@router.post("/products/{product_id}/withdraw", response_model=ProductShown)
@behind_the_counter
async def withdraw(request: Request, product_id: int, products: Products) -> object:
    return await products.withdraw(product_id)


@router.post("/reindex")
async def reindex(request: Request, products: Products) -> dict[str, int]:
    return {"indexed": await as_staff(request, lambda: products.reindex(limit=1000))}
