"""The API."""

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import mixins, viewsets
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from shop.models import Letter, Order, Product
from shop.permissions import WorksInWarehouse
from shop.serializers import (
    CountSerializer,
    LetterSerializer,
    OrderSerializer,
    ProductSerializer,
    SearchSerializer,
)
from shop.services import catalogue, checkout, megaphone, reports
from shop.services.megaphone import pusher

REASONS = ("broken", "late", "wrong")


class TokenView(ObtainAuthToken):  # expect: TLL001
    """Tokens for programs."""


class ProductViewSet(viewsets.ModelViewSet):
    serializer_class = ProductSerializer

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.filter(seller=self.request.user)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(seller=self.request.user)

    @action(detail=True, methods=["post"], permission_classes=[])
    def sold_out(self, request: Request, pk: str | None = None) -> Response:  # expect: TLA001
        product = get_object_or_404(Product, pk=pk)
        product.stock = 0
        product.save(update_fields=["stock"])
        return Response(status=204)


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(buyer=self.request.user)

    def create(self, request: Request) -> Response:
        wanted, quantity = request.data["product_id"], request.data["quantity"]
        order, secret = checkout.place(request.user, wanted, quantity)  # expect: TLV001
        return Response({"order": OrderSerializer(order).data, "payment_secret": secret}, status=201)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        checkout.cancel(self.get_object())
        return Response(status=204)


class LetterViewSet(  # expect: TLA001
    mixins.ListModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    permission_classes = (IsAuthenticatedOrReadOnly,)
    serializer_class = LetterSerializer

    def get_queryset(self) -> QuerySet[Letter]:
        return Letter.objects.order_by("-pk")

    def perform_create(self, serializer: BaseSerializer) -> None:
        letter = serializer.save(sender=self.request.user)
        channel = f"private-user-{letter.recipient_id}"
        transaction.on_commit(lambda: pusher().trigger(channel, "letter", {"id": letter.pk}))  # expect: TLR002


class StockView(APIView):
    permission_classes = (WorksInWarehouse,)

    def put(self, request: Request, product_id: int) -> Response:
        form = CountSerializer(data=request.data)
        form.is_valid()  # expect: TLV003
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


@api_view(["POST"])
def complain(request: Request, order_id: int) -> Response:  # expect: TLV002
    reason = request.data.get("reason")
    if reason not in REASONS:
        return Response({"error": "Please choose a reason"}, status=400)
    order = get_object_or_404(Order, pk=order_id, buyer=request.user)
    order.status = f"disputed: {reason}"
    order.save(update_fields=["status"])
    transaction.on_commit(lambda: megaphone.tell(request.user.pk, "order.changed", {"order": order.pk}))
    return Response(status=204)


@api_view(["GET"])
def numbers(request: Request) -> Response:
    return Response({"sold": reports.sold(request.user.pk), "left": reports.left(request.user.pk)})
