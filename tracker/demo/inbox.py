"""Messages that the demo's channels would have sent, kept instead of sent."""

from collections.abc import Callable, Iterator
from html import unescape

from django.utils import timezone

from incidents.channels import email, registry, slack
from incidents.channels.base import Parcel, Receipt
from incidents.models import Channel, Notification
from incidents.notifying.messages import Alert

from .models import DemoMessage

Sender = Callable[[Channel, Parcel], str | Receipt]
SEED = "demo"  # how the demo's own channels are marked; others send for real
ROOM = "#ai-spend"
ADDRESSES = ["platform-leads@acme.example"]


def keep_messages() -> None:
    """Keep what the demo's channels send, by the code that would have sent it up to the last call."""
    registry.SENDERS[Channel.Medium.SLACK] = _kept_or(slack.send, keep_slack)
    registry.SENDERS[Channel.Medium.EMAIL] = _kept_or(email.send, keep_email)


def _kept_or(send: Sender, keep: Sender) -> Sender:
    return lambda channel, parcel: (keep if (channel.seed or "").startswith(SEED) else send)(channel, parcel)


def keep_slack(channel: Channel, parcel: Parcel) -> Receipt:
    if parcel.root and isinstance(parcel.content, Alert):
        title, text = f"In the thread: {parcel.content.headline}", parcel.content.step
    else:
        body = slack.body(parcel.content)
        title, text = unescape(str(body["text"])), unescape("\n".join(block_texts(body["blocks"])))
    return _keep(channel, parcel, ROOM, title, text)


def keep_email(channel: Channel, parcel: Parcel) -> Receipt:
    to = email.recipients(channel, parcel.content) or ADDRESSES
    mail = email.build(parcel, to)
    return _keep(channel, parcel, ", ".join(to), str(mail.subject), str(mail.body))


def _keep(channel: Channel, parcel: Parcel, to: str, title: str, text: str) -> Receipt:
    first = parcel.key.removeprefix("notification-").partition("-")[0]
    notification = Notification.objects.filter(pk=first).first() if first.isdecimal() else None
    message = DemoMessage.objects.create(
        kind=channel.kind,
        notification=notification,
        to=to[:300],
        title=title[:300],
        text=text,
        kept_at=notification.created_at if notification else timezone.now(),
    )
    return Receipt(parcel.root or f"demo-{message.pk}")


def block_texts(parts: object) -> Iterator[str]:
    """What a reader of Slack sees of a message's blocks, line by line."""
    for part in parts if isinstance(parts, list) else ():
        yield from _texts_of(part)


def _texts_of(part: dict[str, object]) -> Iterator[str]:
    text = part.get("text")
    if part.get("type") == "button":
        yield f"[{text['text'] if isinstance(text, dict) else text}]"
        return
    if isinstance(text, dict):
        yield str(text.get("text", ""))
    elif isinstance(text, str):
        yield text
    for name in ("fields", "elements"):
        yield from block_texts(part.get(name))
