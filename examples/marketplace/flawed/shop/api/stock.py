"""What the warehouse counted. Mounted for the staff's browsers and for the hand-held scanners."""

from fastapi import APIRouter

from shop.api.forms import Counted, ProductShown
from shop.api.providers import Products

router = APIRouter(tags=["stock"])


@router.put("/stock/{product_id}", response_model=ProductShown)
async def count_stock(product_id: int, counted: Counted, products: Products) -> object:  # expect: TLA001
    return await products.count_stock(product_id, counted.stock)
