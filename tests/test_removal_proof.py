"""Without one use of one guard, exactly the endpoints that it protected are reported."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from guarded import Project, Use, reported, sources, unguarded_endpoints, uses
from guarded_projects import PROJECTS

USES = [
    pytest.param(project, use, id=f"{project.name}-{use.guard}-{use.line}")
    for project in PROJECTS
    for use in uses(project)
]


@pytest.mark.parametrize(("project", "use"), USES)
def test_endpoints_of_a_removed_guard_are_reported(tmp_path: Path, project: Project, use: Use) -> None:
    assert reported(tmp_path, sources(project, without=use)) == use.protects


EXAMPLES = Path(__file__).parent.parent / "examples"


class Removal(NamedTuple):
    """What is taken out of the sound edition of an example (and what comes in its place), file by file."""

    example: str
    edits: tuple[tuple[str, str, str], ...]
    reported: frozenset[str]


def without(example: str, file: str, text: str, *endpoints: str, instead: str = "") -> Removal:
    return Removal(example, ((f"shop/{file}", text, instead),), frozenset(endpoints))


def only_looked_at(file: str, handler: str, *endpoints: str) -> Removal:
    """A handler that takes whoever is there, or nobody, instead of a signed-in user."""
    path = f"shop/api/{file}"
    source = (EXAMPLES / "marketplace/sound" / path).read_text()
    taken = re.search(rf"def {handler}\([^)]*?: Shopper", source)
    assert taken is not None
    weaker = taken[0].removesuffix("Shopper") + "Visitor"
    imported = ("import Shopper", "import Visitor, Shopper")
    return Removal("marketplace", ((path, taken[0], weaker), (path, *imported)), frozenset(endpoints))


SHOP, DJANGO, FLASK = "marketplace", "marketplace_django", "marketplace_flask"
PAGES = ("GET /orders/<int:pk>/receipt/", "GET/POST /selling/<int:pk>/", "GET/POST /selling/new/")
API = (
    "GET /api/orders/",
    "GET/POST /api/letters/",
    "GET/POST/PUT/PATCH/DELETE /api/products/",
    "POST /api/orders/",
    "POST /api/orders/<pk>/cancel/",
)
OF_SHOPPERS = (
    ("orders.py", "place", "POST /orders"),
    ("orders.py", "mine", "GET /orders"),
    ("orders.py", "receipt", "GET /orders/{order_id}/receipt"),
    ("orders.py", "cancel", "DELETE /orders/{order_id}"),
    ("orders.py", "complain", "POST /orders/{order_id}/complaint"),
    ("orders.py", "send", "POST /orders/{order_id}/parcel"),
    ("messages.py", "send", "POST /messages"),
    ("messages.py", "between", "GET /messages/with/{other_id}"),
    ("messages.py", "write_letters", "WEBSOCKET /messages/letters"),
    ("messages.py", "hear_news", "WEBSOCKET /messages/news"),
    ("accounts.py", "rename_me", "PATCH /accounts/me"),
)
OF_SELLERS = (
    ("selling.py", "sell", "POST /selling/products"),
    ("selling.py", "revise", "PUT /selling/products/{product_id}"),
    ("selling.py", "keep_picture", "PUT /selling/products/{product_id}/picture"),
)
CLERK = "    if not user.is_staff:\n        raise NotAllowed()\n    return user"

REMOVALS = {
    **{f"{file}-{handler}": only_looked_at(file, handler, endpoint) for file, handler, endpoint in OF_SHOPPERS},
    **{f"{file}-{handler}-behind-its-router": only_looked_at(file, handler) for file, handler, _ in OF_SELLERS},
    "check-in-a-dependency": without(
        SHOP,
        "api/doorkeeper.py",
        "    if user is None:\n        raise NotSignedIn()\n    return user",
        *(endpoint for _, _, endpoint in (*OF_SHOPPERS, *OF_SELLERS)),
        instead="    return user",
    ),
    "rank-of-a-user-who-is-known": without(SHOP, "api/doorkeeper.py", CLERK, instead="    return user"),
    "router-before-guarded-handlers": without(SHOP, "api/selling.py", ", dependencies=[Depends(shopper)]"),
    "include-on-all-mounts": without(SHOP, "main.py", ", Depends(clerk)", "PUT /scanners/stock/{product_id}"),
    "decorator": without(
        SHOP, "api/backoffice.py", "@behind_the_counter\n", "POST /backoffice/products/{product_id}/withdraw"
    ),
    "function-that-runs-the-operation": without(
        SHOP,
        "api/backoffice.py",
        "as_staff(request, lambda: products.reindex(limit=1000))",
        "POST /backoffice/reindex",
        instead="products.reindex(limit=1000)",
    ),
    "django-decorator-behind-middleware": without(DJANGO, "pages.py", "@with_badge\n"),
    "django-middleware": without(
        DJANGO, "settings.py", '    "django.contrib.auth.middleware.LoginRequiredMiddleware",\n', *PAGES
    ),
    "drf-class-before-default": without(DJANGO, "api.py", "    permission_classes = (WorksInWarehouse,)\n"),
    "drf-default": without(
        DJANGO,
        "settings.py",
        '    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],\n',
        *API,
    ),
    "flask-check-in-a-helper": without(
        FLASK,
        "gate.py",
        '    if g.get("member") is None:\n        abort(401)\n',
        "DELETE /selling/products/<int:product_id>",
        "GET /selling/products/<int:product_id>",
        "PUT /selling/products/<int:product_id>",
        "POST /selling/products",
        "GET /offers",
        "POST /offers",
        "POST /offers/<int:offer_id>/accept",
    ),
    "flask-blueprint-before-guarded-views": without(
        FLASK, "products.py", "own_products.before_request(stop_strangers)\n"
    ),
}


@pytest.mark.parametrize("removal", REMOVALS.values(), ids=REMOVALS)
def test_endpoints_of_a_guard_that_is_missing_in_an_example_are_reported(tmp_path: Path, removal: Removal) -> None:
    folder = tmp_path / "sound"
    shutil.copytree(EXAMPLES / removal.example / "sound", folder, ignore=shutil.ignore_patterns(".*cache"))
    for name, text, instead in removal.edits:
        source = (folder / name).read_text()
        assert text in source
        (folder / name).write_text(source.replace(text, instead, 1))
    assert unguarded_endpoints(folder) == removal.reported
