"""E-mail through whatever backend Django is given: HTML and plain text."""

from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends import smtp
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from collector.base.deadline import DeadlineExceeded, deadline
from incidents.models import Channel
from incidents.models.channels import MEMBER
from incidents.models.notifications import LONGEST_FOR_ONE
from incidents.notifying.messages import Alert, Digest
from incidents.wording import shorten

from .base import DeliveryError, Parcel, Receipt
from .smtp import SmtpBackend

SUBJECT = 99  # characters that mail programs show, about
CALL_SECONDS = 30  # altogether: connecting, the login, all recipients, the message
LOGIN_REFUSED = (401, 403, 535)


def recipients(channel: Channel, content: Alert | Digest) -> list[str]:
    """The channel's addresses, or the environment's; the member's own where the target says so."""
    members = [incident.member_email for incident in content.incidents] if isinstance(content, Alert) else []
    if channel.audience == Channel.Audience.MEMBER:
        return [address for address in members if can_receive_mail(address)]
    listed = channel.target_items() or settings.ALERT_EMAIL_TO
    wanted = [address for item in listed for address in (members if item == MEMBER else [item])]
    return [address for address in wanted if can_receive_mail(address)]


def can_receive_mail(address: str) -> bool:
    """Whether mail can be sent there: members may have no address, or something that is not one."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def send(channel: Channel, parcel: Parcel) -> Receipt:
    """One message to all recipients; the receipt has the Message-ID that later ones answer to."""
    to = [parcel.only_to] if parcel.only_to else recipients(channel, parcel.content)
    if not settings.EMAIL_CONFIGURED:
        raise DeliveryError("E-mail is not set up: set RESEND_API_KEY and RESEND_FROM, or EMAIL_URL.")
    if not to and channel.is_personal:
        names = ", ".join(incident.who for incident in getattr(parcel.content, "incidents", ()))
        raise DeliveryError(
            f"{names or 'The member'} has no e-mail address that mail can be sent to.",
            is_about_channel=False,
            is_permanent=True,
        )
    if not to:
        raise DeliveryError("No recipient: set ALERT_EMAIL_TO, or the target in the admin.")
    mail = build(parcel, to)
    try:
        with deadline(CALL_SECONDS):
            refused = send_mail(mail)
    except Exception as problem:  # each backend has exceptions of its own
        raise explain(problem) from problem
    # A server that does not know the sender yet puts recipients off for some minutes (greylisting).
    put_off = [
        address for address, code in refused.items() if not is_final(code) and len(address) <= LONGEST_FOR_ONE
    ]
    message_id = parcel.root or mail.extra_headers["Message-ID"]
    return Receipt(message_id, tuple(refused.keys() - put_off), tuple(put_off))


def send_mail(mail: EmailMultiAlternatives) -> dict[str, int]:
    """Send, and return the recipients that the server refused while it took others, with its codes."""
    if not issubclass(import_string(settings.EMAIL_BACKEND), smtp.EmailBackend):
        mail.send()
        return {}
    with SmtpBackend() as backend:
        backend.send_messages([mail])
        return backend.refused


def greet_server() -> None:
    """Connect to the mail server and log in, if it is one that SMTP reaches; OSError or SMTPException."""
    if issubclass(import_string(settings.EMAIL_BACKEND), smtp.EmailBackend):
        with deadline(CALL_SECONDS), SmtpBackend():
            pass


def build(parcel: Parcel, to: list[str]) -> EmailMultiAlternatives:
    template = "digest"
    if isinstance(parcel.content, Alert):
        template = "question" if parcel.content.question else "alert"
    title = shorten(parcel.content.subject, SUBJECT)  # one line: a name cannot add a header
    context = {"content": parcel.content, "subject": title}
    host = urlsplit(settings.DASHBOARD_URL).hostname or "localhost"
    # Made from the notification, so that a mail system can drop a repeated one.
    headers = {"Message-ID": f"<{parcel.key}@{host}>"}
    if parcel.root:
        headers |= {"In-Reply-To": parcel.root, "References": parcel.root}
    mail = EmailMultiAlternatives(
        title, render_to_string(f"incidents/mail/{template}.txt", context), sender(), to, headers=headers
    )
    mail.attach_alternative(render_to_string(f"incidents/mail/{template}.html", context), "text/html")
    return mail


def sender() -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or "Cursor Cost Monitor", address))


def explain(problem: Exception) -> DeliveryError:
    """What went wrong, without the recipients or a key."""
    if isinstance(problem, SMTPRecipientsRefused):
        return refusal(problem)
    if isinstance(problem, SMTPDataError):
        return DeliveryError(
            f"The mail server refused this message (SMTPDataError {problem.smtp_code}); other messages "
            f"are still sent.",
            is_about_channel=False,
            is_permanent=is_final(problem.smtp_code),
        )
    if isinstance(problem, SMTPNotSupportedError):
        return DeliveryError(
            f"The mail server does not offer what EMAIL_URL asks for ({str(problem).rstrip('.')}): choose "
            "another port, or smtp:// without encryption or login."
        )
    status = getattr(problem, "status_code", None) or getattr(problem, "smtp_code", None)
    if status in LOGIN_REFUSED:
        return DeliveryError(
            f"The mail service refused the login ({status}): check RESEND_API_KEY or EMAIL_URL."
        )
    if status is None and isinstance(problem, OSError):
        return DeliveryError(
            f"The mail server did not answer ({type(problem).__name__}): check EMAIL_URL or RESEND_API_KEY, "
            "and the mail server.",
            is_uncertain=isinstance(problem, DeadlineExceeded),
        )
    name = f"{type(problem).__name__} {status or ''}".strip()
    return DeliveryError(
        f"The mail could not be sent ({name}): check EMAIL_URL or RESEND_API_KEY, the sender's address "
        "and the mail server."
    )


def refusal(problem: SMTPRecipientsRefused) -> DeliveryError:
    """All recipients were refused: that concerns this message alone."""
    codes = sorted({code for code, _ in problem.recipients.values()})
    listed = ", ".join(map(str, codes))
    return DeliveryError(
        f"The mail server refused every recipient ({listed}): check the address; other messages are still "
        f"sent.",
        is_about_channel=False,
        is_permanent=all(is_final(code) for code in codes),
    )


def is_final(code: int) -> bool:
    """Whether the server says that trying again cannot help (RFC 5321, 4.2.1)."""
    return 500 <= code < 600
