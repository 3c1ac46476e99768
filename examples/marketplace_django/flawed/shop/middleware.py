"""What every request passes, and how an error becomes an answer."""

import time
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from shop.errors import ShopError

CALLS = 120
SECONDS = 60


class Turnstile:
    """Lets an address through so many times in a minute. The API has throttles of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        window = int(time.time()) // SECONDS
        key = f"turnstile:{request.META['REMOTE_ADDR']}:{window}"
        if self._count(key) > CALLS:
            return JsonResponse({"error": "Too many requests"}, status=429)  # expect: TLL002
        return self.get_response(request)

    def _count(self, key: str) -> int:
        cache.add(key, 0, SECONDS)
        try:
            return cache.incr(key) or 0
        except ValueError:
            return 0


class PoliteErrors:
    """Shows the public sentence of the shop's own errors on pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ShopError):
            return None
        return JsonResponse({"error": error.public_message}, status=error.status)


def answer_api_error(error: Exception, context: dict[str, object]) -> Response | None:
    if isinstance(error, ShopError):
        set_rollback()
        return Response({"error": error.public_message}, status=error.status)
    return exception_handler(error, context)
