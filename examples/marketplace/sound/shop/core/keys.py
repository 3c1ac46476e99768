"""Names of cached values and how long each may live, in seconds."""

PRODUCT_TTL = 3600
SHIPPING_TTL = 240
SELLER_TTL = 120
LIST_TTL = 60


def product_key(product_id: int) -> str:
    return f"product:{product_id}"


def shipping_key(product_id: int, postcode: str) -> str:
    return f"shipping:{product_id}:{postcode}"


def seller_key(seller_id: int) -> str:
    return f"seller:{seller_id}"


def newest_key(limit: int) -> str:
    return f"newest:{limit}"


def search_key(words: str) -> str:
    return f"search:{words}"
