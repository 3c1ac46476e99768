"""Settings, read from the environment once."""

from functools import lru_cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")

    database_url: str = "postgresql+asyncpg://shop@localhost/shop"
    redis_url: str = "redis://localhost:6379/0"
    broker_url: str = "redis://localhost:6379/1"
    search_url: str = "http://localhost:9200"
    shipping_url: str = "https://quotes.parcels.example"
    mail_host: str = "localhost"
    stripe_key: str = ""
    stripe_webhook_secret: str = ""
    sentry_dsn: str | None = None
    token_secret: str = ""
    identity_issuer: str = "https://identity.example"
    identity_audience: str = "marketplace"
    identity_public_key: str = ""
    picture_folder: Path = Path("/var/lib/shop/pictures")
    slip_folder: Path = Path("/var/lib/shop/slips")


@lru_cache
def get_settings() -> Settings:
    return Settings()
