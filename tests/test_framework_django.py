"""Django: URL configurations, function and class views, mixins, middleware, settings, the ORM's own ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import Reach, program_of, reached

SETTINGS = """
ROOT_URLCONF = "project.urls"
MIDDLEWARE = [{middleware}]
{more}
"""
MODELS = """
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


class OrderQuerySet(models.QuerySet):
    def late(self):
        return self.filter(late=True)


class OrderManager(models.Manager):
    def open(self):
        return self.get_queryset().filter(closed=False)


class Order(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, related_name="orders", on_delete=models.CASCADE)
    address = models.CharField(max_length=100)
    objects = OrderManager()
    lateness = OrderQuerySet.as_manager()


class Item(models.Model):
    order = models.ForeignKey("Order", on_delete=models.CASCADE)
"""
URLS = """
from django.urls import include, path

urlpatterns = [path("shop/", include("shop.urls"))]
"""


def shop(
    folder: Path, views: str, patterns: str, *, middleware: str = "", more: str = "", **files: str
) -> dict[str, Reach]:
    """The endpoints of a project with one application ``shop``."""
    views_head = (
        "from django.views.generic import *\nfrom django.views import View\nfrom shop.models import Item, Order\n"
    )
    urls = f"from django.urls import include, path, re_path\nfrom shop import views\n\n{patterns}\n"
    return reached(
        program_of(
            folder,
            {
                "project/__init__.py": "",
                "project/settings.py": SETTINGS.format(middleware=middleware, more=more),
                "project/urls.py": URLS,
                "shop/__init__.py": "",
                "shop/models.py": MODELS,
                "shop/views.py": views_head + views,
                "shop/urls.py": urls,
                **{f"{name.replace('__', '/')}.py": text for name, text in files.items()},
            },
        )
    )


DISPATCH = "def dispatch(self, request, *args, **kwargs):\n"
GO_ON = "return super().dispatch(request, *args, **kwargs)"
TURN_AWAY = "if not request.user.is_authenticated:\n            return HttpResponse(status=403)\n"
ONLY_LOOK = "self.signed_in = request.user.is_authenticated\n"
DELETE_VIEW = """
def remove(request, pk):
    Order.objects.get(pk=pk).delete()
"""


def test_patterns_of_every_form(tmp_path: Path) -> None:
    found = shop(
        tmp_path,
        """
def view(request, pk=None):
    return None


def forgotten(request):
    Order.objects.all().delete()
""",
        """
more = [path("more/<int:pk>/", views.view)]


def built():
    return [path("built/", views.view)]


urlpatterns = [path("one/", views.view), re_path(r"^two/(?P<pk>\\d+)/$", views.view)] + more
urlpatterns += [path("in/", include(([path("deep/", views.view)], "shop"), namespace="x"))]
urlpatterns += built()
urlpatterns.append(path("three", views.view))
""",
    )
    assert found == {
        " view": Reach(
            (
                "/shop/one/",
                "/shop/two/<slug:pk>/",
                "/shop/more/<int:pk>/",
                "/shop/in/deep/",
                "/shop/built/",
                "/shop/three",
            ),
            (),
        )
    }


def test_patterns_of_development_are_conditional(tmp_path: Path) -> None:
    files = {
        "urls.py": """
from django.conf import settings
from django.urls import path

from views import remove

urlpatterns = []
if settings.DEBUG:
    urlpatterns = [path("remove/", remove), *urlpatterns]
""",
        "views.py": "def remove(request):\n    return None\n",
    }
    (entry,) = program_of(tmp_path, files).entry_points
    assert [(m.path, m.conditional) for m in entry.mounts] == [("/remove/", True)]


@pytest.mark.parametrize(
    ("decorators", "guarded"),
    [
        ("", False),
        ("@login_required", True),
        ('@login_required(login_url="/in/")', True),
        ("@staff_member_required", True),
        ('@permission_required("shop.delete_order")', True),
        ("@user_passes_test(lambda user: user.is_staff)", True),
        ("@user_passes_test(lambda user: True)", False),
        ("@csrf_exempt", False),
        ("@require_POST", False),
        ("@signed_in", True),
        ("@counted", False),
    ],
)
def test_decorators(tmp_path: Path, decorators: str, guarded: bool) -> None:
    views = f"""
from functools import wraps

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST


def signed_in(view):
    @wraps(view)
    def inner(request, *args, **kwargs):
        if request.user.is_anonymous:
            return HttpResponse(status=401)
        return view(request, *args, **kwargs)

    return inner


def counted(view):
    def inner(request, *args, **kwargs):
        request.session["count"] = 1
        return view(request, *args, **kwargs)

    return inner


{decorators}
def remove(request, pk):
    Order.objects.get(pk=pk).delete()
"""
    (reach,) = shop(tmp_path, views, 'urlpatterns = [path("<int:pk>/", views.remove)]').values()
    assert reach == Reach(("/shop/<int:pk>/",), () if guarded else ("read", "write"))


def test_decorators_in_the_url_configuration(tmp_path: Path) -> None:
    patterns = """
from django.contrib.auth.decorators import login_required
from django.views.decorators.cache import cache_page

urlpatterns = [
    path("a/<int:pk>/", login_required(views.remove)),
    path("b/<int:pk>/", login_required(views.Remove.as_view())),
    path("c/<int:pk>/", cache_page(60)(views.other)),
]
"""
    views = (
        DELETE_VIEW
        + "\n\ndef other(request, pk):\n    Order.objects.get(pk=pk).delete()\n"
        + "\n\nclass Remove(DeleteView):\n    model = Order\n"
    )
    assert shop(tmp_path, views, patterns) == {
        " remove": Reach(("/shop/a/<int:pk>/",), ()),
        "GET/POST/DELETE Remove": Reach(("/shop/b/<int:pk>/",) * 3, ()),
        " other": Reach(("/shop/c/<int:pk>/",), ("read", "write")),
    }


def test_a_view_that_is_mounted_twice_needs_its_guard_twice(tmp_path: Path) -> None:
    patterns = """
from django.contrib.auth.decorators import login_required

urlpatterns = [path("a/<int:pk>/", login_required(views.remove)), path("b/<int:pk>/", views.remove)]
"""
    assert shop(tmp_path, DELETE_VIEW, patterns) == {
        " remove": Reach(("/shop/a/<int:pk>/", "/shop/b/<int:pk>/"), ("read", "write"))
    }


@pytest.mark.parametrize(
    ("view", "methods", "unguarded"),
    [
        ("class V(ListView):\n    model = Order", "GET", ("read",)),
        ("class V(DetailView):\n    queryset = Order.objects.open()", "GET", ("read",)),
        ("class V(DetailView):\n    def get_object(self):\n        return None", "GET", ()),
        ("class V(CreateView):\n    model = Order", "GET/POST", ("write",)),
        ("class V(UpdateView):\n    model = Order", "GET/POST", ("read", "write")),
        ("class V(DeleteView):\n    model = Order", "GET/POST/DELETE", ("read", "write")),
        ('class V(TemplateView):\n    template_name = "x"', "GET", ()),
    ],
)
def test_inherited_verbs_are_the_classes(tmp_path: Path, view: str, methods: str, unguarded: tuple[str, ...]) -> None:
    found = shop(tmp_path, f"\n{view}\n", 'urlpatterns = [path("", views.V.as_view())]')
    assert {name: reach.unguarded for name, reach in found.items()} == {f"{methods} V": unguarded}


def test_form_views_do_what_form_valid_does(tmp_path: Path) -> None:
    views = """
from django import forms


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order


class Saved(CreateView):
    form_class = OrderForm


class Kept(CreateView):
    form_class = OrderForm

    def form_valid(self, form):
        form.save(commit=False)


class Own(FormView):
    form_class = OrderForm

    def form_valid(self, form):
        Item.objects.create(order=form.cleaned_data["order"])
"""
    routes = ", ".join(f'path("{name}/", views.{name}.as_view())' for name in ("Saved", "Kept", "Own"))
    patterns = f"urlpatterns = [{routes}]"
    found = shop(tmp_path, views, patterns)
    assert {name: reach.unguarded for name, reach in found.items()} == {
        "GET/POST Saved": ("write",),
        "GET/POST Kept": (),
        "GET/POST Own": ("write",),
    }


@pytest.mark.parametrize(
    ("view", "guarded"),
    [
        ("class V(LoginRequiredMixin, Remove): pass", True),
        ("class V(Remove, LoginRequiredMixin): pass", False),
        ("class Base(LoginRequiredMixin): pass\n\n\nclass V(Base, Remove): pass", True),
        ('class V(PermissionRequiredMixin, Remove):\n    permission_required = "shop.delete"', True),
        (
            "class V(UserPassesTestMixin, Remove):\n    def test_func(self):\n        return self.request.user.is_staff",
            True,
        ),
        ("class V(UserPassesTestMixin, Remove):\n    def test_func(self):\n        return True", False),
        ('@method_decorator(login_required, name="dispatch")\nclass V(Remove): pass', True),
        ('@method_decorator([csrf_exempt, login_required], name="dispatch")\nclass V(Remove): pass', True),
        ('@method_decorator(csrf_exempt, name="dispatch")\nclass V(Remove): pass', False),
        ('@method_decorator(login_required, name="get")\nclass V(Remove): pass', False),
        (f"class V(Remove):\n    @method_decorator(login_required)\n    {DISPATCH}        {GO_ON}", True),
        (f"class V(Remove):\n    {DISPATCH}        {TURN_AWAY}        {GO_ON}", True),
        (f"class V(Remove):\n    {DISPATCH}        {ONLY_LOOK}        {GO_ON}", False),
    ],
)
def test_guards_of_class_views(tmp_path: Path, view: str, guarded: bool) -> None:
    views = f"""
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt


class Remove(View):
    def post(self, request, pk):
        Order.objects.get(pk=pk).delete()


{view}
"""
    found = shop(tmp_path, views, 'urlpatterns = [path("<int:pk>/", views.V.as_view())]')
    assert found == {"POST Remove.post": Reach(("/shop/<int:pk>/",), () if guarded else ("read", "write"))}


LOGIN_MIDDLEWARE = """
from django.http import HttpResponseForbidden


class Signed:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith("/shop/open/"):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return HttpResponseForbidden()
        return self.get_response(request)


class ByName:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.resolver_match.url_name != "open" and not request.user.is_authenticated:
            return HttpResponseForbidden()


def function(get_response):
    def middleware(request):
        if request.user.is_anonymous:
            return HttpResponseForbidden()
        return get_response(request)

    return middleware


class Counting:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)
"""


@pytest.mark.parametrize(
    ("middleware", "open_guarded", "closed_guarded"),
    [
        ("project.middleware.Signed", False, True),
        ("project.middleware.ByName", False, True),
        ("project.middleware.function", True, True),
        ("project.middleware.Counting", False, False),
        ("django.contrib.auth.middleware.LoginRequiredMiddleware", True, True),
        ("django.contrib.auth.middleware.AuthenticationMiddleware", False, False),
    ],
)
def test_middleware(tmp_path: Path, middleware: str, open_guarded: bool, closed_guarded: bool) -> None:
    views = DELETE_VIEW + "\n\ndef other(request, pk):\n    Order.objects.get(pk=pk).delete()\n"
    patterns = """
urlpatterns = [path("open/<int:pk>/", views.remove, name="open"), path("closed/<int:pk>/", views.other, name="closed")]
"""
    found = shop(tmp_path, views, patterns, middleware=f'"{middleware}"', project__middleware=LOGIN_MIDDLEWARE)
    reached_by_name = {name: reach.unguarded for name, reach in found.items()}
    assert reached_by_name == {
        " remove": () if open_guarded else ("read", "write"),
        " other": () if closed_guarded else ("read", "write"),
    }


def test_login_not_required_opens_a_view(tmp_path: Path) -> None:
    views = """
from django.contrib.auth.decorators import login_not_required


@login_not_required
def remove(request, pk):
    Order.objects.get(pk=pk).delete()
"""
    middleware = '"django.contrib.auth.middleware.LoginRequiredMiddleware"'
    found = shop(tmp_path, views, 'urlpatterns = [path("<int:pk>/", views.remove)]', middleware=middleware)
    assert found == {" remove": Reach(("/shop/<int:pk>/",), ("read", "write"))}


def test_login_not_required_opens_a_class_view_and_the_views_below_it(tmp_path: Path) -> None:
    views = """
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.views import APIView


@method_decorator(login_not_required, name="dispatch")
class Open(View):
    def post(self, request, pk):
        Order.objects.get(pk=pk).delete()


class Below(Open):
    def post(self, request, pk):
        Order.objects.get(pk=pk).delete()


class Closed(View):
    def post(self, request, pk):
        Order.objects.get(pk=pk).delete()


class OfTheApi(APIView):
    def post(self, request, pk):
        Order.objects.get(pk=pk).delete()
"""
    middleware = '"django.contrib.auth.middleware.LoginRequiredMiddleware"'
    patterns = """
urlpatterns = [
    path("open/<int:pk>/", views.Open.as_view()),
    path("below/<int:pk>/", views.Below.as_view()),
    path("closed/<int:pk>/", views.Closed.as_view()),
    path("api/<int:pk>/", views.OfTheApi.as_view()),
]
"""
    found = shop(tmp_path, views, patterns, middleware=middleware)
    assert found == {
        "POST Open.post": Reach(("/shop/open/<int:pk>/",), ("read", "write")),
        "POST Below.post": Reach(("/shop/below/<int:pk>/",), ("read", "write")),
        "POST Closed.post": Reach(("/shop/closed/<int:pk>/",), ()),
        "POST OfTheApi.post": Reach(("/shop/api/<int:pk>/",), ("read", "write")),
    }


def test_settings_are_read_through_their_modules(tmp_path: Path) -> None:
    """Production adds the middleware to what the base settings have."""
    files = {
        "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.production")\n',
        "config/__init__.py": "",
        "config/base.py": 'NAME = "config"\nROOT_URLCONF = "{}.urls".format(NAME)\nMIDDLEWARE = []\n',
        "config/production.py": 'from config.base import *\n\nMIDDLEWARE += ["config.middleware.function"]\n',
        "config/middleware.py": LOGIN_MIDDLEWARE,
        "config/urls.py": 'from django.urls import path\n\nfrom views import remove\n\nurlpatterns = [path("", remove)]\n',
        "models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    address = models.CharField()\n",
        "views.py": "from models import Order\n\n\ndef remove(request):\n    Order.objects.all().delete()\n",
    }
    assert reached(program_of(tmp_path, files)) == {" remove": Reach(("/",), ())}


def test_atomic_requests_surround_the_view(tmp_path: Path) -> None:
    files = {
        "settings.py": 'ROOT_URLCONF = "urls"\nDATABASES = {"default": {"ATOMIC_REQUESTS": True}}\n',
        "urls.py": """
from django.urls import path

from views import inside, outside

urlpatterns = [path("inside/", inside), path("outside/", outside)]
""",
        "models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    address = models.CharField()\n",
        "views.py": """
from django.db import transaction

from models import Order


def inside(request):
    Order.objects.create()


@transaction.non_atomic_requests
def outside(request):
    Order.objects.create()
""",
    }
    found = {}
    for entry in program_of(tmp_path, files).entry_points:
        (run,) = entry.runs
        write = next(o for o in run.inside if o.effect == "write")
        begins = [o.event.api for o in run.occurrences if o.effect == "begin"]
        found[entry.function.name] = (begins, [f.kind for f in write.frames if f.value])
    assert found["inside"] == (["django.db.transaction.atomic"], ["with"])
    assert found["outside"][0] == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("Order.objects.open().delete()", [("write", "Order")]),
        ("Order.lateness.late().update(late=False)", [("write", "Order")]),
        ("list(Order.objects.all())", [("read", "Order")]),
        ("Order.objects.filter(pk=1)", []),
        ("for order in Order.objects.filter(pk=1):\n        pass", [("read", "Order")]),
        ("if Order.objects.filter(pk=1):\n        pass", [("read", "Order")]),
        ('render(request, "x.html", {"orders": Order.objects.all()})', [("read", "Order")]),
        ("User.objects.get(pk=1).orders.all().delete()", [("read", "User"), ("write", "Order")]),
        ("Order.objects.get(pk=1).item_set.create()", [("read", "Order"), ("write", "Item")]),
        ("Item.objects.get(pk=1).order.save()", [("read", "Item"), ("write", "Order")]),
        ("Item.objects.get(pk=1).order.owner.delete()", [("read", "Item"), ("write", "User")]),
        ("get_object_or_404(Order, pk=1).delete()", [("read", "Order"), ("write", "Order")]),
        ("get_user_model().objects.create()", [("write", "User")]),
        ("authenticate(request, username='x', password='y')", []),
        ('connection.cursor().execute("delete from shop_order")', [("write", "")]),
        ('connection.cursor().execute("select 1")', [("read", "")]),
    ],
)
def test_what_the_orm_does(tmp_path: Path, statement: str, expected: list[tuple[str, str]]) -> None:
    views = f"""
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.db import connection
from django.shortcuts import get_object_or_404, render

from models import Item, Order


def view(request):
    {statement}
"""
    files = {
        "models.py": MODELS,
        "views.py": views,
        "urls.py": 'from django.urls import path\n\nimport views\n\nurlpatterns = [path("", views.view)]\n',
    }
    (entry,) = program_of(tmp_path, files).entry_points
    effects = [(o.effect, o.event.model) for run in entry.runs for o in run.inside if o.effect in ("read", "write")]
    assert effects == expected


def test_the_projects_user_model_is_the_callers(tmp_path: Path) -> None:
    files = {
        "settings.py": 'ROOT_URLCONF = "urls"\nAUTH_USER_MODEL = "people.Person"\n',
        "people/__init__.py": "",
        "people/models.py": """
from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    def touch(self):
        self.save()
""",
        "urls.py": "from django.urls import path\n\nimport views\n\nurlpatterns = [path('', views.view)]\n",
        "views.py": "def view(request):\n    request.user.touch()\n",
    }
    (entry,) = program_of(tmp_path, files).entry_points
    assert [(o.effect, o.event.model) for o in entry.runs[0].inside if o.effect == "write"] == [("write", "Person")]


def test_a_secret_in_the_address_lets_its_holder_in(tmp_path: Path) -> None:
    views = """
from django.shortcuts import get_object_or_404


def by_secret(request, secret):
    get_object_or_404(Order, secret=secret).delete()


def by_number(request, pk):
    get_object_or_404(Order, pk=pk).delete()
"""
    patterns = 'urlpatterns = [path("s/<str:secret>/", views.by_secret), path("n/<int:pk>/", views.by_number)]'
    assert shop(tmp_path, views, patterns) == {
        " by_secret": Reach(("/shop/s/<str:secret>/",), ()),
        " by_number": Reach(("/shop/n/<int:pk>/",), ("read", "write")),
    }


def test_management_commands(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/management/__init__.py": "",
        "shop/management/commands/__init__.py": "",
        "shop/management/commands/tidy.py": """
from django.core.management.base import BaseCommand

from shop.models import Order


class Command(BaseCommand):
    def handle(self, *args, **options):
        Order.objects.filter(address=options["address"]).delete()
""",
    }
    (entry,) = program_of(tmp_path, files).entry_points
    assert (entry.kind, entry.route) == ("command", "tidy")
    assert [o.effect for o in entry.runs[0].inside if o.effect == "write"] == ["write"]


def test_consumers_serve_whom_they_accept(tmp_path: Path) -> None:
    files = {
        "models.py": MODELS,
        "consumers.py": """
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer

from models import Order


class Open(WebsocketConsumer):
    def connect(self):
        self.accept()

    def receive(self, text_data):
        Order.objects.create(address=text_data)


class Closed(AsyncWebsocketConsumer):
    async def connect(self):
        if self.scope["user"].is_anonymous:
            await self.close()
        else:
            await self.accept()

    async def receive(self, text_data):
        await Order.objects.acreate(address=text_data)
""",
        "routing.py": """
from django.urls import re_path

import consumers

websocket_urlpatterns = [
    re_path(r"^ws/open/$", consumers.Open.as_asgi()),
    re_path(r"^ws/closed/$", consumers.Closed.as_asgi()),
]
""",
    }
    program = program_of(tmp_path, files)
    assert {e.kind for e in program.entry_points} == {"websocket"}
    assert reached(program) == {
        " Open.connect": Reach(("/ws/open/",), ()),
        " Open.receive": Reach(("/ws/open/",), ("write",)),
        " Closed.connect": Reach(("/ws/closed/",), ()),
        " Closed.receive": Reach(("/ws/closed/",), ()),
    }


@pytest.mark.parametrize(
    ("body", "guarded"),
    [
        ("if may(request.user):\n        return remove(pk)\n    raise PermissionDenied()", True),
        ("if may(request.user):\n        return remove(pk)\n    return HttpResponse(status=403)", True),
        ("if may(request.user):\n        return remove(pk)\n    else:\n        raise PermissionDenied()", True),
        ("if may(request.user):\n        return remove(pk)\n    return HttpResponse(status=404)", False),
        ("if may(pk):\n        return remove(pk)\n    raise PermissionDenied()", False),
        ("if may(request.user):\n        remove(pk)\n    return HttpResponse(status=403)", False),
    ],
)
def test_what_follows_when_the_test_fails(tmp_path: Path, body: str, guarded: bool) -> None:
    views = f"""
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from somewhere import may


def remove(pk):
    Order.objects.filter(pk=pk).delete()


def view(request, pk):
    {body}
"""
    found = shop(tmp_path, views, 'urlpatterns = [path("<int:pk>/", views.view)]')
    assert found == {" view": Reach(("/shop/<int:pk>/",), () if guarded else ("write",))}


def test_what_middleware_puts_on_the_request_lazily_still_proves(tmp_path: Path) -> None:
    middleware = """
from django.utils.functional import SimpleLazyObject

from shop.models import Order


def find(request):
    number = request.session.get("order")
    return Order.objects.filter(pk=number).first() if number else None


def keep(get_response):
    def middleware(request):
        request.kept = SimpleLazyObject(lambda: find(request))
        return get_response(request)

    return middleware
"""
    views = """
from django.shortcuts import redirect


def checked(request):
    if not request.kept:
        return redirect("/")
    Order.objects.all().delete()


def unchecked(request):
    request.was_kept = bool(request.kept)
    Order.objects.all().delete()
"""
    patterns = 'urlpatterns = [path("a/", views.checked), path("b/", views.unchecked)]'
    files = {"project__middleware": middleware}
    found = shop(tmp_path, views, patterns, middleware='"project.middleware.keep"', **files)
    assert found[" checked"] == Reach(("/shop/a/",), ())
    assert found[" unchecked"].unguarded[-1] == "write"
