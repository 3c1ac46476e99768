"""Names that a package only hands on are imported from where they are defined."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_graphs import graph_of, write_files

from threadly_lint.program.imports.reexports import edits_past_reexports
from threadly_lint.values import ChangeImport

SHOP = {
    "shop/__init__.py": "",
    "shop/models/__init__.py": (
        "from .carts import Cart, Line as Row\nfrom .more import *\nfrom .deep import Deep, Loop\nfrom . import carts\n"
        "class Own: ...\nLIMIT = 3\n"
    ),
    "shop/models/carts.py": "class Cart: ...\nclass Line: ...\n",
    "shop/models/more.py": "class More: ...\n",
    "shop/models/deep/__init__.py": "from shop.models.deep.inner import Deep\nfrom shop.models.deep.back import Loop\n",
    "shop/models/deep/inner.py": "class Deep: ...\nclass Other: ...\n",
    "shop/models/deep/back.py": "import shop.user\nclass Loop: ...\n",
}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from shop.models import Cart", [(("Cart",), "shop.models.carts")]),
        ("from shop.models import Cart as C", [(("Cart",), "shop.models.carts")]),
        ("from shop.models import Deep", [(("Deep",), "shop.models.deep.inner")]),
        ("from shop.models import Cart, Deep", []),
        ("from shop.models import Row", []),
        ("from shop.models import Own", []),
        ("from shop.models import LIMIT", []),
        ("from shop.models import More", []),
        ("from shop.models import Nowhere", []),
        ("from shop.models import Loop", []),
        ("from shop.models import carts", []),
        ("import shop.models", []),
    ],
)
def test_edits(statement: str, expected: list[tuple[tuple[str, ...], str]], tmp_path: Path) -> None:
    write_files(tmp_path, {**SHOP, "shop/user.py": f"{statement}\n"})
    graph = graph_of(tmp_path)
    step = graph.edges_from("shop/user.py")
    assert edits_past_reexports(graph, step) == tuple(ChangeImport(1, names, module) for names, module in expected)


def test_all_statements_of_a_step_have_to_be_changed(tmp_path: Path) -> None:
    write_files(tmp_path, {**SHOP, "shop/user.py": "from shop.models import Cart\nfrom shop.models import Deep\n"})
    graph = graph_of(tmp_path)
    step = graph.between("shop/user.py", "shop/models/__init__.py")
    assert [edit.line for edit in edits_past_reexports(graph, step)] == [1, 2]
    write_files(tmp_path, {"shop/user.py": "from shop.models import Cart\nfrom shop.models import Own\n"})
    graph = graph_of(tmp_path)
    assert edits_past_reexports(graph, graph.between("shop/user.py", "shop/models/__init__.py")) == ()
