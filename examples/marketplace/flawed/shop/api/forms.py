"""What may come in, and what goes out."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from shop.core.tidying import CleanText

Cents = Annotated[int, Field(gt=0, le=10_000_000)]
Stock = Annotated[int, Field(ge=0, le=100_000)]


class Registration(BaseModel):
    email: EmailStr
    password: Annotated[str, StringConstraints(min_length=12, max_length=200)]
    name: Annotated[CleanText, Field(min_length=1, max_length=80)]


class SignIn(BaseModel):
    email: EmailStr
    password: Annotated[str, StringConstraints(max_length=200)]


class ProviderSignIn(BaseModel):
    id_token: Annotated[str, StringConstraints(max_length=4096)]


class NewName(BaseModel):
    name: Annotated[CleanText, Field(min_length=1, max_length=80)]


class NewPassword(BaseModel):
    old: Annotated[str, StringConstraints(max_length=200)]
    new: Annotated[str, StringConstraints(min_length=12, max_length=200)]


class Recovery(BaseModel):
    email: EmailStr


class Token(BaseModel):
    token: str


class Listing(BaseModel):
    title: Annotated[CleanText, Field(min_length=3, max_length=120)]
    description: Annotated[CleanText, Field(max_length=5000)]
    price_cents: Cents
    stock: Stock
    weight_grams: Annotated[int, Field(gt=0, le=30_000)]


class Revision(BaseModel):
    price_cents: Cents
    stock: Stock


class Counted(BaseModel):
    stock: Stock


class NewOrder(BaseModel):
    product_id: int
    quantity: Annotated[int, Field(gt=0, le=100)]


class Parcel(BaseModel):
    postcode: Annotated[str, StringConstraints(pattern="^[0-9A-Z]{3,10}$")]


class Complaint(BaseModel):
    text: Annotated[CleanText, Field(min_length=1, max_length=2000)]


class Letter(BaseModel):
    recipient_id: int
    body: Annotated[CleanText, Field(min_length=1, max_length=2000)]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int


class PersonShown(Shown):
    name: str


class ProductShown(Shown):
    title: str
    price_cents: int


class OrderShown(Shown):
    product_id: int
    quantity: int
    total_cents: int
    status: str


class Checkout(BaseModel):
    order: OrderShown
    payment_secret: str


class MessageShown(Shown):
    sender_id: int
    body: str
    sent_at: datetime
