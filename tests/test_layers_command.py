"""``threadly-lint layers``: pictures and proposals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from import_graphs import write_files

from threadly_lint.cli import main

SHOP = {
    "pyproject.toml": (
        "[[tool.threadly-lint.layers.contracts]]\n"
        'name = "Shop"\ntype = "layers"\nlayers = ["shop.api", "shop.services", "shop.store"]\n'
    ),
    "shop/__init__.py": "",
    "shop/api/__init__.py": "",
    "shop/api/routes.py": "from shop.services import place\nimport shop.store\nfrom shop.api import forms\n",
    "shop/api/forms.py": "import fastapi\n",
    "shop/services.py": "from shop import store\ndef f():\n    import shop.texts\n",
    "shop/store.py": "import sqlalchemy\nimport shop.texts\nif TYPE_CHECKING:\n    from shop.api import routes\n",
    "shop/texts.py": "import shop.store\n",
}


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the command prints about the shop."""
    write_files(tmp_path, SHOP)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        assert main(["layers", "--no-cache", *words]) == 0
        return capsys.readouterr().out

    return run


def test_tree(layers: Callable[..., str]) -> None:
    assert layers() == (
        "shop.api  (3 modules)\n"
        "  ├─> shop.services  1 import\n"
        "  └─> shop.store     1 import\n"
        "shop.services  (1 module)\n"
        "  ├─> shop.store  1 import\n"
        "  └─> shop.texts  1 import; in functions\n"
        "shop  (1 module)\n"
        "shop.store  (1 module)\n"
        "  ├─> shop.api    1 import; for type checkers; BREAKS Shop\n"
        "  └─> shop.texts  1 import; IN A CYCLE\n"
        "shop.texts  (1 module)\n"
        "  └─> shop.store  1 import; IN A CYCLE\n"
    )


def test_mermaid(layers: Callable[..., str]) -> None:
    assert layers("--output-format", "mermaid") == (
        "flowchart TD\n"
        '    m0["shop.api<br/>3"]\n'
        '    m1["shop.services<br/>1"]\n'
        '    m2["shop<br/>1"]\n'
        '    m3["shop.store<br/>1"]\n'
        '    m4["shop.texts<br/>1"]\n'
        '    m0 -->|"1"| m1\n'
        '    m0 -->|"1"| m3\n'
        '    m1 -->|"1"| m3\n'
        '    m1 -.->|"1"| m4\n'
        '    m3 -.->|"1 / Shop"| m0\n'
        '    m3 -->|"1"| m4\n'
        '    m4 -->|"1"| m3\n'
        "    linkStyle 4,5,6 stroke:red\n"
    )


def test_dot(layers: Callable[..., str]) -> None:
    assert layers("--output-format", "dot", "--below", "shop.api") == (
        "digraph imports {\n"
        "    node [shape=box]\n"
        '    "shop.api.routes" [label="shop.api.routes (1)"]\n'
        '    "shop.api" [label="shop.api (1)"]\n'
        '    "shop.api.forms" [label="shop.api.forms (1)"]\n'
        '    "shop.api.routes" -> "shop.api.forms" [label="1"]\n'
        "}\n"
    )
    assert '"shop.store" -> "shop.api" [label="1 / Shop", style=dashed, color=red]' in layers("--output-format", "dot")


def test_json(layers: Callable[..., str]) -> None:
    picture = json.loads(layers("--output-format", "json", "--depth", "1"))
    assert picture == {"groups": [{"name": "shop", "modules": 7, "height": 0}], "arrows": []}
    arrow = json.loads(layers("--output-format", "json"))["arrows"][4]
    assert arrow == {
        "importer": "shop.store",
        "imported": "shop.api",
        "imports": 1,
        "kind": "type-checking",
        "in_cycle": False,
        "breaks": ["Shop"],
    }


def test_proposal(layers: Callable[..., str]) -> None:
    assert layers("--propose") == (
        "[[tool.threadly-lint.layers.contracts]]\n"
        'name = "shop"\n'
        'type = "layers"\n'
        "layers = [\n"
        '    "shop.api",  # presentation\n'
        '    "shop.services",  # service\n'
        '    "shop.texts",\n'
        '    "shop.store",  # persistence\n'
        "]\n"
        "# 2 imports break this contract today.\n"
        "#   shop/store.py: 2 (shop.store -> shop.texts), 4 (shop.store -> shop.api.routes)\n"
    )


def test_too_little_to_propose(layers: Callable[..., str]) -> None:
    assert layers("--propose", "--below", "shop.api") == "# There are too few packages here to put them in an order.\n"


def test_unknown_package(layers: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "--below", "nowhere"]) == 2
    assert "there is no package nowhere in" in capsys.readouterr().err


def test_wrong_contract(layers: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"pyproject.toml": '[[tool.threadly-lint.layers.contracts]]\ntype = "layer"\n'})
    assert main(["layers", "--no-cache"]) == 2
    assert capsys.readouterr().err.startswith(
        "Error: pyproject.toml: layers.contracts[1]: `type`: expected `layers` or "
    )
    assert layers("--isolated").startswith("shop.api  (3 modules)")
