"""What ``endpoints`` and ``why`` tell about a small application."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from threadly_lint.cli import main

SHOP = """\
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Session

app = FastAPI()
engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    pass


class Parcel(Base):
    __tablename__ = "parcels"
    id = Column(Integer, primary_key=True)
    street = Column(String)


def caller(request: Request) -> str:
    name = request.session.get("user")
    if name is None:
        raise HTTPException(401)
    return name


@app.get("/health")
def health():
    return "ok"


@app.post("/parcels", dependencies=[Depends(caller)])
def send(street: str):
    with Session(engine) as session:
        session.add(Parcel(street=street))
        session.commit()


@app.delete("/parcels/{number}")
def lose(number: int):
    with Session(engine) as session:
        session.delete(session.get(Parcel, number))  # noqa: TLA001
        session.commit()
"""


HELD = """

def counted(request: Request):
    request.state.count = 1

@app.post("/keep", dependencies=[Depends(counted), Depends(caller)])
def keep(request: Request, name: str):
    requests.get(name)


import requests
"""

ROUTED = """

from fastapi import APIRouter

router = APIRouter()


@router.post("/weigh")
async def weigh(request: Request):
    with Session(engine) as session:
        session.add(Parcel(street=(await request.json())["street"]))
        session.commit()


app.include_router(router, prefix="/inside", dependencies=[Depends(caller)])
app.include_router(router, prefix="/outside")
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.threadly-lint]\n")
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "other.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def line_of(text: str) -> int:
    return SHOP[: SHOP.index(text)].count("\n") + 1


def test_table_has_a_line_for_each_endpoint(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints"]) == 0
    heading, *rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert heading[:3] == ["METHOD", "PATH", "HANDLER"]
    assert [row[:3] for row in rows] == [
        ["GET", "/health", "shop.health"],
        ["POST", "/parcels", "shop.send"],
        ["DELETE", "/parcels/{number}", "shop.lose"],
    ]
    assert rows[0][3].startswith("public: health check")
    assert "creates Parcel, writes Parcel" in rows[1][3]
    assert rows[2][3].startswith("none")


def test_json_tells_guards_and_effects(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints", "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    health, send, lose = document["endpoints"]
    assert (document["version"], send["methods"], send["path"], send["handler"]) == (
        1,
        ["POST"],
        "/parcels",
        "shop.send",
    )
    assert (send["file"], send["line"], send["framework"], send["kind"]) == (
        "shop.py",
        line_of("def send"),
        "fastapi",
        "http",
    )
    assert health["public"] == "health check"
    assert health["reaches"] == []
    lines = [line_of("name = request"), line_of("name = request") + 1]
    assert sorted(guard["line"] for guard in send["guards"]) == lines
    assert {reach["guarded"] for reach in send["reaches"]} == {"yes"}
    assert lose["guards"] == []
    assert {(reach["does"], reach["what"], reach["guarded"]) for reach in lose["reaches"]} == {
        ("reads", "Parcel", "no"),
        ("writes", "Parcel", "no"),
    }


def test_paths_limit_the_list(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints", "other.py", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["endpoints"] == []


def test_why_shows_what_was_credited(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", f"shop.py:{line_of('session.add')}"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "POST /parcels (fastapi http)"
    assert f"  handler: shop.send, shop.py:{line_of('def send')}" in out
    assert "  public on purpose: no; monitored: no" in out
    assert "  input: validated" in out
    assert "    rate limit: no; errors of external calls: no external call" in out
    assert any(line.startswith("    guarded by ") and f"shop.py:{line_of('name = request')}" in line for line in out)
    assert f"  writes `Parcel` at shop.py:{line_of('session.add')}, guarded" in out


def test_why_shows_what_was_looked_at_and_not_credited(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop.py").write_text(SHOP + HELD)
    line = (SHOP + HELD).splitlines().index("def keep(request: Request, name: str):") + 1
    assert main(["why", f"shop.py:{line}"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert f"    passes counted, shop.py:{line - 4}, which lets everybody through" in out
    assert not any("passes caller" in line for line in out)
    assert "    rate limit: no; errors of external calls: not handled" in out


def test_mounts_are_told_apart(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop.py").write_text(SHOP + ROUTED)
    assert main(["endpoints"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "shop.weigh" in line]
    assert [(row[1], row[3]) for row in rows] == [("/inside/weigh", "check"), ("/outside/weigh", "none")]
    assert main(["endpoints", "--output-format", "json"]) == 0
    endpoints = json.loads(capsys.readouterr().out)["endpoints"]
    (weigh,) = [one for one in endpoints if one["handler"] == "shop.weigh"]
    assert [(way["path"], bool(way["guards"]), way["limited"], way["errors"]) for way in weigh["mounts"]] == [
        ("/inside/weigh", True, "no", "no external call"),
        ("/outside/weigh", False, "no", "no external call"),
    ]
    assert (weigh["input"], weigh["unvalidated"], weigh["monitored"]) == (
        "unvalidated",
        ["JSON body to database write"],
        False,
    )


def test_why_shows_the_way_where_nobody_is_held_back(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", f"shop.py:{line_of('def lose')}"]) == 0
    out = capsys.readouterr().out
    assert "    no guard before the handler\n" in out
    assert f"  writes `Parcel` at shop.py:{line_of('session.delete')}, not guarded\n    shop.py:" in out
    assert "\nTLA001 reported: `DELETE /parcels/{number}` " in out


def test_why_names_the_reason_for_silence(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "other.py").write_text("def (  # noqa: TLZ001\n")
    assert main(["why", "other.py:1"]) == 0
    assert capsys.readouterr().out == "TLZ001 noqa (comment at line 1): syntax error: invalid syntax\n"


def test_why_admits_that_there_is_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "other.py:1:7"]) == 0
    assert capsys.readouterr().out == "other.py:1 is in no endpoint, and nothing was found there\n"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("other.py", "other.py is not FILE:LINE with a file that exists"),
        ("nowhere.py:3", "nowhere.py:3 is not FILE:LINE with a file that exists"),
        ("other.py:x", "other.py:x is not FILE:LINE with a file that exists"),
        ("left_out.py:1", "left_out.py does not belong to the project"),
    ],
)
def test_why_needs_a_place(shop: Path, capsys: pytest.CaptureFixture[str], place: str, said: str) -> None:
    (shop / "left_out.py").write_text("")
    (shop / "pyproject.toml").write_text("[tool.threadly-lint]\nextend-exclude = ['left_out.py']\n")
    assert main(["why", place]) == 2
    assert said in capsys.readouterr().err
