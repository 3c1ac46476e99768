"""For buyers: their own orders. For sellers: the orders of their products."""

from html import escape
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse
from sqlalchemy import select

from shop.api.doorkeeper import Shopper
from shop.api.forms import Checkout, Complaint, OrderShown, Parcel
from shop.api.providers import OpenClients, Orders
from shop.core.errors import Conflict, NotFound, Unacceptable
from shop.core.models import AuditEntry, Message, Order, Product
from shop.core.settings import get_settings
from shop.exports import orders_as_csv
from shop.integrations.megaphone import personal_channel

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", status_code=201)
async def place(form: dict[str, Any], buyer: Shopper, orders: Orders) -> Checkout:  # expect: TLV002
    try:
        product_id, quantity = int(form["product_id"]), int(form["quantity"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unacceptable() from error
    if not 0 < quantity <= 100:
        raise Unacceptable()
    sale = await orders.place(buyer.id, product_id, quantity)
    return Checkout(order=OrderShown.model_validate(sale.order), payment_secret=sale.payment_secret)


@router.get("", response_model=list[OrderShown])
async def mine(buyer: Shopper, orders: Orders) -> object:
    return await orders.all_of_buyer(buyer.id)


@router.get("/{order_id}/receipt")
async def receipt(order_id: int, buyer: Shopper, orders: Orders, greeting: str = "Thank you") -> HTMLResponse:
    order = await orders.of_buyer(order_id, buyer.id)
    page = f"<h1>{greeting}, {escape(buyer.name)}</h1><p>Total: {order.total_cents} cents</p>"
    return HTMLResponse(page)  # expect: TLV005


@router.delete("/{order_id}", status_code=204)
async def cancel(order_id: int, buyer: Shopper, orders: Orders) -> None:
    await orders.cancel(order_id, buyer.id)


@router.post("/{order_id}/complaint", status_code=204)
async def complain(  # expect: TLS001
    order_id: int, complaint: Complaint, buyer: Shopper, clients: OpenClients
) -> None:
    async with clients.sessions.begin() as session:
        order = await session.scalar(select(Order).where(Order.id == order_id, Order.buyer_id == buyer.id))
        if order is None:
            raise NotFound()
        if order.status == "disputed":
            raise Conflict("You have complained before")
        product = await session.get(Product, order.product_id)
        if product is None:
            raise NotFound()
        order.status = "disputed"
        session.add(AuditEntry(order_id=order.id, action="disputed"))
        session.add(Message(sender_id=buyer.id, recipient_id=product.seller_id, body=complaint.text))
    news = {"order_id": order.id, "status": order.status}
    await clients.megaphone.say(personal_channel(buyer.id), "order.changed", news)
    await clients.megaphone.say(personal_channel(product.seller_id), "order.disputed", news)


@router.post("/{order_id}/parcel", status_code=204)
async def send(order_id: int, parcel: Parcel, seller: Shopper, orders: Orders) -> None:
    await orders.send(order_id, seller.id, parcel.postcode)


@router.get("/{order_id}/parcel")
async def track(order_id: int, buyer: Shopper, orders: Orders) -> dict[str, str]:
    return {"state": await orders.track(order_id, buyer.id)}


@router.get("/export.csv")
async def export(buyer: Shopper, orders: Orders) -> PlainTextResponse:
    return PlainTextResponse(orders_as_csv(await orders.all_of_buyer(buyer.id)), media_type="text/csv")


@router.put("/{order_id}/slip", status_code=204)
async def write_slip(order_id: int, pieces: int) -> None:  # expect: TLA008
    slip = get_settings().slip_folder / f"{order_id}.txt"
    slip.write_text(f"Order {order_id}: {pieces} pieces")
