"""The application: ``uvicorn shop.main:app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from shop.api import accounts, backoffice, health, messages, orders, payments, recovery, selling, stock, storefront
from shop.api.answers import answer_shop_error
from shop.api.doorkeeper import clerk
from shop.api.limits import Allowance, limiter
from shop.core.errors import ShopError
from shop.core.monitoring import start_monitoring
from shop.core.settings import get_settings
from shop.integrations.clients import open_clients

start_monitoring()

limited = [Depends(Allowance("everything", calls=120, seconds=60))]
staff_only = [Depends(Allowance("staff", calls=600, seconds=60)), Depends(clerk)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with open_clients(get_settings()) as clients:
        app.state.clients = clients
        yield


def create_app() -> FastAPI:
    app = FastAPI(title="Marketplace", lifespan=lifespan)
    app.state.limiter = limiter
    app.add_exception_handler(ShopError, answer_shop_error)
    app.include_router(accounts.router, dependencies=limited)
    app.include_router(recovery.router)
    app.include_router(storefront.router, dependencies=limited)
    app.include_router(selling.router, dependencies=limited)
    app.include_router(orders.router, dependencies=limited)
    app.include_router(messages.router, dependencies=limited)
    app.include_router(backoffice.router, dependencies=limited)
    app.include_router(stock.router, prefix="/backoffice", dependencies=staff_only)
    app.include_router(stock.router, prefix="/scanners", dependencies=limited)
    app.include_router(payments.router, dependencies=limited)
    app.include_router(health.router, dependencies=limited)
    return app


app = create_app()
