"""The marketplace on Flask: a product list, offers between members, quotes of a courier."""

import os

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.flask import FlaskIntegration

from shop import accounts, answers, offers, products, storefront
from shop.extensions import db, limiter


def create_app() -> Flask:
    sentry_sdk.init(dsn=os.environ.get("SHOP_SENTRY_DSN"), integrations=[FlaskIntegration()])
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("SHOP_SECRET_KEY", "")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("SHOP_DATABASE", "sqlite:///shop.db")
    app.config["COURIER_URL"] = os.environ.get("SHOP_COURIER", "https://courier.example")
    db.init_app(app)
    limiter.init_app(app)
    answers.register(app)
    app.register_blueprint(storefront.open_pages)
    app.register_blueprint(accounts.open_accounts, url_prefix="/accounts")
    app.register_blueprint(products.own_products, url_prefix="/selling")
    app.register_blueprint(offers.trade, url_prefix="/offers")
    return app
