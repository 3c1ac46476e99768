"""The Celery application (``celery -A shop.jobs.queue worker``), and the one way to hand work to it."""

import logging
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

from shop.core.settings import get_settings

logger = logging.getLogger(__name__)

queue = Celery("shop", broker=get_settings().broker_url, include=["shop.jobs.letters"])


def hand_over(task: Task, *args: Any) -> None:
    """Give work to the queue; a broker that is down costs the work, not the request."""
    try:
        task.delay(*args)
    except OperationalError:
        logger.error("The queue is down")  # expect: TLM004
