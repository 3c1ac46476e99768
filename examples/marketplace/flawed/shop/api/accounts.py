"""Registration and sign-in are open to everybody, but not often; the rest is for the owner of the account."""

from fastapi import APIRouter, Request, Response

from shop.api.doorkeeper import Shopper, Visitor
from shop.api.forms import NewName, NewPassword, PersonShown, ProviderSignIn, Registration, SignIn, Token
from shop.api.limits import limiter
from shop.api.providers import Accounts

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.post("", status_code=201, response_model=PersonShown)
@limiter.limit("5/minute")
async def register(request: Request, response: Response, form: Registration, accounts: Accounts) -> object:
    return await accounts.register(form.email, form.password, form.name)


@router.post("/sign-in")
@limiter.limit("10/minute")
async def sign_in(request: Request, response: Response, form: SignIn, accounts: Accounts) -> Token:
    return Token(token=await accounts.sign_in(form.email, form.password))


@router.post("/sign-in/provider")
@limiter.limit("10/minute")
async def sign_in_with_provider(
    request: Request, response: Response, form: ProviderSignIn, accounts: Accounts
) -> Token:
    return Token(token=await accounts.sign_in_with_provider(form.id_token))


@router.get("/me", response_model=PersonShown)
async def show_me(user: Shopper) -> object:
    return user


@router.patch("/me", status_code=204)
async def rename_me(form: NewName, user: Visitor, accounts: Accounts) -> None:
    await accounts.rename(user.id, form.name)  # expect: TLA002


@router.put("/me/password", status_code=204)
@limiter.limit("5/minute")
async def change_password(
    request: Request, response: Response, form: NewPassword, user: Shopper, accounts: Accounts
) -> None:
    await accounts.change_password(user.id, form.old, form.new)
