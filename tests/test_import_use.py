"""What a module needs an import for, and who may read its annotations at run time."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_graphs import graph_of, write_files

from threadly_lint.program.imports.import_use import ImportUse, use_of

IMPORT = "from __future__ import annotations\nfrom shop.store import Row\n"


def use(folder: Path, text: str, **others: str) -> ImportUse:
    """How a module with this text uses its import of ``Row``."""
    write_files(folder, {"shop/__init__.py": "", "shop/store.py": "class Row: ...\n", "shop/user.py": IMPORT + text})
    write_files(folder, {f"{name}.py": other for name, other in others.items()})
    graph = graph_of(folder)
    (edge,) = graph.between("shop/user.py", "shop/store.py")
    return use_of(graph, edge)


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("def f(row: Row) -> list[Row]: ...", "annotations"),
        ("def f(*rows: 'Row', **more: Row | None): ...", "annotations"),
        ("row: Row", "annotations"),
        ("class A:\n    row: Row", "annotations"),
        ("def f():\n    row: Row = g()", "annotations"),
        ("if TYPE_CHECKING:\n    Rows = list[Row]\ndef f(row: Row): ...", "annotations"),
        ("def f():\n    return Row()", "functions"),
        ("class A:\n    def f(self):\n        return lambda: Row", "functions"),
        ("def f(row: Row):\n    return Row()", "both"),
        ("def f():\n    row: Row = Row()", "both"),
        ("Rows = list[Row]", "load"),
        ("class A(Row): ...", "load"),
        ("@Row\ndef f(): ...", "load"),
        ("def f(row=Row): ...", "load"),
        ("find = lambda: Row", "load"),
        ("class A:\n    row = Row", "load"),
        ("__all__ = ['Row']\ndef f(row: Row): ...", "load"),
        ("__all__ += ['Row']\ndef f(row: Row): ...", "load"),
        ("__all__.extend(['Row'])\ndef f(row: Row): ...", "load"),
        ("pass", "load"),
    ],
)
def test_need(text: str, need: str, tmp_path: Path) -> None:
    assert use(tmp_path, text).need == need


@pytest.mark.parametrize(
    "other",
    [
        "from shop.user import Row",
        "from shop.user import *",
        "from shop import user\nuser.Row",
        "import shop.user\nprint(shop.user.Row)",
    ],
)
def test_a_name_that_others_take_from_here_is_needed_at_load_time(other: str, tmp_path: Path) -> None:
    assert use(tmp_path, "def f(row: Row): ...", other=other).need == "load"
    assert (
        use(tmp_path, "def f(row: Row): ...", other=other.replace("Row", "f").replace("*", "f")).need == "annotations"
    )


@pytest.mark.parametrize(
    ("text", "obstacle"),
    [
        ("def f(row: Row): ...", ""),
        ("@property\ndef f(row: Row): ...", ""),
        ("@functools.lru_cache(maxsize=1)\ndef f(row: Row): ...", ""),
        ("class A:\n    row: Row", ""),
        ("class A(Protocol[T], abc.ABC, metaclass=ABCMeta):\n    row: Row", ""),
        ("class A:\n    pass\nclass B(A):\n    row: Row", ""),
        ("class A(Unknown):\n    def f(self, row: Row): ...", ""),
        ("row: Row", ""),
        ("@router.post('/')\ndef f(row: Row): ...", "the decorator of `f` may read the annotations"),
        ("@dataclass\nclass A:\n    row: Row", "the decorator of `A` may read the annotations"),
        ("class A(BaseModel):\n    row: Row", "the base class `BaseModel` of `A` may read the annotations"),
        ("class A(db.Model):\n    row: Mapped[Row]", "the base class `Model` of `A` may read the annotations"),
        (
            "class A(Struct):\n    pass\nclass B(A):\n    row: Row",
            "the base class `A` of `B` may read the annotations",
        ),
        ("@define\nclass A:\n    def __init__(self, row: Row): ...", "the decorator of `A` may read the annotations"),
        ("def f(row: Row): ...\nx = Depends(f)", "`f` is passed on to what may read its annotations"),
        ("def f(row: Row): ...\nget_type_hints(f)", "`get_type_hints` is called in this file"),
    ],
)
def test_readers_of_annotations(text: str, obstacle: str, tmp_path: Path) -> None:
    assert use(tmp_path, text) == ImportUse("annotations", obstacle)


def test_annotations_that_would_all_have_to_be_postponed(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/store.py": "class Row: ...\n"}
    model = "class Model(BaseModel):\n    number: int\n"
    for number, (text, obstacle) in enumerate(
        [
            ("def f(row: Row): ...\n", ""),
            (f"def f(row: 'Row'): ...\n{model}", ""),
            (f"def f(row: Row): ...\n{model}", "the base class `BaseModel` of `Model` may read the annotations"),
        ]
    ):
        folder = write_files(tmp_path / str(number), {**files, "shop/user.py": f"from shop.store import Row\n{text}"})
        graph = graph_of(folder)
        assert use_of(graph, graph.edges[0]) == ImportUse("annotations", obstacle)


def test_a_function_passed_on_elsewhere(tmp_path: Path) -> None:
    text = "def get_row(row: Row): ...\n"
    assert use(tmp_path, text, api="from shop.user import get_row\nget_row(1)\n").obstacle == ""
    passed = use(tmp_path, text, api="from shop import user\nroute(Depends(user.get_row))\n")
    assert passed.obstacle == "`get_row` is passed on to what may read its annotations"


def test_a_constructor_where_a_library_injects_arguments(tmp_path: Path) -> None:
    text = "class A:\n    def __init__(self, row: Row): ...\n"
    assert use(tmp_path, text).obstacle == ""
    injected = use(tmp_path, text, api="from fastapi import Depends\n")
    assert injected.obstacle == "fastapi may read the annotations of `A` to build it"
