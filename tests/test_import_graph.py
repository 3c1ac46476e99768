"""The import graph: what every statement leads to, and when."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_graphs import graph_of, write_files

from threadly_lint.program.imports.graph import ImportGraph


def links(graph: ImportGraph) -> set[tuple[str, str, str]]:
    """Every edge as importer, imported and kind."""
    return {(edge.importer, edge.imported, edge.kind) for edge in graph.edges}


@pytest.mark.parametrize(
    ("statement", "target", "names", "is_whole"),
    [
        ("import shop.store", "shop/store.py", ("shop.store",), True),
        ("import shop.store.nothing", "shop/store.py", ("shop.store.nothing",), False),
        ("from shop import store", "shop/store.py", ("store",), True),
        ("from shop import store as other", "shop/store.py", ("store",), True),
        ("from shop import name", "shop/__init__.py", ("name",), False),
        ("from shop.store import one, two", "shop/store.py", ("one", "two"), False),
        ("from shop.store import *", "shop/store.py", ("*",), False),
        ("from . import store", "shop/store.py", ("store",), True),
        ("from .store import one", "shop/store.py", ("one",), False),
        ("from .. import main", "main.py", ("main",), True),
        ("import plugins", "plugins/", ("plugins",), True),
        ("from plugins import deep", "plugins/deep/", ("deep",), True),
        ("from plugins.deep import tool", "plugins/deep/tool.py", ("tool",), True),
        ("import shop.fast", "shop/fast.pyi", ("shop.fast",), True),
    ],
)
def test_what_a_statement_leads_to(
    statement: str, target: str, names: tuple[str, ...], is_whole: bool, tmp_path: Path
) -> None:
    files = ("main.py", "shop/__init__.py", "shop/store.py", "plugins/deep/tool.py", "shop/fast.pyi")
    importer = "main.py" if statement.startswith("import shop.store") else "shop/user.py"
    write_files(tmp_path, {**dict.fromkeys(files, ""), "pyproject.toml": "[tool.threadly-lint]\nsrc = ['.']\n"})
    if ".. " in statement:
        importer, target = "shop/sub/user.py", "shop/main.py"
        write_files(tmp_path, {"shop/sub/__init__.py": "", "shop/main.py": ""})
    write_files(tmp_path, {importer: statement})
    (edge,) = graph_of(tmp_path).edges
    assert (edge.importer, edge.imported, edge.names, edge.is_whole) == (importer, target, names, is_whole)


def test_one_statement_can_be_several_edges(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/__init__.py": "", "a/b.py": "", "a/c.py": "from a import b, x, y\nimport a.b, os"})
    graph = graph_of(tmp_path)
    found = [(edge.line, edge.imported, edge.names) for edge in graph.edges]
    assert found == [(1, "a/__init__.py", ("x", "y")), (1, "a/b.py", ("b",)), (2, "a/b.py", ("a.b",))]
    assert [(one.name, one.statement.text) for one in graph.external] == [("os", "import a.b, os")]


def test_when_an_import_happens(tmp_path: Path) -> None:
    text = (
        "import a.one\n"
        "class C:\n    import a.two\n"
        "def f():\n    import a.three\n    class D:\n        import a.four\n"
        "try:\n    import a.five\nexcept ImportError:\n    import a.six\n"
        "if TYPE_CHECKING:\n    import a.seven\n    def g():\n        import a.eight\n"
        "if not typing.TYPE_CHECKING and x:\n    import a.nine\n"
        "if __name__ == '__main__':\n    import a.ten\nelse:\n    import a.eleven\n"
        "with x:\n    import a.twelve\n"
    )
    names = "one two three four five six seven eight nine ten eleven twelve".split()
    write_files(tmp_path, {"a/__init__.py": "", "main.py": text, **{f"a/{name}.py": "" for name in names}})
    kinds = {edge.imported[2:-3]: edge.kind for edge in graph_of(tmp_path).edges}
    assert kinds == {
        "one": "load",
        "two": "load",
        "three": "local",
        "four": "local",
        "five": "conditional",
        "six": "conditional",
        "seven": "type-checking",
        "eight": "type-checking",
        "nine": "load",
        "ten": "script",
        "eleven": "load",
        "twelve": "load",
    }


def test_a_stub_is_read_by_type_checkers_only(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/__init__.py": "", "a/b.py": "", "a/fast.pyi": "import a.b\ndef f():\n    import a.b\n"})
    assert links(graph_of(tmp_path)) == {("a/fast.pyi", "a/b.py", "type-checking")}


def test_the_same_name_in_two_services_stays_two_modules(tmp_path: Path) -> None:
    service = {"app/__init__.py": "", "app/main.py": "import app.store\n", "app/store.py": ""}
    write_files(tmp_path, {f"{name}/{path}": text for name in ("one", "two") for path, text in service.items()})
    assert links(graph_of(tmp_path)) == {
        ("one/app/main.py", "one/app/store.py", "load"),
        ("two/app/main.py", "two/app/store.py", "load"),
    }


def test_what_is_not_there_is_missing_or_external(tmp_path: Path) -> None:
    text = "from ...beyond import x\nimport a.nowhere.deep\nfrom numpy import array\nfrom a.Store import row\n"
    write_files(tmp_path, {"a/__init__.py": "", "a/store.py": "", "a/user.py": text})
    graph = graph_of(tmp_path)
    assert graph.edges == ()
    assert [one.name for one in graph.missing] == ["a.nowhere.deep", "a.Store.row"]
    assert [one.name for one in graph.external] == ["numpy.array"]


def test_a_module_that_shadows_the_standard_library(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/__init__.py": "", "a/email.py": "import email\n", "a/user.py": "import email, logging\n"})
    graph = graph_of(tmp_path)
    assert graph.edges == ()
    assert [one.name for one in graph.external] == ["email", "email", "logging"]


@pytest.mark.parametrize(
    ("text", "is_silent"),
    [
        ("import a.b  # noqa: TLG001\n", True),
        ("import a.b  # noqa: E501, TLG\n", True),
        ("import a.b  # noqa\n", True),
        ("import a.b  # threadly: ignore[TLG001] known\n", True),
        ("# flake8: noqa\nimport a.b\n", True),
        ("import a.b  # noqa: TLG002\n", False),
        ("import a.b\nx = 1  # noqa: TLG001\n", False),
        ("import a.b\n", False),
    ],
)
def test_a_comment_silences_its_statement(text: str, is_silent: bool, tmp_path: Path) -> None:
    write_files(tmp_path, {"a/__init__.py": "", "a/b.py": "", "a/c.py": text})
    graph = graph_of(tmp_path)
    assert [graph.silences(edge, "TLG001") for edge in graph.edges] == [is_silent]
