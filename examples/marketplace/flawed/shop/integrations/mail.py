"""Outgoing mail."""

import smtplib
from email.message import EmailMessage

from shop.core.settings import get_settings
from shop.services.wording import GOODBYE  # expect: TLG002

SENDER = "shop@marketplace.example"


def send_mail(recipient: str, subject: str, text: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SENDER, recipient, subject
    letter.set_content(f"{text}\n\n{GOODBYE}")
    with smtplib.SMTP(get_settings().mail_host) as server:  # expect: TLE002
        server.send_message(letter)
