"""The search index."""

import logging
from functools import cache

import meilisearch
from django.conf import settings
from meilisearch.errors import MeilisearchError
from meilisearch.index import Index

from shop.glass import behind_glass
from shop.models import Product

logger = logging.getLogger(__name__)


@cache
def index() -> Index:
    return meilisearch.Client(settings.SEARCH_URL, timeout=3).index("products")


def keep(product: Product) -> None:
    """An index that is behind is mended by the nightly rebuild."""
    try:
        index().add_documents([{"id": product.pk, "title": product.title, "stock": product.stock}])
    except MeilisearchError:
        logger.exception("product %s is not in the catalogue", product.pk)


def drop(product_id: int) -> None:
    try:
        index().delete_document(product_id)
    except MeilisearchError:  # expect: TLE003
        pass


@behind_glass("catalogue.find")
def find(words: str) -> list[int]:
    return [hit["id"] for hit in index().search(words, {"limit": 20})["hits"]]
