"""What everybody may look at without signing in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shop.api.doorkeeper import Visitor
from shop.api.forms import ProductShown
from shop.api.providers import Products, Sellers

router = APIRouter(tags=["storefront"])

Words = Annotated[str, Query(min_length=2, max_length=80)]
Postcode = Annotated[str, Query(pattern="^[0-9A-Z]{3,10}$")]


@router.get("/products", response_model=list[ProductShown])
async def newest(products: Products, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> object:  # threadly: public
    return await products.newest(limit)


@router.get("/carriers")
async def carriers(products: Products) -> list[str]:  # threadly: public
    return await products.carriers()


@router.get("/depots")
async def depots(postcode: Postcode, products: Products) -> list[dict[str, Any]]:  # threadly: public
    return await products.depots(postcode)


@router.get("/products/search")
async def search(words: Words, products: Products) -> list[int]:  # threadly: public
    return await products.search(words)


@router.get("/products/{product_id}")  # threadly: public
async def show(product_id: int, visitor: Visitor, products: Products) -> dict[str, Any]:
    product = await products.show(product_id)
    mine = visitor is not None and visitor.id == product["seller_id"]
    return product | {"mine": mine}


# threadly: public
@router.get("/products/{product_id}/shipping")
async def shipping(product_id: int, postcode: Postcode, products: Products) -> dict[str, Any]:
    return await products.shipping_quote(product_id, postcode)


@router.get("/sellers/{seller_id}")  # threadly: public
async def seller(seller_id: int, sellers: Sellers) -> dict[str, Any]:
    return await sellers.profile(seller_id)


@router.get("/sellers/{seller_id}/waiting")  # threadly: public
async def waiting(seller_id: int, sellers: Sellers) -> int:
    return await sellers.waiting(seller_id)


@router.get("/sellers/{seller_id}/sold")  # threadly: public
async def sold(seller_id: int, sellers: Sellers) -> int:
    return await sellers.sold(seller_id)
