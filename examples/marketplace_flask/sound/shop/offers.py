"""Offers from member to member. Each view says itself that it is for members."""

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy import select

from shop.extensions import db
from shop.forms import OfferForm
from shop.gate import member, members_only
from shop.models import Offer, Product

trade = Blueprint("offers", __name__)


class OffersView(MethodView):
    decorators = (members_only,)

    def get(self) -> ResponseReturnValue:
        offers = db.session.scalars(select(Offer).where(Offer.buyer_id == member().id))
        return jsonify([{"id": each.id, "accepted": each.accepted} for each in offers])

    def post(self) -> ResponseReturnValue:
        form = OfferForm().load(request.get_json())
        offer = Offer(buyer_id=member().id, product_id=form["product_id"], price_cents=form["price_cents"])
        db.session.add(offer)
        db.session.commit()
        return jsonify(id=offer.id), 201


@trade.post("/<int:offer_id>/accept")
@members_only
def accept(offer_id: int) -> ResponseReturnValue:
    query = select(Offer).join(Product).where(Offer.id == offer_id, Product.seller_id == member().id)
    offer = db.session.scalar(query)
    if offer is None:
        abort(404)
    offer.accepted = True
    db.session.commit()
    return "", 204


trade.add_url_rule("", view_func=OffersView.as_view("offers"))
