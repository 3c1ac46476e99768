"""Settings. Who is not signed in gets no page and no answer, unless a view says otherwise."""

import os
from pathlib import Path

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration

BASE_DIR = Path(__file__).resolve().parent

SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "")
ALLOWED_HOSTS = ["marketplace.example"]
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "storefront"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shop.middleware.Turnstile",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "shop.middleware.PoliteErrors",
]

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "ATOMIC_REQUESTS": True,
    }
}

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ.get("SHOP_REDIS_URL", "redis://localhost:6379/0"),
        "TIMEOUT": 300,
        "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_TIMEOUT": 2},
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "240/min", "sign-in": "10/min"},
    "EXCEPTION_HANDLER": "shop.middleware.answer_api_error",
}

EMAIL_TIMEOUT = 10
CELERY_BROKER_URL = os.environ.get("SHOP_BROKER_URL", "redis://localhost:6379/1")

STRIPE_KEY = os.environ.get("SHOP_STRIPE_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("SHOP_STRIPE_WEBHOOK_SECRET", "")
IDENTITY_KEY = os.environ.get("SHOP_IDENTITY_KEY", "")
SEARCH_URL = os.environ.get("SHOP_SEARCH_URL", "http://localhost:7700")
PARCELS_URL = os.environ.get("SHOP_PARCELS_URL", "https://quotes.parcels.example")
PUSHER = {"app_id": "1", "key": "shop", "secret": os.environ.get("SHOP_PUSHER_SECRET", ""), "cluster": "eu"}

sentry_sdk.init(dsn=os.environ.get("SHOP_SENTRY_DSN"), integrations=[DjangoIntegration(), CeleryIntegration()])
