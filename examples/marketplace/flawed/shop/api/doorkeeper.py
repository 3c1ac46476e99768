"""Who may come in: as dependencies (``Shopper``, ``clerk``), as a decorator (``behind_the_counter``) and as a function that runs
something for staff only (``as_staff``)."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from shop.api.providers import get_accounts, get_clients
from shop.core.errors import NotAllowed, NotSignedIn
from shop.core.models import User

T = TypeVar("T")
Handler = Callable[..., Awaitable[T]]


async def visitor(connection: HTTPConnection) -> User | None:
    """The signed-in user, or None for somebody who just looks around."""
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    return await get_accounts(get_clients(connection)).owner_of(token)


async def shopper(user: Annotated[User | None, Depends(visitor)]) -> User:
    if user is None:
        raise NotSignedIn()
    return user


async def clerk(user: Annotated[User, Depends(shopper)]) -> User:
    if not user.is_staff:
        raise NotAllowed()
    return user


Visitor = Annotated[User | None, Depends(visitor)]
Shopper = Annotated[User, Depends(shopper)]


async def as_staff(request: Request, operation: Callable[[], Awaitable[T]]) -> T:
    user = await visitor(request)
    if user is None:
        raise NotSignedIn()
    if not user.is_staff:
        raise NotAllowed()
    return await operation()


def behind_the_counter(handler: Handler[T]) -> Handler[T]:
    """For handlers that take ``request``."""

    @wraps(handler)
    async def run(*args: Any, request: Request, **kwargs: Any) -> T:
        return await as_staff(request, lambda: handler(*args, request=request, **kwargs))

    return run
