"""What an endpoint is evidently there for, seen from what it does to the session and to rows."""

from __future__ import annotations

from pathlib import Path

from reach import program_of

from threadly_lint.program.access.publicness import evident_purpose

FLASK = """
from flask import Flask, redirect, request, session
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Member(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    password = db.Column(db.String)


class Basket(db.Model):
    id = db.Column(db.Integer, primary_key=True)


@app.get("/desk")
def desk():
    if not session.get("member"):
        return redirect("/")
    return {"desk": Member.query.get(session["member"]).id}


@app.get("/basket")
def basket():
    if not session.get("basket"):
        return redirect("/")
    return {"basket": Basket.query.get(session["basket"]).id}


"""


def purposes(folder: Path, source: str) -> dict[str, str]:
    program = program_of(folder, {"app.py": FLASK + source})
    found = {e.function.name: evident_purpose(e) for e in program.entry_points}
    return {name: purpose.kind if purpose else "" for name, purpose in found.items() if name not in ("desk", "basket")}


def test_an_emptied_session_key_is_a_sign_out(tmp_path: Path) -> None:
    found = purposes(
        tmp_path,
        """
@app.post("/leave")
def leave():
    session["member"] = None
    return redirect("/")


@app.post("/enter")
def enter():
    session["member"] = Member.query.filter_by(name=request.form["name"]).first().id
    return redirect("/")
""",
    )

    assert found == {"leave": "sign-out", "enter": "sign-in"}


def test_the_key_of_a_row_that_is_no_account_signs_nobody_in(tmp_path: Path) -> None:
    found = purposes(
        tmp_path,
        """
@app.post("/fill")
def fill():
    filled = Basket()
    db.session.add(filled)
    db.session.commit()
    session["basket"] = str(filled.id)
    return redirect("/")


@app.post("/take")
def take():
    taken = Basket.query.get(request.form["basket"])
    db.session.delete(taken)
    db.session.commit()
    session["basket"] = taken.id
    return redirect("/")


@app.post("/become")
def become():
    member = Member.query.get(request.form["member"])
    session["member"] = member.id
    return redirect("/")
""",
    )

    assert found == {"fill": "guest", "take": "", "become": "sign-in"}
