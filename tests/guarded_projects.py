"""The projects of the proofs: one for each framework, with every kind of guard that it knows."""

from __future__ import annotations

from guarded import Project

DECORATOR = "def $outer(function):\n    return $inner(function)\n"
CALL = "def $outer(*args):\n    return $inner(*args)\n"
COROUTINE = "async def $outer(*args):\n    return await $inner(*args)\n"
BASE = "class $outer($inner):\n    pass\n"

FLASK = Project(
    "flask",
    {"members_only": DECORATOR, "stop_strangers": CALL, "current_member": CALL},
    """
    from functools import wraps
    from flask import abort, g, redirect, session

    def $members_only(function):
        @wraps(function)
        def inner(*args, **kwargs):
            if "member" not in session:  # check members_only
                return redirect("/sign-in")  # check members_only
            return function(*args, **kwargs)
        return inner

    def $stop_strangers():
        g.member = session.get("member")
        if g.member is None:  # check stop_strangers
            abort(401)  # check stop_strangers

    def $current_member():
        member = session.get("member")
        if not member:  # check current_member
            abort(401)  # check current_member
        return member
    """,
    """
    # file: app.py
    import sqlite3
    from flask import Blueprint, Flask
    from flask.views import MethodView

    app = Flask(__name__)
    db = sqlite3.connect("shop.db")
    selling = Blueprint("selling", __name__, url_prefix="/selling")
    {{selling.before_request($stop_strangers)}}  # guards: POST /selling/products, DELETE /selling/products/<int:number>

    @selling.post("/products")
    def sell():
        db.execute("insert into product default values")
        return {}

    @selling.delete("/products/<int:number>")
    def withdraw(number):
        db.execute("delete from product where id = ?", (number,))
        return {}

    @app.post("/orders")
    {{@$members_only}}  # guards: POST /orders
    def order():
        db.execute("insert into orders default values")
        return {}

    @app.delete("/orders/<int:number>")
    def cancel(number):
        {{$current_member()}}  # guards: DELETE /orders/<int:number>
        db.execute("delete from orders where id = ?", (number,))
        return {}

    class Letters(MethodView):
        decorators = [{{$members_only}}]  # guards: POST /letters, PUT /letters

        def post(self):
            db.execute("insert into letter default values")
            return {}

        def put(self):
            db.execute("update letter set read = 1")
            return {}

    @app.post("/parcels")
    {{@$members_only}}  # guards:
    def send():
        $current_member()
        db.execute("insert into parcel default values")
        return {}

    app.add_url_rule("/letters", view_func=Letters.as_view("letters"))
    app.register_blueprint(selling)
    """,
)

FASTAPI = Project(
    "fastapi",
    {
        "get_member": "from fastapi import Depends\ndef $outer(found=Depends($inner)):\n    return found\n",
        "Role": BASE,
        "with_key": "from fastapi import Depends\nasync def $outer(found=Depends($inner)):\n    return found\n",
    },
    """
    import os
    from fastapi import Depends, HTTPException, Request

    async def $get_member(request: Request):
        member = request.session.get("member")
        if member is None:  # check get_member
            raise HTTPException(401)  # check get_member
        return member

    class $Role:
        def __init__(self, role):
            self.role = role

        def __call__(self, request: Request):
            if request.session.get("role") != self.role:  # check Role
                raise HTTPException(403)  # check Role
            return None

    def $with_key(request: Request):
        key = request.headers.get("X-Key")
        if key != os.environ["SHOP_KEY"]:  # check with_key
            raise HTTPException(401)  # check with_key
        return None
    """,
    """
    # file: app.py
    from typing import Annotated
    from fastapi import APIRouter, Depends, FastAPI
    from sqlalchemy import create_engine, text

    app = FastAPI()
    engine = create_engine("sqlite://")
    staff = APIRouter(prefix="/staff", dependencies=[{{Depends($Role("clerk"))}}])  # guards: POST /staff/products
    scanners = APIRouter(prefix="/scanners")

    def change(sql):
        with engine.begin() as connection:
            connection.execute(text(sql))

    @staff.post("/products")
    def add():
        change("insert into product default values")

    @staff.delete("/products")
    def clear(member=Depends($get_member)):
        change("delete from product")

    @scanners.post("/counts")
    def count():
        change("insert into stock default values")

    @scanners.delete("/counts")
    async def reset():
        change("delete from stock")

    @app.post("/orders")
    def order({{member: Annotated[object, Depends($get_member)]}}):  # guards: POST /orders
        change("insert into orders default values")

    @app.delete("/orders", dependencies=[{{Depends($get_member)}}])  # guards: DELETE /orders
    def cancel():
        change("delete from orders")

    app.include_router(staff)
    app.include_router(
        scanners,
        dependencies=[{{Depends($with_key)}}],  # guards: POST /scanners/counts, DELETE /scanners/counts
    )
    """,
)

_MODELS = """
    # file: shop/models.py
    from django.db import models

    class Order(models.Model):
        address = models.CharField(max_length=200)
        note = models.TextField()
    # file: shop/__init__.py
    # file: manage.py
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""

DJANGO = Project(
    "django",
    {"members_only": DECORATOR, "MembersMixin": BASE, "refuse_strangers": CALL, "Doorkeeper": BASE},
    """
    from functools import wraps
    from django.core.exceptions import PermissionDenied
    from django.http import HttpResponse, HttpResponseForbidden
    from django.shortcuts import redirect

    def $members_only(view):
        @wraps(view)
        def inner(request, *args, **kwargs):
            if not request.user.is_authenticated:  # check members_only
                return redirect("/sign-in/")  # check members_only
            return view(request, *args, **kwargs)
        return inner

    class $MembersMixin:
        def dispatch(self, request, *args, **kwargs):
            if request.user.is_anonymous:  # check MembersMixin
                raise PermissionDenied  # check MembersMixin
            return super().dispatch(request, *args, **kwargs)

    def $refuse_strangers(request):
        if not request.user.is_authenticated:  # check refuse_strangers
            return HttpResponse(status=401)  # check refuse_strangers
        return None

    class $Doorkeeper:
        def __init__(self, get_response):
            self.get_response = get_response

        def __call__(self, request):
            if request.path.startswith("/staff/") and not request.user.is_staff:  # check Doorkeeper
                return HttpResponseForbidden()  # check Doorkeeper
            return self.get_response(request)
    """,
    """
    # file: shop/views.py
    from django.http import HttpResponse
    from django.views import View
    from shop.models import Order

    {{@$members_only}}  # guards: /orders/<int:number>/cancel/
    def cancel(request, number):
        Order.objects.filter(pk=number).delete()
        return HttpResponse()

    class Orders({{$MembersMixin, }}View):  # guards: POST /orders/, PUT /orders/
        def post(self, request):
            Order.objects.create(address="here")
            return HttpResponse()

        def put(self, request):
            Order.objects.update(note="")
            return HttpResponse()

    def send(request, number):
        {{if refused := $refuse_strangers(request): return refused}}  # guards: /orders/<int:number>/send/
        Order.objects.filter(pk=number).update(note="sent")
        return HttpResponse()

    def clear(request):
        Order.objects.all().delete()
        return HttpResponse()
    # file: shop/urls.py
    from django.urls import path
    from shop import views

    urlpatterns = [
        path("orders/", views.Orders.as_view()),
        path("orders/<int:number>/cancel/", views.cancel),
        path("orders/<int:number>/send/", views.send),
        path("staff/clear/", views.clear),
    ]
    # file: shop/settings.py
    INSTALLED_APPS = ["django.contrib.auth", "django.contrib.sessions", "shop"]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        {{"$Doorkeeper_path",}}  # guards: /staff/clear/
    ]
    ROOT_URLCONF = "shop.urls"
    """
    + _MODELS,
)

DRF = Project(
    "drf",
    {"IsMember": BASE, "MemberView": BASE, "demand_staff": CALL},
    """
    from rest_framework.exceptions import PermissionDenied
    from rest_framework.permissions import BasePermission
    from rest_framework.views import APIView

    class $IsMember(BasePermission):
        def has_permission(self, request, view):
            allowed = True
            allowed = bool(request.user and request.user.is_authenticated)  # check IsMember
            return allowed

    class $MemberView(APIView):
        def initial(self, request, *args, **kwargs):
            super().initial(request, *args, **kwargs)
            if not request.user.is_authenticated:  # check MemberView
                self.permission_denied(request)  # check MemberView

    def $demand_staff(request):
        if not request.user.is_staff:  # check demand_staff
            raise PermissionDenied  # check demand_staff
        request.staff_only = True
    """,
    """
    # file: shop/views.py
    from rest_framework.decorators import api_view, permission_classes
    from rest_framework.response import Response
    from rest_framework.views import APIView
    from rest_framework.viewsets import ViewSet
    from shop.models import Order

    class Orders(APIView):
        permission_classes = [{{$IsMember}}]  # guards: POST /orders/, DELETE /orders/

        def post(self, request):
            Order.objects.create(address="here")
            return Response()

        def delete(self, request):
            Order.objects.all().delete()
            return Response()

    class Notes({{$MemberView, }}APIView):  # guards: PUT /notes/
        def put(self, request):
            Order.objects.update(note="")
            return Response()

    class Parcels(APIView):
        def post(self, request):
            {{$demand_staff(request)}}  # guards: POST /parcels/
            Order.objects.update(note="sent")
            return Response()

    @api_view(["POST"])
    {{@permission_classes([$IsMember])}}  # guards: POST /cancel/
    def cancel(request):
        Order.objects.all().delete()
        return Response()
    # file: shop/urls.py
    from django.urls import path
    from shop import views

    urlpatterns = [
        path("orders/", views.Orders.as_view()),
        path("notes/", views.Notes.as_view()),
        path("parcels/", views.Parcels.as_view()),
        path("cancel/", views.cancel),
    ]
    # file: shop/settings.py
    INSTALLED_APPS = ["django.contrib.auth", "rest_framework", "shop"]
    ROOT_URLCONF = "shop.urls"
    """
    + _MODELS,
)

STARLETTE = Project(
    "starlette",
    {"members_only": DECORATOR, "Doorkeeper": BASE, "KeyHolders": BASE},
    """
    import os
    from functools import wraps
    from starlette.exceptions import HTTPException
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

    def $members_only(function):
        @wraps(function)
        async def inner(request):
            if not request.session.get("member"):  # check members_only
                raise HTTPException(status_code=401)  # check members_only
            return await function(request)
        return inner

    class $Doorkeeper(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            if not request.session.get("staff"):  # check Doorkeeper
                return PlainTextResponse("no", status_code=403)  # check Doorkeeper
            return await call_next(request)

    class $KeyHolders:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            request = Request(scope)
            if request.headers.get("X-Key") != os.environ["SHOP_KEY"]:  # check KeyHolders
                await PlainTextResponse("no", status_code=401)(scope, receive, send)  # check KeyHolders
                return  # check KeyHolders
            await self.app(scope, receive, send)
    """,
    """
    # file: app.py
    import sqlite3
    from starlette.applications import Starlette
    from starlette.endpoints import HTTPEndpoint
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route

    db = sqlite3.connect("shop.db")

    {{@$members_only}}  # guards: POST /orders
    async def order(request):
        db.execute("insert into orders default values")
        return JSONResponse({})

    async def clear(request):
        db.execute("delete from orders")
        return JSONResponse({})

    class Letters(HTTPEndpoint):
        async def post(self, request):
            db.execute("insert into letter default values")
            return JSONResponse({})

        async def put(self, request):
            db.execute("update letter set read = 1")
            return JSONResponse({})

    app = Starlette(
        routes=[
            Route("/orders", order, methods=["POST"]),
            Route(
                "/letters",
                Letters,
                middleware=[{{Middleware($KeyHolders)}}],  # guards: POST /letters, PUT /letters
            ),
            Mount(
                "/staff",
                routes=[Route("/clear", clear, methods=["POST"])],
                middleware=[{{Middleware($Doorkeeper)}}],  # guards: POST /staff/clear
            ),
        ]
    )
    """,
)

AIOHTTP = Project(
    "aiohttp",
    {
        "members_only": DECORATOR,
        "doorkeeper": "from aiohttp import web\n@web.middleware\nasync def $outer(request, handler):\n"
        "    return await $inner(request, handler)\n",
        "demand_member": COROUTINE,
    },
    """
    import os
    from functools import wraps
    from aiohttp import web
    from aiohttp_session import get_session

    def $members_only(function):
        @wraps(function)
        async def inner(request):
            session = await get_session(request)
            if "member" not in session:  # check members_only
                raise web.HTTPUnauthorized()  # check members_only
            return await function(request)
        return inner

    @web.middleware
    async def $doorkeeper(request, handler):
        if request.headers.get("X-Key") != os.environ["SHOP_KEY"]:  # check doorkeeper
            return web.json_response({}, status=401)  # check doorkeeper
        return await handler(request)

    async def $demand_member(request):
        session = await get_session(request)
        if session.get("member") is None:  # check demand_member
            raise web.HTTPForbidden()  # check demand_member
    """,
    """
    # file: app.py
    import sqlite3
    from aiohttp import web

    db = sqlite3.connect("shop.db")

    {{@$members_only}}  # guards: POST /orders
    async def order(request):
        db.execute("insert into orders default values")
        return web.json_response({})

    async def cancel(request):
        {{await $demand_member(request)}}  # guards: DELETE /orders
        db.execute("delete from orders")
        return web.json_response({})

    async def count(request):
        db.execute("insert into stock default values")
        return web.json_response({})

    app = web.Application()
    app.add_routes([web.post("/orders", order), web.delete("/orders", cancel)])
    scanners = web.Application(middlewares=[{{$doorkeeper}}])  # guards: POST /scanners/count
    scanners.router.add_post("/count", count)
    app.add_subapp("/scanners", scanners)
    """,
)

FALCON = Project(
    "falcon",
    {"members_only": CALL, "Doorkeeper": BASE, "demand_key": CALL},
    """
    import os
    import falcon

    def $members_only(req, resp, resource, params):
        if not req.env.get("beaker.session", {}).get("member"):  # check members_only
            raise falcon.HTTPUnauthorized()  # check members_only
        resp.cache_control = ["no-store"]

    class $Doorkeeper:
        def process_resource(self, req, resp, resource, params):
            if req.path.startswith("/staff"):
                if req.get_header("X-Key") != os.environ["SHOP_KEY"]:  # check Doorkeeper
                    raise falcon.HTTPForbidden()  # check Doorkeeper
                return

    def $demand_key(req):
        key = req.get_header("X-Key")
        if key != os.environ["SHOP_KEY"]:  # check demand_key
            raise falcon.HTTPUnauthorized()  # check demand_key
    """,
    """
    # file: app.py
    import falcon
    import sqlite3

    db = sqlite3.connect("shop.db")

    {{@falcon.before($members_only)}}  # guards: POST /orders, DELETE /orders
    class Orders:
        def on_post(self, req, resp):
            db.execute("insert into orders default values")

        def on_delete(self, req, resp):
            db.execute("delete from orders")

    class Letters:
        {{@falcon.before($members_only)}}  # guards: POST /letters
        def on_post(self, req, resp):
            db.execute("insert into letter default values")

    class Parcels:
        def on_post(self, req, resp):
            {{$demand_key(req)}}  # guards: POST /parcels
            db.execute("insert into parcel default values")

    class Products:
        def on_post(self, req, resp):
            db.execute("insert into product default values")

    app = falcon.App(middleware=[{{$Doorkeeper()}}])  # guards: POST /staff/products
    app.add_route("/orders", Orders())
    app.add_route("/letters", Letters())
    app.add_route("/parcels", Parcels())
    app.add_route("/staff/products", Products())
    """,
)

TORNADO = Project(
    "tornado",
    {"members_only": DECORATOR, "MemberHandler": BASE},
    """
    from functools import wraps
    from tornado.web import HTTPError, RequestHandler

    def $members_only(method):
        @wraps(method)
        def inner(self, *args, **kwargs):
            if not self.get_secure_cookie("member"):  # check members_only
                raise HTTPError(403)  # check members_only
            return method(self, *args, **kwargs)
        return inner

    class $MemberHandler(RequestHandler):
        def prepare(self):
            super().prepare()
            if self.get_secure_cookie("member") is None:  # check MemberHandler
                self.set_status(401)  # check MemberHandler
                self.finish()  # check MemberHandler
    """,
    """
    # file: app.py
    import sqlite3
    from tornado.web import Application, RequestHandler

    db = sqlite3.connect("shop.db")

    class Orders(RequestHandler):
        {{@$members_only}}  # guards: POST /orders
        def post(self):
            db.execute("insert into orders default values")

        {{@$members_only}}  # guards: DELETE /orders
        def delete(self):
            db.execute("delete from orders")

    class Letters({{$MemberHandler, }}RequestHandler):  # guards: POST /letters, PUT /letters
        def post(self):
            db.execute("insert into letter default values")

        def put(self):
            db.execute("update letter set read = 1")

    app = Application([(r"/orders", Orders), (r"/letters", Letters)])
    """,
)

PROJECTS = (FLASK, FASTAPI, DJANGO, DRF, STARLETTE, AIOHTTP, FALCON, TORNADO)
