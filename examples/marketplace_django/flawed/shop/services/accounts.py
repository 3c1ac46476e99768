"""People who sign in elsewhere. The provider's id stays in one column; everything else knows the user's own id."""

from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from shop.models import Letter, Person


def read_identity(id_token: str) -> dict[str, Any]:
    try:
        return jwt.decode(id_token, settings.IDENTITY_KEY, algorithms=["RS256"], audience="marketplace")
    except jwt.InvalidTokenError as error:
        raise PermissionDenied from error


def user_of(identity: dict[str, Any]) -> User:
    try:
        person = Person.objects.get(provider_id=identity["sub"])
    except Person.DoesNotExist:
        user = User.objects.create_user(username=identity["email"], email=identity["email"])
        person = Person.objects.create(provider_id=identity["sub"], user=user)  # expect: TLA004
    return person.user


def unread(identity: dict[str, Any]) -> int:
    return Letter.objects.filter(recipient_id=identity["sub"], read=False).count()  # expect: TLA003
