"""Cache-aside for what is read often. Lifetimes in seconds, spread so that not everything ends at once."""

import random
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")

PRODUCT_LIFE = 3600
MISSING = object()


def product_key(product_id: int) -> str:
    return f"product:{product_id}"


def remember(key: str, load: Callable[[], T], life: int) -> T:
    found = cache.get(key, MISSING)
    if found is not MISSING:
        return found
    value = load()
    cache.set(key, value, life + random.randint(0, life // 10))
    return value


def forget(key: str) -> None:
    cache.delete(key)
