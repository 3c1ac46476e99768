"""Letters between people, delivered at once to those who listen."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from shop.core.database import Sessions
from shop.core.errors import NotFound
from shop.core.models import Message
from shop.core.monitoring import observed
from shop.integrations.megaphone import Megaphone, announced, personal_channel
from shop.repositories.messages import MessageRepository


def recipient_channel(message: Message) -> str:
    return personal_channel(message.recipient_id)


def message_news(message: Message) -> dict[str, Any]:
    return {"message_id": message.id, "from": message.sender_id}


@dataclass(frozen=True)
class MessageService:
    sessions: Sessions
    megaphone: Megaphone

    @observed("messages.send")
    @announced("message.sent", recipient_channel, message_news)
    async def send(self, sender_id: int, recipient_id: int, body: str) -> Message:
        try:
            async with self.sessions.begin() as session:
                return MessageRepository(session).add(sender_id, recipient_id, body)
        except IntegrityError as error:
            raise NotFound("There is nobody to write to") from error

    @observed("messages.between")
    async def between(self, one_id: int, other_id: int) -> Sequence[Message]:
        async with self.sessions() as session:
            return await MessageRepository(session).between(one_id, other_id)

    def news_for(self, user_id: int) -> AsyncIterator[str]:
        return self.megaphone.listen(personal_channel(user_id))
