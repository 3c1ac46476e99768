"""For people who lost their password."""

from fastapi import APIRouter

from shop.api.forms import Recovery
from shop.api.providers import Accounts

router = APIRouter(prefix="/recovery", tags=["accounts"])


@router.post("", status_code=202)
async def recover(form: Recovery, accounts: Accounts) -> None:  # expect: TLL001
    await accounts.recover(form.email)
