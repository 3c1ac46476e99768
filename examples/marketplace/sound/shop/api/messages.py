"""Letters between people, by request and by WebSocket."""

from fastapi import APIRouter, Depends, WebSocket

from shop.api.doorkeeper import Shopper
from shop.api.forms import Letter, MessageShown
from shop.api.limits import Allowance
from shop.api.providers import Messages
from shop.core.errors import ShopError, Unacceptable
from shop.core.tidying import tidy

router = APIRouter(prefix="/messages", tags=["messages"])


@router.post("", status_code=201, response_model=MessageShown)
async def send(letter: Letter, sender: Shopper, messages: Messages) -> object:
    return await messages.send(sender.id, letter.recipient_id, letter.body)


@router.get("/with/{other_id}", response_model=list[MessageShown])
async def between(other_id: int, user: Shopper, messages: Messages) -> object:
    return await messages.between(user.id, other_id)


@router.websocket("/letters", dependencies=[Depends(Allowance("letters", calls=10, seconds=60))])
async def write_letters(socket: WebSocket, sender: Shopper, messages: Messages) -> None:
    async def not_to_oneself(letter: Letter) -> None:
        if letter.recipient_id == sender.id:
            raise Unacceptable("Nobody writes to themselves")

    await socket.accept()
    async for raw in socket.iter_text():
        try:
            letter = await tidy(raw, Letter, not_to_oneself)
            message = await messages.send(sender.id, letter.recipient_id, letter.body)
        except ShopError as refusal:
            await socket.send_json({"error": refusal.public_message})
        else:
            await socket.send_json({"message_id": message.id})


@router.websocket("/news", dependencies=[Depends(Allowance("news", calls=10, seconds=60))])
async def hear_news(socket: WebSocket, user: Shopper, messages: Messages) -> None:
    await socket.accept()
    async for news in messages.news_for(user.id):
        await socket.send_text(news)
