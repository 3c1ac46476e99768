"""What is read off the text of an SQL statement."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reach import program_of

from threadly_lint.program.interpreter.sql import Statement, columns_of, is_statement, parse

NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "SELECT * FROM people WHERE name = '{}' AND Password = %s",
            Statement("select", "people", NOTHING, frozenset({"name", "password"})),
        ),
        (
            "\n  insert or replace into main.people (name, password) values (?, ?)",
            Statement("insert", "people", frozenset({"name", "password"}), NOTHING),
        ),
        ("INSERT INTO people VALUES (?, ?)", Statement("insert", "people", NOTHING, NOTHING)),
        (
            'UPDATE "people" SET password = %s, code = NULL WHERE id IN (1, 2)',
            Statement("update", "people", frozenset({"password", "code"}), frozenset({"id"})),
        ),
        ("delete from {} where id=1", Statement("delete", "{}", NOTHING, frozenset({"id"}))),
        (
            "WITH late AS (SELECT 1) SELECT a.x FROM orders a WHERE a.total > 3 AND a.state <> 'new'",
            Statement("select", "orders", NOTHING, frozenset({"state"})),
        ),
    ],
)
def test_statements(text: str, found: Statement) -> None:
    assert parse(text) == found


@pytest.mark.parametrize("text", ["", "Update your profile", "delete", "Insert the card into the slot", "select one"])
def test_sentences_are_no_statements(text: str) -> None:
    assert not is_statement(text)
    assert parse(text) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert (parse(text) is not None) == is_statement(text)


def test_columns_come_from_all_statements_of_the_project(tmp_path: Path) -> None:
    files = {
        "tables.py": 'TABLES = """CREATE TABLE IF NOT EXISTS people (id INT, password TEXT)"""\n',
        "app.py": 'def find(name):\n    return f"SELECT * FROM people WHERE nick = {name} AND id = 1"\n',
    }
    program = program_of(tmp_path, files)
    assert columns_of(program, "people") == {"id", "int", "password", "text", "nick"}
    assert columns_of(program, "goods") == frozenset()
