"""The Celery application, and the one way to hand work to it.

A worker loads this module (``celery -A shop.jobs.queue worker``) and with it the monitoring of its tasks.
"""

import logging
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

from shop.core.monitoring import start_monitoring
from shop.core.settings import get_settings

logger = logging.getLogger(__name__)

start_monitoring()
queue = Celery("shop", broker=get_settings().broker_url, include=["shop.jobs.letters"])


def hand_over(task: Task, *args: Any) -> None:
    """Give work to the queue; a broker that is down costs the work, not the request."""
    try:
        task.delay(*args)
    except OperationalError:
        logger.exception("could not hand over %s%r", task.name, args)
