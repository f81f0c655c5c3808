"""What the outbox and the kinds of channels say to each other."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.notifying.messages import Alert, Digest


@dataclass(eq=False)
class DeliveryError(Exception):
    """A message did not get through. The text says why and what to do, and never holds a key or an address.

    `code` is the other side's word for it; `retry_after` how long it asked to wait. `is_about_channel` means
    that the next message would fail alike, so that the rest of the channel can wait; `is_uncertain` that it
    may have got through after all, `is_permanent` that trying again cannot help.
    """

    reason: str
    code: str = ""
    retry_after: timedelta | None = None
    is_about_channel: bool = True
    is_uncertain: bool = False
    is_permanent: bool = False

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Receipt:
    """What got through: the channel's name for the message, whom the other side did not take it for, and whom
    it asks to try later."""

    remote_id: str
    refused: tuple[str, ...] = ()
    put_off: tuple[str, ...] = ()

    @property
    def refusal(self) -> str:
        """Who did not receive it, in sentences for administrators; empty when everybody did."""
        sentences = []
        if self.refused:
            sentences.append(f"The mail server refused {', '.join(self.refused)}: check the address.")
        if self.put_off:
            sentences.append(f"It asks to try {', '.join(self.put_off)} later, which is done.")
        return " ".join([*sentences, "Others received it."]) if sentences else ""


@dataclass(frozen=True)
class Parcel:
    """What one call of `send` brings to one channel.

    `key` stays the same however often it is sent. `root` is what the channel calls the message that this one
    follows up (Slack's ts), `root_alert` what that message says from now on; loud ones are shown to all.
    `sent_since` is given when an attempt may have got through unnoticed since then. `only_to` is the one
    recipient whom a mail is for, since the others have received it.
    """

    key: str
    event: str
    content: Alert | Digest
    root: str = ""
    root_alert: Alert | None = None
    is_loud: bool = True
    sent_since: datetime | None = None
    only_to: str = ""
