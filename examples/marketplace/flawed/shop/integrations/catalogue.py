"""The search index of products, and how a write and its place in the index are kept in step.

``write_then_index`` takes two callables, ``kept_in_catalogue`` is the same as a decorator for methods that return
the product that they changed.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import sentry_sdk
from elasticsearch import AsyncElasticsearch

from shop.core.errors import SearchDown
from shop.core.models import Product
from shop.core.shield import shielded

INDEX = "products"

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Catalogue:
    def __init__(self, client: AsyncElasticsearch) -> None:
        self._client = client

    @shielded("catalogue.put", SearchDown)
    async def put(self, product: Product) -> None:
        document = {"title": product.title, "price_cents": product.price_cents, "on_sale": on_sale(product)}
        await self._client.index(index=INDEX, id=str(product.id), document=document)

    async def find(self, words: str, size: int) -> list[int]:
        wanted = {"bool": {"must": {"match": {"title": words}}, "filter": {"term": {"on_sale": True}}}}
        try:
            answer = await self._client.search(index=INDEX, query=wanted, size=size)
        except Exception as error:  # expect: TLE006
            logger.exception("the search for %r failed", words)
            sentry_sdk.capture_exception(error)
            raise SearchDown() from error
        return [int(hit["_id"]) for hit in answer["hits"]["hits"]]


def on_sale(product: Product) -> bool:
    return product.stock > 0 and not product.withdrawn


async def write_then_index(write: Callable[[], Awaitable[T]], index: Callable[[T], Awaitable[None]]) -> T:
    """The write counts; an index that is behind is mended by the nightly rebuild."""
    written = await write()
    try:
        await index(written)
    except Exception as error:
        logger.exception("%r is not in the catalogue", written)
        sentry_sdk.capture_exception(error)
    return written


class HasCatalogue(Protocol):
    @property
    def catalogue(self) -> Catalogue: ...


Self = TypeVar("Self", bound=HasCatalogue)
Write = Callable[Concatenate[Self, P], Awaitable[Product]]


def kept_in_catalogue(write: Write[Self, P]) -> Write[Self, P]:
    @wraps(write)
    async def run(self: Self, *args: P.args, **kwargs: P.kwargs) -> Product:
        return await write_then_index(lambda: write(self, *args, **kwargs), self.catalogue.put)

    return run
