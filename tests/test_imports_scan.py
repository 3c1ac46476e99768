"""The import scan finds what a full parse finds, or refuses."""

from __future__ import annotations

import ast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.import_statements import ImportStatement, import_statements
from threadly_lint.skeleton.imports_scan import scan_imports
from threadly_lint.skeleton.nodes import Skeleton

SIMPLE = (
    "import a",
    "import a.b as c, d",
    "from . import x",
    "from.. import x as y",
    "from ...a.b import (x, y as z,)",
    "from a import (  # import b\n x,  # )\n  y\n)",
    "from a \\\n  import b, \\\nc",
    "from a.\\\n  b import c",
    "from a. \\\n b.\\\n  c. d import e",
    "from a import *",
    "import a; x = 1",
    "import a  # from b import c",
    "x = 'import a'",
    'x = """\nimport a\n"""',
    "x = '''\n import a \\''' import'''",
    "x = f\"{{y['import']}} {{{{import}}}} {{y:{{z}}}}\"",
    'x = "\\\nimport a\\""',
    "x = [y\n  for y in z\n if y]",
    "f(a)(\n  else_,\n)[b]",
    "x = 1  # it's; import a",
    "x = 1 + \\\n  2",
    "match = 1",
    "importer = reimport = 1",
    "raise x from y",
    "r'\\'; b'#'",
)
HEADERS = (
    "if TYPE_CHECKING:",
    "if typing.TYPE_CHECKING:",
    "if not TYPE_CHECKING:",
    "if (TYPE_CHECKING):",
    'if __name__ == "__main__":',
    "if x == 'TYPE_CHECKING' and (\n  y):",
    "if False:",
    "if x or 0:",
    "if x:",
    "if x: # TYPE_CHECKING",
    "for x in y:",
    "while f(x, [\n1]):",
    "with x as y:",
    "with (\n x as y,\n z):",
    "def f(x: int = 1) -> None:",
    "def g(\nx,\n):",
    "async def h():",
    "class A(B):",
    "class  C:",
)
CLAUSES = {
    "if": ("elif TYPE_CHECKING:", "elif x:", "else:"),
    "for": ("else:",),
    "while": ("else:",),
}


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a block, indented below nothing."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if depth < 3 and draw(st.booleans()):
            lines += _compound(draw, depth)
        else:
            lines.append(draw(st.sampled_from(SIMPLE)))
    return lines


def _compound(draw: st.DrawFn, depth: int) -> list[str]:
    if draw(st.integers(0, 4)) == 0:
        parts = ["try:", *_body(draw, depth), "except (x, y):", *_body(draw, depth)]
        return parts + (["else:", *_body(draw, depth)] if draw(st.booleans()) else [])
    header = draw(st.sampled_from(HEADERS))
    parts = [header, *_body(draw, depth)]
    for clause in CLAUSES.get(header.split()[0], ()):
        if draw(st.booleans()):
            parts += [clause, *_body(draw, depth)]
    return parts


def _body(draw: st.DrawFn, depth: int) -> list[str]:
    indent = draw(st.sampled_from((" ", "    ", "\t")))
    return [indent + line for line in draw(blocks(depth + 1))]


@given(blocks(), st.sampled_from(("\n", "\r\n")), st.booleans())
def test_agrees_with_a_parse(lines: list[str], line_end: str, marked: bool) -> None:
    text = "\n".join(lines) + "\n"
    data = (b"\xef\xbb\xbf" if marked else b"") + text.replace("\n", line_end).encode()
    parsed = build_skeleton(data, "x.py")
    assume(not parsed.problem)
    scanned = scan_imports(data)
    if scanned is not None:
        assert places(scanned) == places(parsed)
        assert scanned.lines == parsed.lines


@given(st.text(alphabet="\"'#\\\n {}f=impor;:xta", max_size=60))
def test_agrees_with_a_parse_on_noise(text: str) -> None:
    text = text.replace("i", "\nimport a\n", 1)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        assume(False)
    scanned = scan_imports(text.encode())
    if scanned is not None:
        assert places(scanned) == places(build_skeleton(text.encode(), "x.py"))


def places(skeleton: Skeleton) -> list[tuple[object, ...]]:
    return [_place(statement) for statement in import_statements(skeleton)]


def _place(statement: ImportStatement) -> tuple[object, ...]:
    names = tuple((alias.name, alias.alias) for alias in statement.names)
    return statement.module, statement.level, names, statement.kind, statement.symbol, statement.span


@pytest.mark.parametrize(
    "text",
    [
        "x = 1; import a\n",
        "try: import a\nexcept ImportError: pass\n",
        "if TYPE_CHECKING and x:\n    import a\n",
        "if x: \\\n    import a\n",
        "import \u00e9\n",
        'f"{x["a"]}"\nif x:\n    import a\n',
        "\fimport a\n",
        "import a . b\n",
        "lazy import a\n",
        "x = '\nif x:\n    import a\n",
    ],
)
def test_refuses_what_only_a_parse_can_tell(text: str) -> None:
    assert scan_imports(text.encode()) is None


def test_refuses_bytes_that_are_no_text() -> None:
    assert scan_imports(b"import a\n\0") is None


def test_reads_what_is_plain() -> None:
    text = (
        '"""Says import nothing."""\n'
        "from __future__ import annotations\n"
        "class Shop:\n"
        "    def open(self):\n"
        "        from .stock import (\n"
        "            count,\n"
        "        )\n"
        "try:\n"
        "    import fast\n"
        "except ImportError:\n"
        "    import slow\n"
        "if not TYPE_CHECKING:\n"
        "    pass\n"
        "else:\n"
        "    import types\n"
        "if __name__ == '__main__':\n"
        "    import run  # noqa: TLG001\n"
    )
    skeleton = scan_imports(text.encode())
    assert skeleton is not None
    assert [(one.text, one.kind, one.symbol, one.span) for one in import_statements(skeleton)] == [
        ("from __future__ import annotations", "load", "", (2, 1, 2, 35)),
        ("from .stock import count", "local", "Shop.open", (5, 9, 7, 10)),
        ("import fast", "conditional", "", (9, 5, 9, 16)),
        ("import slow", "conditional", "", (11, 5, 11, 16)),
        ("import types", "type-checking", "", (15, 5, 15, 17)),
        ("import run", "script", "", (17, 5, 17, 15)),
    ]
    assert [directive.codes for directive in skeleton.directives] == [("TLG001",)]
    assert skeleton.lines == 17
