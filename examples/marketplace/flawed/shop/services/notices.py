"""What is said in real-time events."""

from typing import Any

from shop.core.models import Order, Product
from shop.services import sellers  # expect: TLG001
from shop.services.wording import ON_ITS_WAY


def order_notice(order: Order) -> dict[str, Any]:
    text = ON_ITS_WAY if order.status == "sent" else f"Your order is {order.status}"
    return {"order_id": order.id, "status": order.status, "text": text}


def seller_notice(order: Order, product: Product) -> dict[str, Any]:
    return {"order_id": order.id, "left": product.stock, "page": sellers.page_of(product.seller_id)}
