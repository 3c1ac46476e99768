"""The courier's quotes. What goes wrong there is logged, captured and answered with 502."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import requests
import sentry_sdk
from flask import abort, current_app

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


def at_arms_length(call: Callable[P, T]) -> Callable[P, T]:
    @wraps(call)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except requests.RequestException as error:
            logger.exception("the courier failed in %s", call.__name__)
            sentry_sdk.capture_exception(error)
            abort(502)

    return run


@at_arms_length
def quote(postcode: str) -> int:
    answer = requests.get(f"{current_app.config['COURIER_URL']}/quotes", params={"to": postcode}, timeout=5)
    answer.raise_for_status()
    return int(answer.json()["cents"])
