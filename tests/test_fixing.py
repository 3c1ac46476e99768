"""Edits become exactly the text that a careful person would have written, and nothing else changes."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.fixing import Refusal, apply_fixes, read_source, replace_file
from threadly_lint.values import (
    AddDecorator,
    AddImport,
    AddKeyword,
    ChangeImport,
    Edit,
    Fix,
    MoveImport,
    ReplaceExpression,
    Span,
    SwapDecorators,
)


def place(text: str, part: str) -> Span:
    """The span of the first occurrence of ``part``."""
    start = text.index(part)
    before, whole = text[:start].split("\n"), text[: start + len(part)].split("\n")
    return Span(len(before), len(before[-1]) + 1, len(whole), len(whole[-1]) + 1)


def fixed(text: str, *edits: Edit) -> str:
    """The text after one fix, which must be applied."""
    result = apply_fixes(text, [Fix("safe", "Mend it", "a.py", edits)])
    assert (result.waiting, result.refused) == ((), ())
    return result.text


def refusal(text: str, *edits: Edit) -> str:
    """Why a fix is refused; the text stays as it was."""
    result = apply_fixes(text, [Fix("safe", "Mend it", "a.py", edits)])
    assert result.text == text
    assert result.applied == ()
    return result.refused[0][1]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("get()", "get(timeout=10)"),
        ("get( )", "get(timeout=10 )"),
        ("get(url)", "get(url, timeout=10)"),
        ("get(url,)", "get(url, timeout=10)"),
        ("get((url))", "get((url), timeout=10)"),
        ("get(*urls, **more)", "get(*urls, **more, timeout=10)"),
        ("get(lambda: 1)", "get(lambda: 1, timeout=10)"),
        ("get(x for x in xs)", "get((x for x in xs), timeout=10)"),
        ("get((x for x in xs))", "get((x for x in xs), timeout=10)"),
        ("get(url, timeout=None)", "get(url, timeout=10)"),
        ("get(url, timeout=(None))", "get(url, timeout=(10))"),
        ("get('é😀', a)", "get('é😀', a, timeout=10)"),
        ("get(\n    url,\n)", "get(\n    url,\n    timeout=10,\n)"),
        ("get(\n    url\n)", "get(\n    url,\n    timeout=10\n)"),
        ("get(\n    url,  # where\n)", "get(\n    url,  # where\n    timeout=10,\n)"),
        ("get(\n    url  # where\n)", "get(\n    url,  # where\n    timeout=10\n)"),
        ("get(\n    url)", "get(\n    url, timeout=10)"),
        ("get(\n    url, params,\n)", "get(\n    url, params, timeout=10,\n)"),
        ("get(  # nothing yet\n)", "get(timeout=10  # nothing yet\n)"),
        ("a.b(1).get(\n\turl,\n)", "a.b(1).get(\n\turl,\n\ttimeout=10,\n)"),
    ],
)
def test_keyword_keeps_the_layout_of_the_call(call: str, expected: str) -> None:
    text = f"x = [1, {call}]  # kept\n"
    assert fixed(text, AddKeyword(place(text, call), "timeout", "10")) == f"x = [1, {expected}]  # kept\n"


def test_keyword_needs_the_exact_call() -> None:
    assert refusal("get(url)\n", AddKeyword(Span(1, 1, 1, 4), "timeout", "10")) == (
        "no call covers exactly the place to change"
    )
    assert refusal("get(url)\n", AddKeyword(Span(9, 1, 9, 4), "timeout", "10")) == (
        "no call covers exactly the place to change"
    )


def test_invalid_result_is_refused() -> None:
    assert "pars" in refusal("get(url)\n", AddKeyword(Span(1, 1, 1, 9), "timeout", "10 11"))
    assert refusal("get(a=1)\n", AddKeyword(Span(1, 1, 1, 9), "b", "2, a=3")) == "the result would not be valid Python"


def test_fix_that_changes_nothing_is_refused() -> None:
    assert refusal("get(timeout=10)\n", AddKeyword(Span(1, 1, 1, 16), "timeout", "10")) == "it changes nothing"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("x = time.time()\n", "time.time()", "time.perf_counter()", "x = time.perf_counter()\n"),
        ("x = not value\n", "value", "a or b", "x = not (a or b)\n"),
        ("f(value, 1)\n", "value", "a or b", "f(a or b, 1)\n"),
        ("x = (value)[0]\n", "value", "a or b", "x = (a or b)[0]\n"),
        ("return_ = a + value\n", "value", "not b", "return_ = a + (not b)\n"),
        ("if value:\n    pass\n", "value", "value is not None", "if value is not None:\n    pass\n"),
    ],
)
def test_expression_gets_parentheses_where_it_needs_them(text: str, old: str, new: str, expected: str) -> None:
    assert fixed(text, ReplaceExpression(place(text, old), new)) == expected


def test_replacement_must_be_an_expression() -> None:
    assert refusal("x = 1\n", ReplaceExpression(Span(1, 5, 1, 6), "if")) == "`if` is no expression"
    assert refusal("x = 1\n", ReplaceExpression(Span(1, 4, 1, 6), "2")) == (
        "no expression covers exactly the place to replace"
    )


DECORATED = dedent("""\
    class Api:
        @login_required  # who
        # between
        @app.route(
            "/orders",
        )
        async def orders(self):
            pass
    """)


def test_decorators_change_places_with_their_comments() -> None:
    assert fixed(DECORATED, SwapDecorators(7, 0, 1)) == dedent("""\
        class Api:
            @app.route(
                "/orders",
            )
            # between
            @login_required  # who
            async def orders(self):
                pass
        """)


@pytest.mark.parametrize("indices", [(0, 2), (-1, 0), (1, 1)])
def test_decorators_to_swap_must_exist(indices: tuple[int, int]) -> None:
    assert refusal(DECORATED, SwapDecorators(7, *indices)) == "the definition does not have these two decorators"


def test_definition_is_found_by_its_own_line() -> None:
    assert refusal(DECORATED, SwapDecorators(2, 0, 1)) == "no function or class begins in line 2"


@pytest.mark.parametrize(("index", "line"), [(0, 1), (1, 3), (2, 6)])
def test_decorator_goes_above_the_one_with_its_number(index: int, line: int) -> None:
    lines = DECORATED.splitlines(keepends=True)
    expected = "".join([*lines[:line], "    @guard(1)\n", *lines[line:]])
    assert fixed(DECORATED, AddDecorator(7, index, "guard(1)")) == expected


def test_decorator_is_not_added_twice() -> None:
    assert refusal(DECORATED, AddDecorator(7, 0, "login_required")) == (
        "the definition is already decorated with `login_required`"
    )
    assert refusal(DECORATED, AddDecorator(7, 3, "guard")) == "the definition has 2 decorators"


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("x = 1\n", AddImport("logging"), "import logging\n\nx = 1\n"),
        ("# licence\n\nx = 1\n", AddImport("logging"), "# licence\n\nimport logging\n\nx = 1\n"),
        ('"""Doc."""\n', AddImport("logging"), '"""Doc."""\n\nimport logging\n'),
        ('"""Doc."""', AddImport("logging"), '"""Doc."""\n\nimport logging\n'),
        ('"""Doc."""\nx = 1\n', AddImport("logging"), '"""Doc."""\n\nimport logging\n\nx = 1\n'),
        ('"""Doc."""\n\nx = 1\n', AddImport("logging"), '"""Doc."""\n\nimport logging\n\nx = 1\n'),
        ("import os\n", AddImport("flask", "abort"), "import os\nfrom flask import abort\n"),
        ("import os", AddImport("flask", "abort"), "import os\nfrom flask import abort\n"),
        ("import os\n\nimport flask\n", AddImport("logging"), "import os\nimport logging\n\nimport flask\n"),
        ("import flask\n", AddImport("logging"), "import logging\n\nimport flask\n"),
        ("from flask import Flask\n", AddImport("flask", "abort"), "from flask import Flask, abort\n"),
        ("from . import a\n", AddImport(".", "b", "c"), "from . import a, b as c\n"),
        ("from a import (\n    b,\n)\n", AddImport("a", "c"), "from a import (\n    b,\n    c,\n)\n"),
        ("from a import \\\n    b\n", AddImport("a", "c"), "from a import \\\n    b, c\n"),
        ("from a import *\n", AddImport("a", "c"), "from a import *\nfrom a import c\n"),
        (
            '"""Doc."""\n\nimport os\n',
            AddImport("__future__", "annotations"),
            '"""Doc."""\n\nfrom __future__ import annotations\n\nimport os\n',
        ),
    ],
)
def test_import_goes_where_it_belongs(text: str, wanted: AddImport, expected: str) -> None:
    assert fixed(text, wanted) == expected


def test_import_that_is_there_is_not_repeated() -> None:
    text = "import logging\n\nget(url)\n"
    edits = (AddKeyword(place(text, "get(url)"), "log", "logging"), AddImport("logging"))
    assert fixed(text, *edits) == "import logging\n\nget(url, log=logging)\n"


def test_import_wanted_by_two_fixes_is_added_once() -> None:
    text = "import os\n\none()\ntwo()\n"
    fixes = [
        Fix("safe", name, "a.py", (AddKeyword(place(text, f"{name}()"), "log", "log"), AddImport("log")))
        for name in ("one", "two")
    ]
    result = apply_fixes(text, fixes)
    assert result.text == "import os\nimport log\n\none(log=log)\ntwo(log=log)\n"
    assert result.applied == tuple(fixes)


def test_import_does_not_take_a_name_that_is_in_use() -> None:
    assert refusal("logging = None\n", AddImport("logging")) == "`logging` already means something else in this file"


ANNOTATED = dedent('''\
    """Orders."""

    import os
    from shop.users import User, find  # both

    from shop.carts import (
        Cart,
        load,
    )


    class Order:
        user: User

        def add(self, cart: Cart | None = None) -> "User":
            return find(load(os.sep))
    ''')


def test_annotation_only_name_moves_under_type_checking() -> None:
    assert fixed(ANNOTATED, MoveImport(6, ("Cart",), "TYPE_CHECKING")) == dedent('''\
        """Orders."""

        from __future__ import annotations

        import os
        from typing import TYPE_CHECKING
        from shop.users import User, find  # both

        from shop.carts import (
            load,
        )

        if TYPE_CHECKING:
            from shop.carts import Cart


        class Order:
            user: User

            def add(self, cart: Cart | None = None) -> "User":
                return find(load(os.sep))
        ''')


def test_two_moves_in_one_round_share_block_and_imports() -> None:
    fixes = [
        Fix("safe", "Move it", "a.py", (MoveImport(line, (name,), "TYPE_CHECKING"),))
        for line, name in ((4, "User"), (6, "Cart"))
    ]
    result = apply_fixes(ANNOTATED, fixes)
    assert result.applied == tuple(fixes)
    assert result.text.count("TYPE_CHECKING") == 2
    assert "if TYPE_CHECKING:\n    from shop.carts import Cart\n    from shop.users import User\n" in result.text
    assert "from shop.users import find  # both\n" in result.text


def test_whole_statement_moves_into_the_block_that_is_there() -> None:
    text = dedent("""\
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from shop import Cart

        if TYPE_CHECKING:
            from shop import User

        def add(cart: Cart, user: User): ...
        """)
    assert fixed(text, MoveImport(3, ("Cart",), "TYPE_CHECKING")) == dedent("""\
        from __future__ import annotations
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from shop import User
            from shop import Cart

        def add(cart: Cart, user: User): ...
        """)


def test_quoted_annotations_need_no_postponement() -> None:
    text = 'import shop.cart\n\ndef add(cart: "shop.cart.Cart"): ...\n'
    assert fixed(text, MoveImport(1, ("shop.cart",), "TYPE_CHECKING")) == (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import shop.cart\n\n"
        'def add(cart: "shop.cart.Cart"): ...\n'
    )


def test_name_used_at_run_time_stays() -> None:
    assert refusal(ANNOTATED, MoveImport(4, ("find",), "TYPE_CHECKING")) == "line 16 needs the import at run time"


@pytest.mark.parametrize(
    ("text", "names", "reason"),
    [
        ("import a; import b\n", ("a",), "the import shares its line with other statements"),
        ("import a  # noqa\n", ("a",), "a comment belongs to the import that would move"),
        ("from m import (\n    a,  # noqa\n    b,\n)\n", ("a",), "a comment belongs to the name that would move"),
        ("from m import *\n", ("a",), "the import in line 1 does not have all of: a"),
        ("if x:\n    import a\n", ("a",), "line 1 has no import at module level"),
    ],
)
def test_move_refuses_what_it_cannot_do_cleanly(text: str, names: tuple[str, ...], reason: str) -> None:
    assert refusal(text, MoveImport(1, names, "TYPE_CHECKING")) == reason


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a",), "from m import b, c\n"),
        (("b",), "from m import a, c\n"),
        (("c",), "from m import a, b\n"),
        (("a", "c"), "from m import b\n"),
        (("b", "c"), "from m import a\n"),
        (("a", "b"), "from m import c\n"),
    ],
)
def test_names_leave_their_statement_without_a_trace(names: tuple[str, ...], expected: str) -> None:
    text = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nfrom m import a, b, c\n"
    assert expected in fixed(text, MoveImport(3, names, "TYPE_CHECKING"))


def test_local_import_goes_into_each_outermost_function_that_uses_it() -> None:
    text = dedent('''\
        from shop import find, load

        def one():
            """Doc."""

            def inner():
                return find()
            return inner

        class Two:
            def two(self):
                # first
                return find(load)

            def three(self):
                return load
        ''')
    assert fixed(text, MoveImport(1, ("find",), "functions")) == dedent('''\
        from shop import load

        def one():
            """Doc."""

            from shop import find
            def inner():
                return find()
            return inner

        class Two:
            def two(self):
                # first
                from shop import find
                return find(load)

            def three(self):
                return load
        ''')


def test_local_import_is_refused_where_loading_needs_the_name() -> None:
    text = "from shop import find\n\nfound = find()\n"
    assert refusal(text, MoveImport(1, ("find",), "functions")) == "line 3 needs the import when the module is loaded"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from shop import Cart\n", "from shop.carts import Cart\n"),
        ("from shop import Cart as C, find\n", "from shop import find\nfrom shop.carts import Cart as C\n"),
        (
            "from shop.carts import find\nfrom . import Cart, go\n",
            "from shop.carts import find, Cart\nfrom . import go\n",
        ),
        ("from . import (  # all\n    Cart,\n)  # kept\n", "from shop.carts import (  # all\n    Cart,\n)  # kept\n"),
    ],
)
def test_import_from_elsewhere_keeps_the_bound_name(text: str, expected: str) -> None:
    line = text.count("\n", 0, text.index("from shop import" if "from shop import" in text else "from . ")) + 1
    assert fixed(text, ChangeImport(line, ("Cart",), "shop.carts")) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import Cart\n", "line 1 imports modules as a whole"),
        ("from shop import find\n", "the import in line 1 does not have all of: Cart"),
        ("from shop import (\n    find,\n    # ours\n    Cart,\n)\n", "a comment belongs to the name that would move"),
    ],
)
def test_import_from_elsewhere_is_refused(text: str, reason: str) -> None:
    assert refusal(text, ChangeImport(1, ("Cart",), "shop.carts")) == reason


def test_overlapping_fixes_wait() -> None:
    text = "outer(inner(url))\n"
    outer = Fix("safe", "outer", "a.py", (ReplaceExpression(place(text, "outer(inner(url))"), "f(1)"),))
    inner = Fix("safe", "inner", "a.py", (AddKeyword(place(text, "inner(url)"), "timeout", "10"),))
    result = apply_fixes(text, [outer, inner])
    assert (result.text, result.applied, result.waiting) == ("f(1)\n", (outer,), (inner,))


def test_same_fix_twice_is_applied_once() -> None:
    fix = Fix("safe", "Mend it", "a.py", (AddKeyword(Span(1, 1, 1, 6), "timeout", "10"),))
    assert apply_fixes("get()\n", [fix, fix]).text == "get(timeout=10)\n"


def test_unreadable_text_refuses_every_fix() -> None:
    assert refusal("def f(:\n", AddImport("os")).startswith("the file cannot be parsed")
    assert refusal("\fx = 1\n", AddImport("os")) == (
        "the file holds characters that LibCST does not reproduce, such as form feeds"
    )


def test_newer_syntax_is_fixed_as_well() -> None:
    text = "try:\n    get()\nexcept A, B:\n    pass\n"
    assert fixed(text, AddKeyword(place(text, "get()"), "timeout", "10")) == text.replace("get()", "get(timeout=10)")


LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"), max_size=12)


@given(before=st.lists(LINE, max_size=4), after=st.lists(LINE, max_size=4), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_everything_around_the_edit_survives(before: list[str], after: list[str], end: str) -> None:
    comments = [[f"# {line}" for line in lines] for lines in (before, after)]
    head = "".join(line + end for line in comments[0])
    tail = end.join([f"get('{''.join(before).translate(ESCAPES)}', url)  # call", *comments[1]])
    call = f"get('{''.join(before).translate(ESCAPES)}', url)"
    line = len(comments[0]) + 1
    result = fixed(head + tail, AddKeyword(Span(line, 1, line, len(call) + 1), "timeout", "10"))
    assert result == head + tail.replace(", url)", ", url, timeout=10)", 1)


ESCAPES = {ord("\\"): None, ord("'"): None}

EXPRESSION = st.recursive(
    st.sampled_from(["a", "b.c", "1", "'s'", "f()", "(g)"]),
    lambda inner: st.one_of(
        st.builds("f({}, {})".format, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("[{} for x in {}]".format, inner, inner),
        st.builds("{}.m(k={})".format, st.sampled_from(["a", "f()"]), inner),
    ),
    max_leaves=8,
)


@given(EXPRESSION)
def test_every_call_of_an_expression_can_be_given_a_keyword(source: str) -> None:
    tree = ast.parse(source)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        span = Span(call.lineno, call.col_offset + 1, call.end_lineno or 0, (call.end_col_offset or 0) + 1)
        text = fixed(f"{source}\n", AddKeyword(span, "timeout", "10"))
        call.keywords.append(ast.keyword("timeout", ast.Constant(10)))
        assert ast.dump(ast.parse(text)) == ast.dump(tree)
        call.keywords.pop()


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\ny = 2\n",
        b"\xef\xbb\xbfx = '\xc3\xa9'\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"\xef\xbb\xbf# coding: utf-8\nx = 1",
        b"",
    ],
)
def test_source_is_written_back_as_it_was(data: bytes) -> None:
    source = read_source(data)
    assert source.encode(source.text) == data


def test_undecodable_source_and_unencodable_result_are_refused() -> None:
    with pytest.raises(Refusal, match="cannot be decoded"):
        read_source(b"x = '\xff'\n")
    with pytest.raises(Refusal, match="iso-8859-1 cannot hold '€'"):
        read_source(b"# coding: latin-1\n").encode("x = '€'")


def test_file_is_replaced_with_mode_and_link_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.py", tmp_path / "link.py"
    real.write_bytes(b"old")
    real.chmod(0o754)
    link.symlink_to(real)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o754
    assert sorted(os.listdir(tmp_path)) == ["link.py", "real.py"]


def test_failed_replacement_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.py"]
