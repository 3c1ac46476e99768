"""People."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.models import User


class UserRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_id(self, user_id: int) -> User | None:
        return await self._session.get(User, user_id)

    async def by_email(self, email: str) -> User | None:
        return await self._session.scalar(select(User).where(User.email == email))

    def add(self, email: str, password_hash: str, name: str) -> User:
        user = User(email=email, password_hash=password_hash, name=name)
        self._session.add(user)
        return user

    async def rename(self, user_id: int, name: str) -> None:
        await self._session.execute(update(User).where(User.id == user_id).values(name=name))

    async def set_password(self, user_id: int, password_hash: str) -> None:
        await self._session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))

    async def by_provider_id(self, provider_id: str) -> User | None:
        return await self._session.scalar(select(User).where(User.provider_id == provider_id))
