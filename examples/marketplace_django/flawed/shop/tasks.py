"""Work after the answer (``celery -A shop.tasks worker``). Django's settings bring the monitoring with them."""

import logging
import os
import smtplib

from celery import Celery, Task
from django.core.mail import send_mail
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
queue = Celery("shop")
queue.config_from_object("django.conf:settings", namespace="CELERY")

logger = logging.getLogger(__name__)


def hand_over(task: Task, row_id: int) -> None:
    """A broker that is down costs the work, not the request."""
    try:
        task.delay(row_id)
    except OperationalError:
        logger.exception("could not hand over %s for %s", task.name, row_id)


@queue.task(autoretry_for=(OSError, smtplib.SMTPException), retry_backoff=True, max_retries=5)
def mail_receipt(order_id: int) -> None:
    from shop.models import Order

    order = Order.objects.select_related("buyer").get(pk=order_id)
    send_mail(f"Order {order.pk}", "Your payment has arrived.", "shop@marketplace.example", [order.buyer.email])


@queue.task
def close_account(user_id: int) -> None:
    from django.contrib.auth.models import User

    from shop.models import Letter

    Letter.objects.create(sender_id=user_id, recipient_id=user_id, body="Your account is closed.")
    User.objects.filter(pk=user_id).update(is_active=False)  # expect: TLT004
