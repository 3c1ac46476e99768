"""Hands the services to the endpoints, made from the clients that the application opened."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from shop.integrations.clients import Clients
from shop.services.accounts import AccountService
from shop.services.messages import MessageService
from shop.services.orders import OrderService
from shop.services.products import ProductService
from shop.services.sellers import SellerService


def get_clients(connection: HTTPConnection) -> Clients:
    clients: Clients = connection.app.state.clients
    return clients


OpenClients = Annotated[Clients, Depends(get_clients)]


def get_accounts(clients: OpenClients) -> AccountService:
    return AccountService(clients.sessions)


def get_products(clients: OpenClients) -> ProductService:
    return ProductService(
        sessions=clients.sessions,
        redis=clients.redis,
        shelf=clients.shelf,
        catalogue=clients.catalogue,
        megaphone=clients.megaphone,
        shipping=clients.shipping,
    )


def get_orders(clients: OpenClients) -> OrderService:
    return OrderService(
        sessions=clients.sessions,
        redis=clients.redis,
        shelf=clients.shelf,
        catalogue=clients.catalogue,
        megaphone=clients.megaphone,
        payments=clients.payments,
        shipping=clients.shipping,
    )


def get_messages(clients: OpenClients) -> MessageService:
    return MessageService(clients.sessions, clients.megaphone)


def get_sellers(clients: OpenClients) -> SellerService:
    return SellerService(clients.sessions, clients.redis, clients.shelf)


Accounts = Annotated[AccountService, Depends(get_accounts)]
Products = Annotated[ProductService, Depends(get_products)]
Orders = Annotated[OrderService, Depends(get_orders)]
Messages = Annotated[MessageService, Depends(get_messages)]
Sellers = Annotated[SellerService, Depends(get_sellers)]
