"""What programs may send, and what they get."""

import nh3
from rest_framework import serializers

from shop.models import Letter, Order, Product


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ("id", "title", "description", "price_cents", "stock")

    def validate_description(self, value: str) -> str:
        return nh3.clean(value, tags=set())


class SearchSerializer(serializers.Serializer):
    words = serializers.CharField(min_length=2, max_length=80)


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ("id", "product", "quantity", "status")
        read_only_fields = fields


class LetterSerializer(serializers.ModelSerializer):
    class Meta:
        model = Letter
        fields = "__all__"  # expect: TLV004
        read_only_fields = ("sender",)


class CountSerializer(serializers.Serializer):
    stock = serializers.IntegerField(min_value=0, max_value=100_000)
