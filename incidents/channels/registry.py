"""Which kind is sent by what, and the channels that the environment asks for."""

import logging
from collections.abc import Callable, Mapping
from itertools import chain, count

from django.conf import settings

from incidents.models import Channel, IncidentSettings

from . import email, opsgenie, pagerduty, slack, slack_direct, webhook
from .base import DeliveryError, Parcel, Receipt

logger = logging.getLogger(__name__)


def send_by_url(channel: Channel, parcel: Parcel) -> str:
    from . import by_url  # loads Apprise, which only such channels need

    return by_url.send(channel, parcel)


SENDERS: dict[str, Callable[[Channel, Parcel], str | Receipt]] = {
    Channel.Medium.SLACK: slack.send,
    Channel.Medium.EMAIL: email.send,
    Channel.Medium.WEBHOOK: webhook.send,
    Channel.Medium.APPRISE: send_by_url,
    Channel.Medium.PAGERDUTY: pagerduty.send,
    Channel.Medium.OPSGENIE: opsgenie.send,
}


def seed_channels() -> None:
    """Make what the environment and the policy ask for, once; a row that is there is left alone."""
    seed_environment_channels()
    seed_member_channel()


def seed_environment_channels() -> None:
    """Make a channel of each kind whose variables are set."""
    medium = Channel.Medium
    for kind, name, is_set in (
        (medium.SLACK, "Slack", settings.SLACK_BOT_TOKEN and settings.SLACK_CHANNEL_ID),
        (medium.EMAIL, "E-mail", settings.ALERT_EMAIL_TO),
        (medium.WEBHOOK, "Webhook", settings.WEBHOOK_URL),
    ):
        if is_set:
            seed_channel(kind, name, {"kind": kind, "audience": Channel.Audience.EVERYBODY})


def seed_member_channel() -> None:
    """Make the channel that asks the member, once the policy says so and there is none."""
    asking = Channel.objects.enabled().filter(audience=Channel.Audience.MEMBER)
    if IncidentSettings.get_solo().asks_member_first and not asking.exists():
        defaults = {
            "kind": Channel.Medium.SLACK if settings.SLACK_BOT_TOKEN else Channel.Medium.EMAIL,
            "audience": Channel.Audience.MEMBER,
            "sends_digests": False,
        }
        seed_channel("member", "The member concerned", defaults)


def seed_channel(seed: str, name: str, defaults: Mapping[str, object]) -> None:
    """Make the channel of that seed unless there is one, numbered where somebody has given away its name."""
    taken = set(Channel.objects.exclude(seed=seed).values_list("name", flat=True))
    names = chain([name], (f"{name} ({number})" for number in count(2)))
    free = next(each for each in names if each not in taken)
    Channel.objects.get_or_create(seed=seed, defaults={"name": free, **defaults})


def sender_of(channel: Channel) -> Callable[[Channel, Parcel], str | Receipt]:
    """What sends on `channel`: in Slack, a message to one person is not one to a channel."""
    if channel.kind == Channel.Medium.SLACK and channel.is_for_member:
        return slack_direct.send
    return SENDERS[channel.kind]


def send(channel: Channel, parcel: Parcel) -> Receipt:
    """Send `parcel`; an error that its sender did not foresee fails this one message."""
    try:
        answer = sender_of(channel)(channel, parcel)
        return answer if isinstance(answer, Receipt) else Receipt(answer)
    except DeliveryError:
        raise
    except Exception as problem:  # one channel's fault must never stop another
        logger.exception("sending on a %s channel failed", channel.kind)
        raise DeliveryError(
            f"Unexpected {type(problem).__name__} while sending; the log says where.", is_about_channel=False
        ) from problem
