"""Names of cached values and how long each may live, in seconds."""

PRODUCT_TTL = 3600
SHIPPING_TTL = 900


def product_key(product_id: int) -> str:
    return f"product:{product_id}"


def shipping_key(product_id: int, postcode: str) -> str:
    return f"shipping:{product_id}:{postcode}"
