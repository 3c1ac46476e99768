"""After a product was saved or deleted, its cached page goes and the catalogue follows."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from shop.models import Product
from shop.services import catalogue
from shop.shelf import forget, product_key


def follow(sender: type[Product], instance: Product, **rest: Any) -> None:
    transaction.on_commit(lambda: forget(product_key(instance.pk)))
    catalogue.keep(instance)  # expect: TLX001


def leave(sender: type[Product], instance: Product, **rest: Any) -> None:
    product_id = instance.pk
    transaction.on_commit(lambda: forget(product_key(product_id)))
    transaction.on_commit(lambda: catalogue.drop(product_id))


def listen() -> None:
    post_save.connect(follow, sender=Product)
    post_delete.connect(leave, sender=Product)
