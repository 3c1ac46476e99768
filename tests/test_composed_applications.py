"""Applications that are put together in one place: containers, frozen inputs, decorated use cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import reach

HEAD = """
import sqlite3
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import jwt
from aiohttp import web


class Things(ABC):
    @abstractmethod
    def wipe(self) -> None: ...


class StoredThings(Things):
    def __init__(self, path: str = "shop.db") -> None:
        self.db = sqlite3.connect(path)

    def wipe(self) -> None:
        self.db.execute("DELETE FROM thing")


class Wiping:
    def __init__(self, things: Things) -> None:
        self.things = things

    def run(self) -> None:
        self.things.wipe()


"""


@pytest.mark.parametrize(
    ("made", "use"),
    [
        ("import punq\nbox = punq.Container()\nbox.register(Things, StoredThings)", "box.resolve(Things).wipe()"),
        ("import punq\nbox = punq.Container()\nbox.register(Wiping)", "box.resolve(Wiping).run()"),
        ("import injector\nbox = injector.Injector([])", "box.get(Things).wipe()"),
        ("import dishka\nbox = dishka.make_container()", "box.get(Wiping).run()"),
        ("import inject", "inject.instance(Things).wipe()"),
    ],
)
def test_what_containers_give(tmp_path: Path, made: str, use: str) -> None:
    source = f"""
{made}


async def wipe(request):
    {use}


app = web.Application()
app.router.add_delete("/things", wipe)
"""
    assert reach(tmp_path, source, HEAD)["DELETE wipe"].unguarded == ("write",)


CONTAINERS = """
from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import DependenciesContainer, Provider, Singleton


class Stores(DeclarativeContainer):
    things = Singleton(StoredThings, "shop.db")


class Cases(DeclarativeContainer):
    stores = DependenciesContainer()
    wiping: Provider[Wiping] = Singleton(Wiping, things=stores.things)


def endpoint(case):
    async def handler(request):
        case.run()

    return handler


def serve():
    cases = Cases(stores=Stores())
    app = web.Application()
    app.add_routes([web.delete("/things", endpoint(cases.wiping()))])
"""


def test_providers_that_are_called(tmp_path: Path) -> None:
    assert reach(tmp_path, CONTAINERS, HEAD)["DELETE endpoint.handler"].unguarded == ("write",)


INPUTS = """
@dataclass(frozen=True)
class Order:
    token: str
    user: int | None

    def demanded(self) -> int:
        if self.user is None:
            raise web.HTTPUnauthorized
        return self.user


def caller(token: str) -> int | None:
    try:
        return jwt.decode(token, "key", algorithms=["HS256"])["id"]
    except jwt.PyJWTError:
        return None


class WithCaller:
    def __init__(self, case) -> None:
        self.case = case

    def run(self, order: Order) -> None:
        user = caller(order.token)
        if user is not None:
            order = replace(order, user=user)
        self.case.run(order)


class Wipe:
    def __init__(self, things: Things, demands: bool) -> None:
        self.things = things
        self.demands = demands

    def run(self, order: Order) -> None:
        if self.demands:
            order.demanded()
        self.things.wipe()


async def careful(request):
    WithCaller(Wipe(StoredThings(), True)).run(Order(request.headers["Authorization"], None))


async def careless(request):
    WithCaller(Wipe(StoredThings(), False)).run(Order(request.headers["Authorization"], None))


app = web.Application()
app.router.add_delete("/careful", careful)
app.router.add_delete("/careless", careless)
"""


def test_a_copy_with_other_fields_carries_their_proof(tmp_path: Path) -> None:
    found = reach(tmp_path, INPUTS, HEAD)

    assert found["DELETE careful"].unguarded == ()
    assert found["DELETE careless"].unguarded == ("write",)


TESTED = """
async def told(request):
    things = request["things"]
    assert isinstance(things, StoredThings)
    things.wipe()


async def told_otherwise(request):
    things = request["things"]
    if isinstance(things, StoredThings):
        return
    things.wipe()


app = web.Application()
app.router.add_delete("/told", told)
app.router.add_delete("/otherwise", told_otherwise)
"""


def test_a_type_test_tells_the_class(tmp_path: Path) -> None:
    found = reach(tmp_path, TESTED, HEAD)

    assert found["DELETE told"].unguarded == ("write",)
    assert found["DELETE told_otherwise"].unguarded == ()


HANDED = """
from dishka import FromDishka
from dishka.integrations.aiohttp import inject


@inject
async def wipe(request, things: FromDishka[Things]):
    things.wipe()


@inject
async def wipe_carefully(request, things: FromDishka[Things]):
    jwt.decode(request.headers["Authorization"], "secret", algorithms=["HS256"])
    things.wipe()


app = web.Application()
app.router.add_delete("/thing", wipe)
app.router.add_delete("/careful", wipe_carefully)
"""


def test_what_dishka_hands_to_handlers(tmp_path: Path) -> None:
    found = reach(tmp_path, HANDED, HEAD)

    assert found["DELETE wipe"].unguarded == ("write",)
    assert found["DELETE wipe_carefully"].unguarded == ()
