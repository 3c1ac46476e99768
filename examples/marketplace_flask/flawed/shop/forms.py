"""What may come in."""

from marshmallow import Schema, fields, validate


class SignInForm(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 80))
    password = fields.String(required=True, validate=validate.Length(12, 200))


class ProductForm(Schema):
    title = fields.String(required=True, validate=validate.Length(3, 120))
    price_cents = fields.Integer(required=True, validate=validate.Range(1, 10_000_000))
