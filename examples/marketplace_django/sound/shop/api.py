"""The API. The settings say that callers are signed in; a view that wants something else says so."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from rest_framework import mixins, viewsets
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from shop.models import Letter, Order, Product
from shop.permissions import WorksInWarehouse
from shop.serializers import (
    CountSerializer,
    LetterSerializer,
    NewOrderSerializer,
    OrderSerializer,
    ProductSerializer,
    SearchSerializer,
)
from shop.services import catalogue, checkout


class TokenView(ObtainAuthToken):
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "sign-in"


class ProductViewSet(viewsets.ModelViewSet):
    serializer_class = ProductSerializer

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.filter(seller=self.request.user)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(seller=self.request.user)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Talks to Stripe, so the request as a whole is no transaction."""

    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(buyer=self.request.user)

    def create(self, request: Request) -> Response:
        form = NewOrderSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        order, secret = checkout.place(request.user, form.validated_data["product_id"], form.validated_data["quantity"])
        return Response({"order": OrderSerializer(order).data, "payment_secret": secret}, status=201)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        checkout.cancel(self.get_object())
        return Response(status=204)


class LetterViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet):
    serializer_class = LetterSerializer

    def get_queryset(self) -> QuerySet[Letter]:
        return Letter.objects.filter(recipient=self.request.user)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(sender=self.request.user)


class StockView(APIView):
    permission_classes = (WorksInWarehouse,)

    def put(self, request: Request, product_id: int) -> Response:
        form = CountSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        product = get_object_or_404(Product, pk=product_id)
        product.stock = form.validated_data["stock"]
        product.save(update_fields=["stock"])
        return Response(ProductSerializer(product).data)


@api_view(["GET"])
@permission_classes([AllowAny])
def search(request: Request) -> Response:  # threadly: public
    form = SearchSerializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    found = Product.objects.in_bulk(catalogue.find(form.validated_data["words"]))
    return Response(ProductSerializer(found.values(), many=True).data)
