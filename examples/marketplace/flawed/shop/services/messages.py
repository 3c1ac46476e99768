"""Letters between people, delivered at once to those who listen."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import sentry_sdk
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from shop.core.database import Sessions
from shop.core.errors import NotFound
from shop.core.keys import unread_key
from shop.core.models import Message
from shop.core.monitoring import observed
from shop.core.settings import get_settings
from shop.integrations.megaphone import Megaphone, personal_channel
from shop.repositories.messages import MessageRepository

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MessageService:
    sessions: Sessions
    megaphone: Megaphone

    @observed("messages.send")
    async def send(self, sender_id: int, recipient_id: int, body: str) -> Message:
        try:
            async with self.sessions.begin() as session:
                message = MessageRepository(session).add(sender_id, recipient_id, body)
                await session.flush()
                news = {"message_id": message.id, "from": sender_id}
                await self.megaphone.say(personal_channel(recipient_id), "message.sent", news)  # expect: TLR001
        except IntegrityError as error:
            raise NotFound("There is nobody to write to") from error
        await self._count_unread(recipient_id)
        return message

    @observed("messages.between")
    async def between(self, one_id: int, other_id: int) -> Sequence[Message]:
        try:
            async with self.sessions() as session:
                return await MessageRepository(session).between(one_id, other_id)
        except SQLAlchemyError as error:
            sentry_sdk.capture_exception(error)  # expect: TLM002
            return []

    def news_for(self, user_id: int) -> AsyncIterator[str]:
        return self.megaphone.listen(personal_channel(user_id))

    async def _count_unread(self, recipient_id: int) -> None:
        redis = Redis.from_url(get_settings().redis_url, socket_timeout=2)  # expect: TLS003
        try:
            await redis.incr(unread_key(recipient_id))
        except RedisError:
            logger.exception("the unread letters of %s were not counted", recipient_id)
