"""A member's own products."""

from flask import Blueprint, abort, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy import select

from shop.extensions import db
from shop.forms import ProductForm
from shop.gate import member, remember_member
from shop.models import Product

own_products = Blueprint("products", __name__)
own_products.before_request(remember_member)


def own_product(product_id: int) -> Product:
    query = select(Product).where(Product.id == product_id, Product.seller_id == member().id)
    product = db.session.scalar(query)
    if product is None:
        abort(404)
    return product


class ProductView(MethodView):
    def get(self, product_id: int) -> ResponseReturnValue:
        product = own_product(product_id)
        return jsonify(id=product.id, title=product.title, price_cents=product.price_cents)

    def put(self, product_id: int) -> ResponseReturnValue:
        form = ProductForm().load(request.get_json())
        product = own_product(product_id)
        product.title, product.price_cents = form["title"], form["price_cents"]
        db.session.commit()
        return "", 204

    def delete(self, product_id: int) -> ResponseReturnValue:
        db.session.delete(own_product(product_id))
        db.session.commit()
        return "", 204


@own_products.post("/products")
def sell() -> ResponseReturnValue:
    form = ProductForm().load(request.get_json())
    product = Product(seller_id=g.member.id, title=form["title"], price_cents=form["price_cents"])  # expect: TLA002
    db.session.add(product)
    db.session.commit()
    return jsonify(id=product.id), 201


@own_products.post("/products/<int:product_id>/archive")
def archive(product_id: int) -> ResponseReturnValue:  # expect: TLA001
    product = db.get_or_404(Product, product_id)
    db.session.delete(product)
    db.session.commit()
    return "", 204


own_products.add_url_rule("/products/<int:product_id>", view_func=ProductView.as_view("product"))
