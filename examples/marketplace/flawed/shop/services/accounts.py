"""Who somebody is."""

import asyncio
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from shop.core.database import Sessions
from shop.core.errors import Conflict, NotSignedIn
from shop.core.models import SignInRecord, User
from shop.core.monitoring import observed
from shop.core.security import hasher, issue_token, password_matches, read_identity, read_token
from shop.jobs.letters import mail_recovery
from shop.jobs.queue import hand_over
from shop.repositories.users import UserRepository


@dataclass(frozen=True)
class AccountService:
    sessions: Sessions

    @observed("accounts.register")
    async def register(self, email: str, password: str, name: str) -> User:
        password_hash = await asyncio.to_thread(hasher.hash, password)
        try:
            async with self.sessions.begin() as session:
                return UserRepository(session).add(email, password_hash, name)
        except IntegrityError as error:
            raise Conflict("This address is taken") from error

    @observed("accounts.sign_in")
    async def sign_in(self, email: str, password: str) -> str:
        async with self.sessions() as session:
            user = await UserRepository(session).by_email(email)
        if user is None or user.password_hash is None:
            raise NotSignedIn("Address or password is wrong")
        if not await asyncio.to_thread(password_matches, password, user.password_hash):
            raise NotSignedIn("Address or password is wrong")
        return issue_token(user.id)

    @observed("accounts.sign_in_with_provider")
    async def sign_in_with_provider(self, id_token: str) -> str:
        identity = read_identity(id_token)
        async with self.sessions.begin() as session:
            user = await UserRepository(session).by_provider_id(identity.sub)
            if user is None:
                user = User(provider_id=identity.sub, email=identity.email, name=identity.name)
                session.add(user)  # expect: TLA004
            session.add(SignInRecord(user_id=identity.sub))  # expect: TLA003
        return issue_token(user.id)

    @observed("accounts.rename")
    async def rename(self, user_id: int, name: str) -> None:
        async with self.sessions.begin() as session:
            await UserRepository(session).rename(user_id, name)

    @observed("accounts.change_password")
    async def change_password(self, user_id: int, old: str, new: str) -> None:
        async with self.sessions() as session:
            user = await session.get(User, user_id)  # expect: TLA005
        if user is None or not await asyncio.to_thread(password_matches, old, user.password_hash or ""):
            raise NotSignedIn("The old password is wrong")
        password_hash = await asyncio.to_thread(hasher.hash, new)
        async with self.sessions.begin() as session:
            await UserRepository(session).set_password(user_id, password_hash)

    @observed("accounts.recover")
    async def recover(self, email: str) -> None:
        """The answer is the same whether the address is known or not."""
        async with self.sessions() as session:
            user = await UserRepository(session).by_email(email)
        if user is not None:
            hand_over(mail_recovery, user.id)

    async def owner_of(self, token: str) -> User | None:
        """The user whom a token of this shop belongs to; None when that user is gone."""
        user_id = read_token(token)
        async with self.sessions() as session:
            return await UserRepository(session).by_id(user_id)
