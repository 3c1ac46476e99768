import csv  # expect: TLG003
import io
from collections.abc import Sequence

from shop.core.models import Order


def orders_as_csv(orders: Sequence[Order]) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["order", "product", "quantity", "cents", "status"])
    for order in orders:
        writer.writerow([order.id, order.product_id, order.quantity, order.total_cents, order.status])
    return sheet.getvalue()
