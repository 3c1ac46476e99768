"""Open to everybody."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from shop import courier
from shop.extensions import db
from shop.forms import QuoteForm
from shop.models import Product

open_pages = Blueprint("storefront", __name__)


@open_pages.get("/products")  # threadly: public
def newest() -> ResponseReturnValue:
    products = db.session.scalars(select(Product).order_by(Product.id.desc()).limit(20))
    return jsonify([{"id": each.id, "title": each.title, "price_cents": each.price_cents} for each in products])


@open_pages.get("/shipping")
def shipping() -> ResponseReturnValue:  # threadly: public
    form = QuoteForm().load(request.args)
    return jsonify(cents=courier.quote(form["postcode"]))


@open_pages.get("/health")
def health() -> ResponseReturnValue:
    return jsonify(status="ok")
