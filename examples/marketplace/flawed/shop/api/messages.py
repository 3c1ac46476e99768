"""Letters between people, by request and by WebSocket."""

from typing import Any

from fastapi import APIRouter, Depends, WebSocket
from pydantic import ValidationError

from shop.api.doorkeeper import Shopper
from shop.api.forms import Letter, MessageShown
from shop.api.limits import Allowance
from shop.api.providers import Messages
from shop.core.errors import ShopError

router = APIRouter(prefix="/messages", tags=["messages"])


@router.post("", status_code=201, response_model=MessageShown)
async def send(letter: dict[str, Any], sender: Shopper, messages: Messages) -> object:
    return await messages.send(sender.id, letter["recipient_id"], letter["body"])  # expect: TLV001


@router.get("/between/{one_id}/{other_id}", response_model=list[MessageShown])
async def between(one_id: int, other_id: int, messages: Messages) -> object:  # expect: TLA001
    return await messages.between(one_id, other_id)


@router.websocket("/letters", dependencies=[Depends(Allowance("letters", calls=10, seconds=60))])
async def write_letters(socket: WebSocket, sender: Shopper, messages: Messages) -> None:
    await socket.accept()
    async for raw in socket.iter_json():
        try:
            letter = Letter.model_validate(raw)
            message = await messages.send(sender.id, letter.recipient_id, raw["body"])  # expect: TLV003
        except ValidationError:
            await socket.send_json({"error": "This is not a letter"})
        except ShopError as refusal:
            await socket.send_json({"error": refusal.public_message})
        else:
            await socket.send_json({"message_id": message.id})


@router.websocket("/news", dependencies=[Depends(Allowance("news", calls=10, seconds=60))])
async def hear_news(socket: WebSocket, user: Shopper, messages: Messages) -> None:
    await socket.accept()
    async for news in messages.news_for(user.id):
        await socket.send_text(news)
