"""E-mail through whatever backend Django is given: HTML and plain text."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from incidents.models import Channel
from incidents.models.channels import MEMBER
from incidents.notifying.messages import Alert, Digest
from incidents.wording import shorten

from .base import DeliveryError, Parcel

SUBJECT = 99  # mail programs show about so many characters
LOGIN_REFUSED = (401, 403, 535)


def recipients(channel: Channel, content: Alert | Digest) -> list[str]:
    """The channel's addresses, or the environment's; the member's own where the target says so."""
    members = [incident.member_email for incident in content.incidents] if isinstance(content, Alert) else []
    if channel.audience == Channel.Audience.MEMBER:
        return [address for address in members if address]
    listed = channel.target_items() or settings.ALERT_EMAIL_TO
    return [address for item in listed for address in (members if item == MEMBER else [item]) if address]


def send(channel: Channel, parcel: Parcel) -> str:
    """One message to all recipients; returns the Message-ID that later ones answer to."""
    to = recipients(channel, parcel.content)
    if not settings.EMAIL_CONFIGURED:
        raise DeliveryError("E-mail is not set up: set RESEND_API_KEY and RESEND_FROM, or EMAIL_URL.")
    if not to:
        raise DeliveryError("Nobody to write to: set ALERT_EMAIL_TO, or the target in the admin.")
    mail = build(parcel, to)
    try:
        mail.send()
    except Exception as problem:  # each backend has exceptions of its own
        raise explain(problem) from problem
    return parcel.root or mail.extra_headers["Message-ID"]


def build(parcel: Parcel, to: list[str]) -> EmailMultiAlternatives:
    template = "digest"
    if isinstance(parcel.content, Alert):
        template = "question" if parcel.content.question else "alert"
    title = subject(parcel)
    context = {"content": parcel.content, "subject": title}
    headers = {"Message-ID": message_id(parcel.key)}
    if parcel.root:
        headers |= {"In-Reply-To": parcel.root, "References": parcel.root}
    mail = EmailMultiAlternatives(
        title, render_to_string(f"incidents/mail/{template}.txt", context), sender(), to, headers=headers
    )
    mail.attach_alternative(render_to_string(f"incidents/mail/{template}.html", context), "text/html")
    return mail


def subject(parcel: Parcel) -> str:
    """One line without breaks: a name cannot add a header."""
    if not isinstance(parcel.content, Alert):
        return shorten(parcel.content.title, SUBJECT)
    question = parcel.content.question
    return shorten(question.headline if question else parcel.content.headline, SUBJECT)


def sender() -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or "Cursor Cost Monitor", address))


def message_id(key: str) -> str:
    """Made from the notification, so that a mail system can drop a repeated one."""
    host = urlsplit(settings.DASHBOARD_URL).hostname or "localhost"
    return f"<{key}@{host}>"


def explain(problem: Exception) -> DeliveryError:
    """What went wrong, without the recipients or a key."""
    status = getattr(problem, "status_code", None) or getattr(problem, "smtp_code", None)
    if status in LOGIN_REFUSED:
        return DeliveryError(
            f"The mail service refused the login ({status}): check RESEND_API_KEY or EMAIL_URL."
        )
    said = f"{type(problem).__name__} {status or ''}".strip()
    return DeliveryError(
        f"The mail could not be sent ({said}): check EMAIL_URL or RESEND_API_KEY, the sender's address "
        "and the mail server."
    )
