"""Sessions, and the one way to combine a transaction with another system.

``sessions.begin()`` commits at the end of its block; nothing but database work belongs inside.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]
T = TypeVar("T")
R = TypeVar("R")

logger = logging.getLogger(__name__)


def make_sessions(database_url: str) -> Sessions:
    return async_sessionmaker(create_async_engine(database_url, pool_pre_ping=True), expire_on_commit=False)


async def settle(
    sessions: Sessions,
    write: Callable[[AsyncSession], Awaitable[T]],
    outside: Callable[[T], Awaitable[R]],
    undo: Callable[[T], Awaitable[None]],
) -> R:
    """Commit ``write``, then let ``outside`` act; when that fails, ``undo`` what was written and fail too."""
    async with sessions.begin() as session:
        written = await write(session)
    try:
        return await outside(written)
    except Exception:
        logger.exception("undoing %r because the outside part failed", written)
        await undo(written)  # expect: TLT005
        raise
