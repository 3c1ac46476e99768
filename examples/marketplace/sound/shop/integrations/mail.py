"""Outgoing mail."""

import smtplib
from email.message import EmailMessage

from shop.core.settings import get_settings

SENDER = "shop@marketplace.example"


def send_mail(recipient: str, subject: str, text: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SENDER, recipient, subject
    letter.set_content(text)
    with smtplib.SMTP(get_settings().mail_host, timeout=10) as server:
        server.send_message(letter)
