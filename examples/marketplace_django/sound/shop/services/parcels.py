"""Quotes of the parcel service."""

import requests
from django.conf import settings

from shop.glass import behind_glass


@behind_glass("parcels.quote")
def quote(postcode: str) -> int:
    answer = requests.get(f"{settings.PARCELS_URL}/quotes", params={"to": postcode}, timeout=5)
    answer.raise_for_status()
    return int(answer.json()["cents"])
