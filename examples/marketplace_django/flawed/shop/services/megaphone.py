"""Real-time events. Nothing fails because nobody could be told."""

import logging
from functools import cache
from typing import Any

import requests
from django.conf import settings
from pusher import Pusher
from pusher.errors import PusherError

logger = logging.getLogger(__name__)


@cache
def pusher() -> Pusher:
    return Pusher(**settings.PUSHER, timeout=3)


def tell(user_id: int, event: str, data: dict[str, Any]) -> None:
    try:
        pusher().trigger(f"private-user-{user_id}", event, data)
    except (PusherError, requests.RequestException):
        logger.exception("user %s was not told of %s", user_id, event)
