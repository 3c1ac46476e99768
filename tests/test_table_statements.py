"""Statements that are built of tables: whose rows they are, and what conditions on columns prove."""

from __future__ import annotations

from pathlib import Path

import pytest
from reach import program_of

from threadly_lint.program.access.personal import reads_personal_data

HEAD = """
import aiopg.sa
import sqlalchemy as sa
from aiohttp import web
from aiohttp_session import get_session
from sqlalchemy import select

meta = sa.MetaData()
members = sa.Table("members", meta, sa.Column("id", sa.Integer), sa.Column("email", sa.Text))
posts = sa.Table("posts", meta, sa.Column("title", sa.Text), sa.Column("user_id", sa.ForeignKey("members.id")))
loans = sa.Table("loans", meta, sa.Column("book", sa.Text), sa.Column("user_id", sa.ForeignKey("members.id")))


async def start(app):
    app["db"] = await aiopg.sa.create_engine(dsn="")


async def show(request):
    session = await get_session(request)
    async with request.app["db"].acquire() as connection:
        rows = await connection.execute({statement})
    return web.json_response(list(rows))


app = web.Application()
app.on_startup.append(start)
app.router.add_get("/", show)
"""


@pytest.mark.parametrize(
    ("statement", "personal"),
    [
        ("select([members])", True),
        ("select([members.c.email])", True),
        ("members.select().where(members.c.id > 3)", True),
        ("loans.select()", True),
        ("posts.select()", False),
        ("members.select().where(members.c.id == session['id'])", False),
    ],
)
def test_whose_rows(tmp_path: Path, statement: str, personal: bool) -> None:
    program = program_of(tmp_path, {"app.py": HEAD.replace("{statement}", statement)})
    (entry,) = program.entry_points
    assert reads_personal_data(entry) is personal
