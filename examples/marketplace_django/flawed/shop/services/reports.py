"""Numbers for sellers."""

import logging
import random

from django.core.cache import cache, caches
from django.db.models import Sum
from redis.exceptions import RedisError

from shop.models import Order, Product

LIFE = 120

logger = logging.getLogger(__name__)


def sold(seller_id: int) -> int:
    key = f"sold:{seller_id}"
    if found := cache.get(key):  # expect: TLC005
        return int(found)
    pieces = Order.objects.filter(product__seller_id=seller_id).aggregate(pieces=Sum("quantity"))["pieces"] or 0
    cache.set(key, pieces, LIFE + random.randint(0, 10))
    return pieces


def left(seller_id: int) -> int:
    key = f"left:{seller_id}"
    found = caches["reports"].get(key)  # expect: TLC004
    if found is not None:
        return int(found)
    pieces = Product.objects.filter(seller_id=seller_id).aggregate(pieces=Sum("stock"))["pieces"] or 0
    try:
        caches["reports"].set(key, pieces, LIFE + random.randint(0, 10))
    except RedisError:
        logger.warning("could not keep %s", key, exc_info=True)
    return pieces
