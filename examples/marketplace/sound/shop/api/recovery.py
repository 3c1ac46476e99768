"""For people who lost their password."""

from fastapi import APIRouter, Request, Response

from shop.api.forms import Recovery
from shop.api.limits import limiter
from shop.api.providers import Accounts

router = APIRouter(prefix="/recovery", tags=["accounts"])


@router.post("", status_code=202)
@limiter.limit("3/minute")
async def recover(request: Request, response: Response, form: Recovery, accounts: Accounts) -> None:
    await accounts.recover(form.email)
