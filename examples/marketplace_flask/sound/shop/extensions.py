"""Extensions, bound to the application later."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
limiter = Limiter(get_remote_address, default_limits=["120 per minute"], headers_enabled=True, storage_uri="memory://")
