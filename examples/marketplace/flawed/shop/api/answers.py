"""How the shop's own errors become answers."""

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from shop.core.errors import ShopError


async def answer_shop_error(connection: HTTPConnection, error: ShopError) -> JSONResponse:
    return JSONResponse({"error": error.public_message}, status_code=error.status)
