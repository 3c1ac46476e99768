"""People who sign in elsewhere. The provider's id stays in one column; everything else knows the user's own id."""

from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from shop.models import Person


def read_identity(id_token: str) -> dict[str, Any]:
    try:
        return jwt.decode(id_token, settings.IDENTITY_KEY, algorithms=["RS256"], audience="marketplace")
    except jwt.InvalidTokenError as error:
        raise PermissionDenied from error


@transaction.atomic
def user_of(identity: dict[str, Any]) -> User:
    user, _ = User.objects.get_or_create(username=identity["email"], defaults={"email": identity["email"]})
    Person.objects.get_or_create(provider_id=identity["sub"], defaults={"user": user})
    return user
