"""How errors become answers."""

from flask import Flask, Response, jsonify
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException


def register(app: Flask) -> None:
    app.register_error_handler(ValidationError, answer_bad_input)
    app.register_error_handler(HTTPException, answer_http_error)


def answer_bad_input(error: ValidationError) -> tuple[Response, int]:
    return jsonify(error="The data does not have the expected form"), 422


def answer_http_error(error: HTTPException) -> tuple[Response, int, list[tuple[str, str]]]:
    headers = [(name, value) for name, value in error.get_headers() if name not in {"Content-Type", "Content-Length"}]
    return jsonify(error=error.name), error.code or 500, headers
