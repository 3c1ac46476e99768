"""Passwords, the shop's own tokens, and the identity provider's."""

from datetime import UTC, datetime, timedelta

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ValidationError

from shop.core.errors import NotSignedIn
from shop.core.settings import get_settings

TOKEN_LIFE = timedelta(hours=12)

hasher = PasswordHasher()


class Identity(BaseModel):
    """What the identity provider says about a person. ``sub`` is its id, not ours."""

    sub: str
    email: str
    name: str


def password_matches(password: str, password_hash: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (InvalidHashError, VerificationError):
        return False


def issue_token(user_id: int) -> str:
    claims = {"sub": str(user_id), "exp": datetime.now(UTC) + TOKEN_LIFE}
    return jwt.encode(claims, get_settings().token_secret, algorithm="HS256")


def read_token(token: str) -> int:
    """The database id in a token that this shop issued."""
    try:
        claims = jwt.decode(token, get_settings().token_secret, algorithms=["HS256"])
        return int(claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise NotSignedIn() from error


def read_identity(id_token: str) -> Identity:
    settings = get_settings()
    try:
        claims = jwt.decode(
            id_token,
            settings.identity_public_key,
            algorithms=["RS256"],
            audience=settings.identity_audience,
            issuer=settings.identity_issuer,
        )
        return Identity.model_validate(claims)
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise NotSignedIn() from error
