"""Django Ninja: operations on APIs and routers, authentication at every level."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, program_of, reached

API = """
from django.db import models
from ninja import NinjaAPI, Router, Schema
from ninja.security import HttpBearer, django_auth


class Order(models.Model):
    address = models.CharField()


class Token(models.Model):
    key = models.CharField()


class Bearer(HttpBearer):
    def authenticate(self, request, token):
        return Token.objects.filter(key=token).first()


def anybody(request):
    return True


class OrderIn(Schema):
    address: str


api = NinjaAPI(auth=django_auth)
plain = Router()
bearing = Router(auth=Bearer())


@api.get("/orders/{pk}")
def one(request, pk: int):
    return Order.objects.get(pk=pk)


@api.post("/orders", auth=None)
def create(request, payload: OrderIn):
    Order.objects.create(**payload.dict())


@plain.post("/make")
def from_api(request, payload: OrderIn):
    Order.objects.create(**payload.dict())


@bearing.post("/make")
def from_router(request, payload: OrderIn):
    Order.objects.create(**payload.dict())


@bearing.post("/either", auth=[Bearer(), django_auth])
def either(request, payload: OrderIn):
    Order.objects.create(**payload.dict())


@plain.api_operation(["PUT", "PATCH"], "/change")
def change(request, payload: OrderIn):
    Order.objects.create(**payload.dict())


api.add_router("/plain", plain)
api.add_router("/bearing", bearing)
api.add_router("/again", "api.again")
again = Router()


@again.post("/make")
def added_by_name(request, payload: OrderIn):
    Order.objects.create(**payload.dict())
"""
URLS = """
from django.urls import path

from api import api

urlpatterns = [path("v1/", api.urls)]
"""


def test_the_nearest_auth_counts(tmp_path: Path) -> None:
    found = reached(program_of(tmp_path, {"api.py": API, "urls.py": URLS}))
    assert found == {
        "GET one": Reach(("/v1/orders/{pk}",), ()),
        "POST create": Reach(("/v1/orders",), ("write",)),
        "POST from_api": Reach(("/v1/plain/make",), ()),
        "POST from_router": Reach(("/v1/bearing/make",), ()),
        "POST either": Reach(("/v1/bearing/either",), ()),
        "PUT/PATCH change": Reach(("/v1/plain/change",), ()),
        "POST added_by_name": Reach(("/v1/again/make",), ()),
    }


def test_an_api_without_auth_is_open(tmp_path: Path) -> None:
    found = reached(program_of(tmp_path, {"api.py": API.replace("auth=django_auth", ""), "urls.py": URLS}))
    assert {name for name, reach in found.items() if reach.unguarded} == {
        "GET one", "POST create", "POST from_api", "PUT/PATCH change", "POST added_by_name",
    }  # fmt: skip


def test_an_api_that_no_url_mounts_is_not_reachable(tmp_path: Path) -> None:
    found = reached(program_of(tmp_path, {"api.py": API, "urls.py": "urlpatterns = []\n"}))
    assert {reach.paths for reach in found.values()} == {()}


OWN_CALL = """
from django.contrib.auth.models import AnonymousUser
from django.db import models
from ninja import NinjaAPI
from ninja.security import HttpBearer


class Order(models.Model):
    address = models.CharField()


class Token(models.Model):
    key = models.CharField()


class Bearer(HttpBearer):
    def __init__(self, *, or_nobody: bool = False):
        self.or_nobody = or_nobody
        super().__init__()

    def __call__(self, request):
        sent = request.headers.get("Authorization")
        if not sent:
            return AnonymousUser() if self.or_nobody else None
        return self.authenticate(request, sent)

    def authenticate(self, request, token):
        return Token.objects.filter(key=token).first()


api = NinjaAPI()


@api.delete("/orders/{pk}", auth=Bearer())
def remove(request, pk: int):
    Order.objects.filter(pk=pk).delete()


@api.delete("/carts/{pk}", auth=Bearer(or_nobody=True))
def empty(request, pk: int):
    Order.objects.filter(pk=pk).delete()
"""


def test_a_class_that_says_what_calling_it_does(tmp_path: Path) -> None:
    routes = "from django.urls import path\n\nfrom api import api\n\nurlpatterns = [path('', api.urls)]\n"
    files = {"settings.py": 'ROOT_URLCONF = "urls"\n', "urls.py": routes, "api.py": OWN_CALL}
    found = reached(program_of(tmp_path, files))
    assert found["DELETE remove"].unguarded == ()
    assert found["DELETE empty"].unguarded == ("write",)
