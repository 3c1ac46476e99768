"""Pages. Django's own middleware asks everybody to sign in, except where a view is marked."""

from typing import Any

import stripe
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, DetailView, ListView, UpdateView

from shop.models import Order, Product
from shop.permissions import with_badge
from shop.services import accounts, checkout, parcels
from shop.shelf import PRODUCT_LIFE, product_key, remember


@method_decorator(login_not_required, name="dispatch")
class Storefront(ListView):  # threadly: public
    queryset = Product.objects.filter(stock__gt=0).order_by("-pk")
    paginate_by = 20


@method_decorator(login_not_required, name="dispatch")
class Register(CreateView):
    form_class = UserCreationForm
    template_name = "shop/register.html"
    success_url = reverse_lazy("sign-in")


@login_not_required
@require_POST
def sign_in_with_provider(request: HttpRequest) -> HttpResponse:
    identity = accounts.read_identity(request.POST.get("id_token", ""))
    login(request, accounts.user_of(identity), backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse(status=204)


@login_not_required
def product_page(request: HttpRequest, product_id: int) -> HttpResponse:  # threadly: public
    def load() -> dict[str, Any]:
        product = get_object_or_404(Product, pk=product_id)
        return {"title": product.title, "description": product.description, "price_cents": product.price_cents}

    return JsonResponse(remember(product_key(product_id), load, PRODUCT_LIFE))


@login_not_required
@transaction.non_atomic_requests
def shipping(request: HttpRequest, postcode: str) -> HttpResponse:
    return JsonResponse({"cents": parcels.quote(postcode)})


class Sell(CreateView):
    model = Product
    fields = ("title", "description", "price_cents", "stock")
    success_url = reverse_lazy("storefront")

    def form_valid(self, form: Any) -> HttpResponse:
        form.instance.seller = self.request.user
        return super().form_valid(form)


class Revise(UpdateView):
    fields = ("price_cents", "stock")
    success_url = reverse_lazy("storefront")

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.filter(seller=self.request.user)


class Receipt(DetailView):
    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(buyer=self.request.user)

    def render_to_response(self, context: dict[str, Any], **rest: Any) -> HttpResponse:
        greeting = self.request.GET.get("greeting", "Thank you")
        return HttpResponse(format_html("<h1>{}</h1><p>Order {}</p>", greeting, self.object.pk))


@require_POST
@with_badge
def withdraw(request: HttpRequest, product_id: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=product_id)
    product.stock = 0
    product.save(update_fields=["stock"])
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe.Webhook.construct_event(request.body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError):
        return HttpResponse(status=400)
    if event.type == "payment_intent.succeeded":
        intent = event.data.object
        checkout.mark_paid(int(intent["metadata"]["order_id"]), intent["id"])
    return HttpResponse(status=204)


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")
