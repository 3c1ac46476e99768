"""The reader of the knowledge files: what it understands, what it refuses, and how it says so."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.knowledge import (
    UNION,
    Argument,
    Knowledge,
    KnowledgeError,
    Timeout,
    TypeExpression,
    TypeExpressionError,
    parse_type,
)
from threadly_lint.knowledge.compiling import compile_files
from threadly_lint.knowledge.facts import Table
from threadly_lint.knowledge.store import FOLDER, KEPT, compiled_knowledge


def knowledge_of(folder: Path, **files: str) -> Knowledge:
    for role, text in files.items():
        (folder / f"{role}.toml").write_text(dedent(text), encoding="utf-8")
    return Knowledge(compile_files(sorted(folder.glob("*.toml"))))


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        knowledge_of(folder, database=text)
    return caught.value.problems


# What it understands


def test_groups_and_defaults(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        database="""
        [class."acme.Session"]
        is = { effect = "session", exit = "close" }
        defaults = { async = true, raises = "acme.Error OSError" }
        write = ["add", { names = "push send", async = false, timeout = { by = "limit/s 1/t", default = "none/3" } }]
        """,
    )
    add, push = known.facts("acme.Session.add")[0], known.facts("acme.Session.push")[0]
    assert (add.role, add.effect, add.kind, add.is_async) == ("database", "write", "method", True)
    assert push.is_async is False
    assert push.raises == ("acme.Error", "OSError")
    assert push.timeout == Timeout((Argument(None, ("limit", "s")), Argument(1, ("t",))), (None, 3.0))
    assert known.facts("acme.Session")[0].exit == "close"


def test_short_time_limit(tmp_path: Path) -> None:
    known = knowledge_of(tmp_path, external='[module."acme"]\nexternal-call = { names = "get", timeout = "inherit" }')
    assert known.facts("acme.get")[0].timeout == Timeout((Argument(None, ("timeout",)),), inherited=True)


def test_kinds_in_a_module(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        guards="""
        [module."acme"]
        guard = ["check Guard", { names = "required", kind = "decorator" }, { names = "Param", kind = "call" }]
        """,
    )
    kinds = {name: known.facts(f"acme.{name}")[0].kind for name in ("check", "Guard", "required", "Param")}
    assert kinds == {"check": "call", "Guard": "class", "required": "decorator", "Param": "call"}
    assert str(known.returns("acme.Guard")) == "$call"
    assert known.returns("acme.Param") is None


def test_aliases_reach_below_and_through_each_other(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        database="""
        [aliases]
        "old" = "acme.v1"
        [module."acme"]
        aliases = "acme.v1"
        [class."acme.Session"]
        write = "add"
        """,
    )
    assert known.canonical("old.Session.add") == "acme.Session.add"
    assert known.fact("old.Session.add", "write") is not None
    assert known.canonical("older.Session.add") == "older.Session.add"


def test_nearest_class_decides_role_by_role(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        database='[class."a.Base"]\nread = "get"\nwrite = "put"\n[class."a.Child"]\nbases = "a.Base"\nwrite = "get"',
        cache='[class."a.Base"]\ncache-get = "get"',
    )
    assert [(f.role, f.effect) for f in known.facts("a.Child.get")] == [("database", "write"), ("cache", "cache-get")]
    assert known.facts("a.Child.put")[0].name == "a.Child.put"


def test_likeness_copies_members_under_own_defaults(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        database="""
        [class."a.Client"]
        read = "get"
        write = "put"
        returns = { get = "int" }
        [class."a.AsyncClient"]
        like = "a.Client"
        defaults = { async = true }
        write = { names = "put", async = false }
        """,
    )
    assert known.facts("a.AsyncClient.get")[0].is_async
    assert not known.facts("a.AsyncClient.put")[0].is_async
    assert str(known.returns("a.AsyncClient.get")) == "int"
    assert not known.is_subclass("a.AsyncClient", "a.Client")


def test_subclasses_need_no_table(tmp_path: Path) -> None:
    known = knowledge_of(tmp_path, database='[class."a.Base"]\nsubclasses = "a.One a.Two"\nis = "model"\nwrite = "put"')
    assert known.is_subclass("a.Two", "a.Base")
    assert [known.facts(name)[0].name for name in ("a.One", "a.One.put")] == ["a.One", "a.One.put"]


def test_limits_are_taken_where_the_object_is_made(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        external="""
        [module."acme"]
        client = { names = "Client client", timeout = 5 }
        [class."acme.Api"]
        is = { effect = "client", timeout = { by = "limit", default = "none" } }
        external-call = { names = "get", timeout = { default = 60 } }
        """,
    )
    names = ("acme.Client", "acme.client", "acme.Api", "acme.Api.get")
    limits = [known.facts(name)[0].timeout for name in names]
    assert [limit.where for limit in limits if limit] == ["constructor", "call", "constructor", "client"]


def test_patterns_yield_to_names(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        external="""
        [class."acme.client('*')"]
        external-call = ["*", { names = "get_*", access = "read" }]
        build = "get_paginator"
        [class."acme.client('mail')"]
        bases = "acme.client('*')"
        external-call = { names = "send", access = "write" }
        """,
    )
    mail, other = "acme.client('mail')", "acme.client('sms')"
    assert [known.facts(f"{mail}.{m}")[0].access for m in ("send", "get_box", "poll")] == ["write", "read", ""]
    assert known.facts(f"{other}.get_paginator")[0].effect == "build"
    assert known.facts(f"{other}.get_text")[0].access == "read"


def test_exceptions_know_their_parents(tmp_path: Path) -> None:
    known = knowledge_of(tmp_path, exceptions='[exceptions."a"]\nError = "OSError"\n"Lost Late" = "Error TimeoutError"')
    assert known.exceptions("a.Lost") == ("a.Error", "TimeoutError", "OSError", "Exception", "BaseException")
    assert known.facts("a.Late")[0].effect == "exception"


def test_constants_settings_keywords(tmp_path: Path) -> None:
    known = knowledge_of(
        tmp_path,
        guards="""
        status_modules = "acme.status"
        [constants]
        "acme.LIMIT" = 7
        [setting]
        guard = { names = "ACME.LOCK", default = true }
        [keyword."acme.check"]
        guard-weaken = { names = "soft", when = true, default = false }
        """,
    )
    assert (known.constant("acme.LIMIT"), known.constant("acme.status.HTTP_418_TEAPOT")) == (7, 418)
    setting, keyword = known.setting("ACME.LOCK"), known.keyword("acme.check", "soft")
    assert setting is not None
    assert keyword is not None
    assert (setting.default, keyword.when, keyword.default) == (True, True, False)


# What it refuses


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[class."a.B"]\nwrite = "add"\nwrites = "put"', "3: a.B: writes: unknown key (neither an effect nor a key"),
        ('[class."a.B"]\nwrite = { names = "add", asynch = true }', "2: a.B: write: unknown key 'asynch'"),
        ('[class."a.B"]\nwrite = { names = "add", async = "yes" }', "2: a.B: write: async: Expected `bool`, got `str`"),
        ('[class."a.B"]\nwrite = { names = "add", kind = "verb" }', "2: a.B: write: kind: 'verb' is not one of "),
        ('[class."a.B"]\nwrite = { names = "x", key = "0/a b" }', "2: a.B: write: key: '0/a b' is neither a position"),
        (
            '[class."a.B"]\nwrite = { names = "add", timeout = [1] }',
            "2: a.B: write: timeout: must be seconds or a table",
        ),
        ('[class."a.B"]\nwrite = { async = true }', "2: a.B: write: must be a text of names or a table with 'names'"),
        ('[class."a.B"]\nis = "sesion"', "2: a.B: is: unknown effect 'sesion'"),
        ('[class."a.B"]\nreturns = { get = "list[" }', "2: a.B: returns: a type is missing at the end"),
        ('[class."a.B"]\nreturns = { get = "string" }', "2: a.B: returns: unknown plain type 'string'"),
        ('[class."a.B"]\nreturns = { get = 3 }', "2: a.B: returns: Expected `str`, got `int`"),
        ('[class."a.B"]\nattrs = { x = "a.C" }', "1: a.B: x names an unknown class 'a.C'"),
        ('[class."a.B"]\nbases = "a.C"', "1: a.B: bases names an unknown class 'a.C'"),
        ('[class."a.B"]\nlike = "a.C"', "1: a.B: like names an unknown class 'a.C'"),
        ('[class."a.B"]\nwrite = ["add", "put add"]', "2: a.B.add is 'write' twice"),
        ('[class."a.B"]\nreturns = { "x y" = "int", "z x" = "str" }', "2: a.B: returns of 'x' is given twice"),
        ('[class."a.B"]\naliases = "c.B"\n[class."c.B"]', "2: c.B is an alias of a.B and a table as well"),
        ('[class."a.B"]\naliases = "c.X"\n[class."a.C"]\naliases = "c.X"', "4: c.X is an alias of a.B already"),
        ('[aliases]\n"a.b" = "c.d"\n"c.d" = "a.b"', "2: a.b is an alias that leads back to itself"),
        ('[class."a.B"]\n\n[module."a.B"]', "1: a.B is a class in one place and a module in another"),
        ('[exceptions."a"]\nE = "Exception"\n"F E" = "E"', "2: a.E has its parents already"),
        ('[class."a.B"]\nbases = "a.C"\n[class."a.C"]\nbases = "a.B"', "1: a.B inherits from itself"),
        ('[klass."a.B"]', "1: unknown section 'klass'"),
        ('[class."a.B"]\nwrite = "add', "2: Unterminated string"),
        ('[class."a.B"]\nwrite = add\n', "2: Invalid value"),
        ("class = 3", "1: class: Expected `object`, got `int`"),
        ('[setting]\nguards = "X"', "2: setting: guards: unknown effect 'guards'"),
        ('[keyword."a.b"]\nguard = { names = "x", when = [1] }', "2: a.b: guard: when: Expected"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(tmp_path, text)[0].startswith(f"database.toml:{problem}")


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "cache.toml").write_text("nothing = 1", encoding="utf-8")
    found = problems_of(tmp_path, '[class."a.B"]\nwrites = "put"\nreads = "get"')
    assert [line.partition(": ")[0] for line in found] == ["cache.toml:1", "database.toml:2", "database.toml:3"]


# Type expressions


NAMES = st.sampled_from(["int", "a.B", "boto3.client('s3').X", "$self", "$0", "$0.elem", "$model.elem"])


def expressions() -> st.SearchStrategy[TypeExpression]:
    """Expressions as the parser writes them: a union has two or more members and none of them is a union."""

    def extend(inner: st.SearchStrategy[TypeExpression]) -> st.SearchStrategy[TypeExpression]:
        args = st.lists(inner, max_size=2).map(tuple)
        members = st.lists(st.builds(TypeExpression, NAMES, args), min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(TypeExpression, NAMES, args, st.booleans()),
            st.builds(TypeExpression, st.just(UNION), members, st.booleans()),
        )

    return st.recursive(st.builds(TypeExpression, NAMES), extend, max_leaves=6)


@given(expressions())
def test_a_type_reads_as_it_is_written(expression: TypeExpression) -> None:
    assert parse_type(str(expression)) == expression


@given(st.text(alphabet="ab.$[],| 0('*", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_type(text)
    except TypeExpressionError:
        return
    assert parse_type(str(found)) == found


@pytest.mark.parametrize("text", ["", "a.B[", "a.B]", "| a", "a b", "[int]", "a.B[int", "a,b", "?"])
def test_no_type(text: str) -> None:
    with pytest.raises(TypeExpressionError):
        parse_type(text)


def test_literal_argument() -> None:
    expression = parse_type("boto3.client('$0') | None")
    assert expression.literal_argument == 0
    assert str(expression.with_literal("s3")) == "boto3.client('s3') | None"
    assert parse_type("boto3.client('s3')").literal_argument is None


# The shipped files and the store


def test_shipped_files_are_right_and_small() -> None:
    files = sorted(FOLDER.glob("*.toml"))
    compiled = compile_files(files)
    assert len(compiled.tables) > 2000
    assert sum(path.stat().st_size for path in files) < 400_000


def test_every_type_has_a_meaning() -> None:
    compiled = compile_files(sorted(FOLDER.glob("*.toml")))
    tables = {name: msgspec.msgpack.decode(raw, type=Table) for name, raw in compiled.tables.items()}
    for name, table in tables.items():
        for member, expression in (*table.returns.items(), *table.attrs.items()):
            references = [found for found in expression.names() if found.startswith("$")]
            assert table.is_class or "$self" not in references, f"{name}.{member} is no method"
            assert table.is_class or "$elem" not in references, f"{name}.{member} is no method"


def test_a_name_means_one_thing_in_one_role() -> None:
    """Beside its main meaning a call may only be an upsert or a commit-aware form."""
    compiled = compile_files(sorted(FOLDER.glob("*.toml")))
    for name, raw in compiled.tables.items():
        for member, numbers in msgspec.msgpack.decode(raw, type=Table).facts.items():
            details = [compiled.details[number] for number in numbers]
            main = [detail.role for detail in details if detail.effect not in ("after-commit", "upsert")]
            assert len(main) == len(set(main)), f"{name}.{member}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "database.toml").write_text('[module."acme"]\nread = "get"', encoding="utf-8")
    return tmp_path


def test_compiled_form_is_kept_and_used(files: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = compiled_knowledge(files, cache)
    (stored,) = cache.iterdir()
    written = stored.stat().st_mtime_ns
    assert compiled_knowledge(files, cache).tables.keys() == first.tables.keys()
    assert stored.stat().st_mtime_ns == written


def test_a_changed_file_is_read_again(files: Path, tmp_path: Path) -> None:
    compiled_knowledge(files, tmp_path / "cache")
    (files / "database.toml").write_text('[module."acme"]\nwrite = "put"', encoding="utf-8")
    known = Knowledge(compiled_knowledge(files, tmp_path / "cache"))
    assert known.fact("acme.put", "write") is not None
    assert not known.is_known("acme.get")


def test_old_forms_are_forgotten(files: Path, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        (files / "database.toml").write_text(f'[module."acme{number}"]\nread = "get"', encoding="utf-8")
        compiled_knowledge(files, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == KEPT
    assert Knowledge(compiled_knowledge(files, tmp_path / "cache")).is_known(f"acme{KEPT + 1}.get")


def test_a_damaged_store_is_rebuilt(files: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    compiled_knowledge(files, cache)
    (stored,) = cache.iterdir()
    stored.write_bytes(stored.read_bytes()[:-9])
    assert Knowledge(compiled_knowledge(files, cache)).is_known("acme.get")
    assert list(cache.iterdir()) == [stored]


def test_no_store_is_no_error(files: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    assert Knowledge(compiled_knowledge(files, blocked)).is_known("acme.get")
