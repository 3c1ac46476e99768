"""Who is asking. ``remember_member`` only looks, ``stop_strangers`` and ``members_only`` refuse."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, g, session

from shop.extensions import db
from shop.models import Member

P = ParamSpec("P")
T = TypeVar("T")


def remember_member() -> None:
    member_id = session.get("member_id")
    g.member = None if member_id is None else db.session.get(Member, member_id)


def member() -> Member:
    """The member who asks; everybody else gets 401."""
    if g.get("member") is None:
        abort(401)
    return g.member


def stop_strangers() -> None:
    remember_member()
    member()


def members_only(view: Callable[P, T]) -> Callable[P, T]:
    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        stop_strangers()
        return view(*args, **kwargs)

    return run
