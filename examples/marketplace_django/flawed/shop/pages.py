"""Pages."""

from typing import Any

import stripe
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from shop.forms import LetterForm
from shop.models import Letter, Order, Product
from shop.permissions import with_badge
from shop.services import accounts, checkout, parcels
from shop.shelf import PRODUCT_LIFE, product_key, remember
from shop.tasks import close_account, hand_over


class Storefront(ListView):  # threadly: public
    queryset = Product.objects.filter(stock__gt=0).order_by("-pk")
    paginate_by = 20


class Register(CreateView):
    form_class = UserCreationForm
    template_name = "shop/register.html"
    success_url = reverse_lazy("sign-in")


@require_POST
def sign_in_with_provider(request: HttpRequest) -> HttpResponse:
    identity = accounts.read_identity(request.POST.get("id_token", ""))
    login(request, accounts.user_of(identity), backend="django.contrib.auth.backends.ModelBackend")
    return JsonResponse({"unread": accounts.unread(identity)})


def product_page(request: HttpRequest, product_id: int) -> HttpResponse:  # threadly: public
    def load() -> dict[str, Any]:
        product = get_object_or_404(Product, pk=product_id)
        return {"title": product.title, "description": product.description, "price_cents": product.price_cents}

    return JsonResponse(remember(product_key(product_id), load, PRODUCT_LIFE))


@transaction.non_atomic_requests
def shipping(request: HttpRequest, postcode: str) -> HttpResponse:  # threadly: public
    return JsonResponse({"cents": parcels.quote(postcode)})


class Sell(LoginRequiredMixin, CreateView):
    model = Product
    fields = "__all__"  # expect: TLV004
    success_url = reverse_lazy("storefront")


class Revise(LoginRequiredMixin, UpdateView):  # expect: TLA007
    model = Product
    fields = ("price_cents", "stock")
    success_url = reverse_lazy("storefront")


class Remove(DeleteView, LoginRequiredMixin):  # expect: TLA001
    model = Product
    success_url = reverse_lazy("storefront")


class Receipt(LoginRequiredMixin, DetailView):
    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(buyer=self.request.user)

    def render_to_response(self, context: dict[str, Any], **rest: Any) -> HttpResponse:
        greeting = self.request.GET.get("greeting", "Thank you")
        return HttpResponse(mark_safe(f"<h1>{greeting}</h1><p>Order {self.object.pk}</p>"))  # expect: TLV005


@require_POST
@with_badge
def withdraw(request: HttpRequest, product_id: int) -> HttpResponse:
    Product.objects.filter(pk=product_id).update(stock=0)  # expect: TLC002, TLX003
    return HttpResponse(status=204)


@require_POST
def write_letter(request: HttpRequest) -> HttpResponse:  # expect: TLA001
    form = LetterForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    recipient, body = form.cleaned_data["recipient"], escape(form.cleaned_data["body"])
    Letter.objects.create(sender=request.user, recipient=recipient, body=body)
    return HttpResponse(status=204)


@login_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    user_id = request.user.pk
    transaction.on_commit(lambda: hand_over(close_account, user_id))
    return HttpResponse(status=202)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe.Webhook.construct_event(request.body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        return JsonResponse({"error": str(error)}, status=400)  # expect: TLE004
    if event.type == "payment_intent.succeeded":
        intent = event.data.object
        checkout.mark_paid(int(intent["metadata"]["order_id"]), intent["id"])
    return HttpResponse(status=204)


def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")
