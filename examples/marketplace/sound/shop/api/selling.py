"""For sellers: their own products."""

from fastapi import APIRouter, Depends, HTTPException, Request, Response, UploadFile

from shop.api.doorkeeper import Shopper, shopper
from shop.api.forms import Listing, ProductShown, Revision
from shop.api.limits import limiter
from shop.api.providers import Products

router = APIRouter(prefix="/selling/products", tags=["selling"], dependencies=[Depends(shopper)])

PICTURE_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
PICTURE_BYTES = 5_000_000


@router.post("", status_code=201, response_model=ProductShown)
async def sell(listing: Listing, seller: Shopper, products: Products) -> object:
    return await products.sell(seller.id, **listing.model_dump())


@router.put("/{product_id}", response_model=ProductShown)
async def revise(product_id: int, revision: Revision, seller: Shopper, products: Products) -> object:
    return await products.revise(product_id, seller.id, revision.price_cents, revision.stock)


@router.put("/{product_id}/picture", status_code=204)
@limiter.limit("20/hour")
async def keep_picture(
    request: Request, response: Response, product_id: int, picture: UploadFile, seller: Shopper, products: Products
) -> None:
    suffix = PICTURE_SUFFIXES.get(picture.content_type or "")
    if suffix is None:
        raise HTTPException(415, "Only JPEG, PNG and WebP pictures")
    content = await picture.read(PICTURE_BYTES + 1)
    if len(content) > PICTURE_BYTES:
        raise HTTPException(413, "The picture is too large")
    await products.keep_picture(product_id, seller.id, suffix, content)
