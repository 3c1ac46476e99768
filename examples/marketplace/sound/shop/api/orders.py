"""For buyers: their own orders. For sellers: the orders of their products."""

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from shop.api.doorkeeper import Shopper
from shop.api.forms import Checkout, Complaint, NewOrder, OrderShown, Parcel
from shop.api.providers import Orders

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", status_code=201)
async def place(form: NewOrder, buyer: Shopper, orders: Orders) -> Checkout:
    sale = await orders.place(buyer.id, form.product_id, form.quantity)
    return Checkout(order=OrderShown.model_validate(sale.order), payment_secret=sale.payment_secret)


@router.get("", response_model=list[OrderShown])
async def mine(buyer: Shopper, orders: Orders) -> object:
    return await orders.all_of_buyer(buyer.id)


@router.get("/{order_id}/receipt")
async def receipt(order_id: int, buyer: Shopper, orders: Orders, greeting: str = "Thank you") -> HTMLResponse:
    order = await orders.of_buyer(order_id, buyer.id)
    return HTMLResponse(f"<h1>{escape(greeting)}, {escape(buyer.name)}</h1><p>Total: {order.total_cents} cents</p>")


@router.delete("/{order_id}", status_code=204)
async def cancel(order_id: int, buyer: Shopper, orders: Orders) -> None:
    await orders.cancel(order_id, buyer.id)


@router.post("/{order_id}/complaint", status_code=204)
async def complain(order_id: int, complaint: Complaint, buyer: Shopper, orders: Orders) -> None:
    await orders.complain(order_id, buyer.id, complaint.text)


@router.post("/{order_id}/parcel", status_code=204)
async def send(order_id: int, parcel: Parcel, seller: Shopper, orders: Orders) -> None:
    await orders.send(order_id, seller.id, parcel.postcode)
