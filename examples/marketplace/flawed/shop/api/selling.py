"""For sellers: their own products."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response, UploadFile

from shop.api.doorkeeper import Shopper, shopper
from shop.api.forms import ProductShown, Revision
from shop.api.limits import limiter
from shop.api.providers import Products
from shop.core.settings import get_settings

router = APIRouter(prefix="/selling/products", tags=["selling"], dependencies=[Depends(shopper)])


@router.post("", status_code=201, response_model=ProductShown)
async def sell(listing: dict[str, Any], seller: Shopper, products: Products) -> object:
    return await products.sell(seller.id, listing)


@router.put("/{product_id}", response_model=ProductShown)
async def revise(product_id: int, revision: Revision, products: Products) -> object:  # expect: TLA007
    return await products.revise(product_id, revision.price_cents, revision.stock)


@router.put("/{product_id}/picture", status_code=204)
@limiter.limit("20/hour")
async def keep_picture(
    request: Request, response: Response, product_id: int, picture: UploadFile, seller: Shopper, products: Products
) -> None:
    await products.require_owner(product_id, seller.id)
    target = get_settings().picture_folder / f"{product_id}-{picture.filename}"
    target.write_bytes(await picture.read())  # expect: TLV001
