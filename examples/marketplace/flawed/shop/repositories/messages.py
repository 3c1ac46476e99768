"""What people wrote to each other."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.core.models import Message


class MessageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, sender_id: int, recipient_id: int, body: str) -> Message:
        message = Message(sender_id=sender_id, recipient_id=recipient_id, body=body)
        self._session.add(message)
        return message

    async def between(self, one_id: int, other_id: int) -> Sequence[Message]:
        there = and_(Message.sender_id == one_id, Message.recipient_id == other_id)
        back = and_(Message.sender_id == other_id, Message.recipient_id == one_id)
        query = select(Message).where(or_(there, back)).order_by(Message.id)
        return (await self._session.scalars(query)).all()
