"""Django REST framework: views, view sets and routers, permissions at every level, serializers, throttles."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import Reach, program_of, reached

MODELS = """
from django.db import models


class Order(models.Model):
    address = models.CharField(max_length=100)
"""
HEAD = """
from django.urls import include, path
from rest_framework import generics, mixins, permissions, serializers, viewsets
from rest_framework.decorators import action, api_view, permission_classes, throttle_classes
from rest_framework.permissions import *
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from models import Order


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order


"""


def api(folder: Path, code: str, framework: str = "{}", **files: str) -> dict[str, Reach]:
    """The endpoints of a project whose URL configuration is ``HEAD`` and ``code``."""
    settings = f'ROOT_URLCONF = "urls"\nREST_FRAMEWORK = {framework}\n'
    more = {f"{name}.py": text for name, text in files.items()}
    return reached(program_of(folder, {"settings.py": settings, "models.py": MODELS, "urls.py": HEAD + code, **more}))


def unguarded(folder: Path, code: str, framework: str = "{}", **files: str) -> dict[str, tuple[str, ...]]:
    return {name: reach.unguarded for name, reach in api(folder, code, framework, **files).items()}


@pytest.mark.parametrize(
    ("permission", "get_open", "post_open"),
    [
        ("[AllowAny]", True, True),
        ("[]", True, True),
        ("[IsAuthenticated]", False, False),
        ("(IsAdminUser,)", False, False),
        ("[IsAuthenticatedOrReadOnly]", True, False),
        ("[DjangoModelPermissions]", False, False),
        ("[AllowAny, IsAuthenticated]", False, False),
        ("[AllowAny & IsAuthenticated]", False, False),
        ("[AllowAny | IsAuthenticated]", True, True),
        ("[IsAuthenticated | IsAdminUser]", False, False),
        ("[~IsAuthenticated]", True, True),
        ("[Owner]", False, False),
        ("[Reading]", True, False),
        ("[Anybody]", True, True),
        ("[Inherited]", False, False),
    ],
)
def test_permission_classes(tmp_path: Path, permission: str, get_open: bool, post_open: bool) -> None:
    code = f"""
class Owner(BasePermission):
    def has_permission(self, request, view):
        return bool(request.user and request.user.is_authenticated)


class Reading(BasePermission):
    def has_permission(self, request, view):
        if request.method in SAFE_METHODS:
            return True
        return request.user.is_authenticated


class Anybody(BasePermission):
    def has_permission(self, request, view):
        return request.method in ("GET", "POST")


class Inherited(Owner):
    def has_permission(self, request, view):
        return super().has_permission(request, view) and view is not None


class Orders(APIView):
    permission_classes = {permission}

    def get(self, request):
        return Response(Order.objects.count())

    def post(self, request):
        Order.objects.create(address="x")


urlpatterns = [path("orders/", Orders.as_view())]
"""
    assert unguarded(tmp_path, code) == {
        "GET Orders.get": ("read",) if get_open else (),
        "POST Orders.post": ("write",) if post_open else (),
    }


ROUTED = """
class Orders(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    {body}


router = DefaultRouter()
router.register("orders", Orders)
urlpatterns = [path("api/", include(router.urls))]
"""


def test_routers_make_routes_of_view_sets(tmp_path: Path) -> None:
    body = """permission_classes = [AllowAny]

    @action(detail=True, methods=["post"])
    def pay(self, request, pk=None):
        self.get_object().delete()

    @action(detail=False, url_path="all", permission_classes=[IsAuthenticated])
    def everything(self, request):
        return Response(list(self.get_queryset()))

    def destroy(self, request, *args, **kwargs):
        return Response()
"""
    listing, row = "/api/orders/", "/api/orders/<pk>/"
    assert api(tmp_path, ROUTED.format(body=body)) == {
        "GET/POST/PUT/PATCH Orders": Reach((listing, listing, row, row, row), ("read", "write")),
        "DELETE Orders.destroy": Reach((row,), ()),
        "POST Orders.pay": Reach((f"{row}pay/",), ("read", "write")),
        "GET Orders.everything": Reach((f"{listing}all/",), ()),
    }


def test_permissions_by_action(tmp_path: Path) -> None:
    body = """permission_classes = [IsAuthenticated]

    def get_permissions(self):
        if self.action in ("list", "retrieve"):
            return [AllowAny()]
        return super().get_permissions()
"""
    assert unguarded(tmp_path, ROUTED.format(body=body)) == {"GET/POST/PUT/PATCH/DELETE Orders": ("read",)}


def test_permissions_from_a_mapping(tmp_path: Path) -> None:
    body = """classes = {"create": [AllowAny], "list": [IsAuthenticated]}
    http_method_names = ["get", "post"]

    def get_permissions(self):
        return [permission() for permission in self.classes[self.action]]

    def retrieve(self, request, pk=None):
        return Response()
"""
    found = unguarded(tmp_path, ROUTED.format(body=body))
    assert found["GET/POST/PUT/PATCH/DELETE Orders"] == ("write",)


@pytest.mark.parametrize(
    ("default", "effects"),
    [
        ("{}", ("write",)),
        ('{"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}', ("write",)),
        ('{"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}', ()),
        ('{"DEFAULT_PERMISSION_CLASSES": ("own.Signed",)}', ()),
        ('{"DEFAULT_PERMISSION_CLASSES": ("own.Nobody",)}', ("write",)),
    ],
)
def test_defaults_from_the_settings(tmp_path: Path, default: str, effects: tuple[str, ...]) -> None:
    own = """
from rest_framework.permissions import BasePermission


class Signed(BasePermission):
    def has_permission(self, request, view):
        return request.user.is_authenticated


class Nobody(BasePermission):
    pass
"""
    code = """
class Make(generics.CreateAPIView):
    serializer_class = OrderSerializer


@api_view(["POST"])
def make(request):
    Order.objects.create(address="x")


class Open(generics.CreateAPIView):
    permission_classes = [AllowAny]
    serializer_class = OrderSerializer


urlpatterns = [path("a/", Make.as_view()), path("b/", make), path("c/", Open.as_view())]
"""
    assert unguarded(tmp_path, code, default, own=own) == {
        "POST Make": effects,
        "POST make": effects,
        "POST Open": ("write",),
    }


def test_function_views(tmp_path: Path) -> None:
    code = """
@api_view(["GET", "POST"])
@permission_classes([IsAuthenticatedOrReadOnly])
def orders(request):
    if request.method == "POST":
        Order.objects.create(address="x")
        return Response()
    return Response(Order.objects.count())


urlpatterns = [path("orders/", orders)]
"""
    assert api(tmp_path, code) == {"GET/POST orders": Reach(("/orders/", "/orders/"), ("read",))}


def test_a_permission_that_cannot_be_seen_may_be_one(tmp_path: Path) -> None:
    code = """
from somewhere import Special


class Make(generics.CreateAPIView):
    permission_classes = [Special]
    serializer_class = OrderSerializer


urlpatterns = [path("a/", Make.as_view())]
"""
    files = {"settings.py": 'ROOT_URLCONF = "urls"\n', "models.py": MODELS, "urls.py": HEAD + code}
    (entry,) = program_of(tmp_path, files).entry_points
    (write,) = [o for o in entry.runs[0].inside if o.effect == "write"]
    assert {g.strength for g in write.auth} == {"unknown"}


def test_serializers_write_what_they_say(tmp_path: Path) -> None:
    code = """
class Plain(serializers.Serializer):
    def create(self, validated_data):
        return None


class Own(serializers.Serializer):
    def create(self, validated_data):
        return Order.objects.create(**validated_data)

    def update(self, instance, validated_data):
        instance.delete()


class MakePlain(generics.CreateAPIView):
    serializer_class = Plain


class MakeOwn(generics.CreateAPIView):
    serializer_class = Own


class Change(generics.UpdateAPIView):
    queryset = Order.objects.all()
    serializer_class = Own


class Later(generics.CreateAPIView):
    serializer_class = OrderSerializer

    def perform_create(self, serializer):
        return None


urlpatterns = [
    path("a/", MakePlain.as_view()),
    path("b/", MakeOwn.as_view()),
    path("c/", Change.as_view()),
    path("d/", Later.as_view()),
]
"""
    assert unguarded(tmp_path, code) == {
        "POST MakePlain": (),
        "POST MakeOwn": ("write",),
        "PUT/PATCH Change": ("read", "write"),
        "POST Later": (),
    }


@pytest.mark.parametrize(
    ("throttles", "default", "limited"),
    [
        ("", "{}", False),
        ("throttle_classes = [UserRateThrottle]", "{}", True),
        ("", '{"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]}', True),
        (
            "throttle_classes = []",
            '{"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]}',
            False,
        ),
    ],
)
def test_throttles_limit_the_rate(tmp_path: Path, throttles: str, default: str, limited: bool) -> None:
    code = f"""
from rest_framework.throttling import UserRateThrottle


class Make(APIView):
    {throttles or "pass"}

    def post(self, request):
        return Response()


urlpatterns = [path("a/", Make.as_view())]
"""
    settings = f'ROOT_URLCONF = "urls"\nREST_FRAMEWORK = {default}\n'
    program = program_of(tmp_path, {"settings.py": settings, "models.py": MODELS, "urls.py": HEAD + code})
    (entry,) = program.entry_points
    assert any(o.effect == "rate-limit" for o in entry.runs[0].occurrences) is limited


@pytest.mark.parametrize(
    ("check", "unproven"),
    [
        ("validate(self, attrs)", ()),
        ("validate_address(self, value)", ()),
        ("to_representation(self, value)", ("write",)),
    ],
)
def test_validating_runs_the_serializers_own_checks(tmp_path: Path, check: str, unproven: tuple[str, ...]) -> None:
    code = f"""
class Checking(serializers.ModelSerializer):
    class Meta:
        model = Order

    def {check}:
        if self.context["request"].user.is_anonymous:
            raise serializers.ValidationError("no")
        return None


class Make(generics.CreateAPIView):
    serializer_class = Checking


urlpatterns = [path("a/", Make.as_view())]
"""
    assert unguarded(tmp_path, code) == {"POST Make": unproven}
