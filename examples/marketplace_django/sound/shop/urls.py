"""Addresses."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from shop import api, pages

router = DefaultRouter()
router.register("products", api.ProductViewSet, basename="product")
router.register("orders", api.OrderViewSet, basename="order")
router.register("letters", api.LetterViewSet, basename="letter")

api_patterns = [
    path("token/", api.TokenView.as_view()),
    path("search/", api.search),
    path("stock/<int:product_id>/", api.StockView.as_view()),
    path("", include(router.urls)),
]

urlpatterns = [
    path("", pages.Storefront.as_view(), name="storefront"),
    path("sign-in/", LoginView.as_view(), name="sign-in"),
    path("sign-in/provider/", pages.sign_in_with_provider),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("register/", pages.Register.as_view(), name="register"),
    path("products/<int:product_id>/", pages.product_page),
    path("products/<int:product_id>/withdraw/", pages.withdraw),
    path("shipping/<slug:postcode>/", pages.shipping),
    path("selling/new/", pages.Sell.as_view()),
    path("selling/<int:pk>/", pages.Revise.as_view()),
    path("orders/<int:pk>/receipt/", pages.Receipt.as_view()),
    path("stripe/", pages.stripe_webhook),
    path("health/", pages.health),
    path("api/", include(api_patterns)),
]
