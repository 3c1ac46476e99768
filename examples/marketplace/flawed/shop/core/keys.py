"""Names of cached values and how long each may live, in seconds."""

PRODUCT_TTL = 3600
SELLER_TTL = 120
LIST_TTL = 60
TARIFFS_TTL = 3600

TARIFFS = "tariffs"


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


def sold_key(seller_id: int) -> str:
    return f"sold:{seller_id}"


def unread_key(user_id: int) -> str:
    return f"unread:{user_id}"
