"""Tables."""

from django.conf import settings
from django.db import models


class Person(models.Model):
    """What we know of somebody beyond their account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    provider_id = models.CharField(max_length=128, unique=True)


class Product(models.Model):
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.CharField(max_length=120)
    description = models.TextField(max_length=5000)
    price_cents = models.PositiveIntegerField()
    stock = models.PositiveIntegerField()


class Order(models.Model):
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=20, default="waiting")
    payment_id = models.CharField(max_length=80, blank=True)


class Letter(models.Model):
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sent_letters")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="letters")
    body = models.TextField(max_length=2000)
    read = models.BooleanField(default=False)
