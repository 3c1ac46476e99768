"""Offers from member to member. Each view says itself that it is for members."""

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy import select

from shop.extensions import db
from shop.gate import member, members_only
from shop.models import Offer

trade = Blueprint("offers", __name__)


class OffersView(MethodView):
    decorators = (members_only,)

    def get(self) -> ResponseReturnValue:
        offers = db.session.scalars(select(Offer).where(Offer.buyer_id == member().id))
        return jsonify([{"id": each.id, "accepted": each.accepted} for each in offers])

    def post(self) -> ResponseReturnValue:
        offer = Offer(buyer_id=member().id, **request.get_json())  # expect: TLV004
        db.session.add(offer)
        db.session.commit()
        return jsonify(id=offer.id), 201


@members_only  # expect: TLA006
@trade.post("/<int:offer_id>/accept")
def accept(offer_id: int) -> ResponseReturnValue:
    offer = db.session.get(Offer, offer_id)
    if offer is None:
        abort(404)
    offer.accepted = True
    db.session.commit()
    return "", 204


trade.add_url_rule("", view_func=OffersView.as_view("offers"))
