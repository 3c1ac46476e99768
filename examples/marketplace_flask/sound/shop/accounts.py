"""Registration and sign-in."""

from flask import Blueprint, abort, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from shop.extensions import db, limiter
from shop.forms import SignInForm
from shop.models import Member

open_accounts = Blueprint("accounts", __name__)


@open_accounts.post("")
@limiter.limit("5 per minute")
def register() -> ResponseReturnValue:
    form = SignInForm().load(request.get_json())
    db.session.add(Member(name=form["name"], password_hash=generate_password_hash(form["password"])))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        abort(409)
    return "", 201


@open_accounts.post("/sign-in")
@limiter.limit("10 per minute")
def sign_in() -> ResponseReturnValue:
    form = SignInForm().load(request.get_json())
    found = db.session.scalar(select(Member).where(Member.name == form["name"]))
    if found is None or not check_password_hash(found.password_hash, form["password"]):
        abort(401)
    session["member_id"] = found.id
    return "", 204


@open_accounts.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    return "", 204
