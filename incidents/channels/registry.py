"""Which kind is sent by what, and the channels that the environment asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings

from incidents.models import Channel

from . import by_url, email, opsgenie, pagerduty, slack, webhook
from .base import DeliveryError, Parcel

logger = logging.getLogger(__name__)

SENDERS: dict[str, Callable[[Channel, Parcel], str]] = {
    Channel.Kind.SLACK: slack.send,
    Channel.Kind.EMAIL: email.send,
    Channel.Kind.WEBHOOK: webhook.send,
    Channel.Kind.APPRISE: by_url.send,
    Channel.Kind.PAGERDUTY: pagerduty.send,
    Channel.Kind.OPSGENIE: opsgenie.send,
}
NAMES = {Channel.Kind.SLACK: "Slack", Channel.Kind.EMAIL: "E-mail", Channel.Kind.WEBHOOK: "Webhook"}


def seed_channels() -> list[Channel]:
    """Make a channel for each kind that the environment asks for, once; a row that is there is left alone."""
    made = []
    for kind in asked_for():
        name = NAMES[kind]
        if Channel.objects.filter(name=name).exclude(seed=kind).exists():
            name = f"{name} (environment)"
        channel, is_new = Channel.objects.get_or_create(
            seed=kind, defaults={"kind": kind, "name": name, "audience": Channel.Audience.EVERYBODY}
        )
        made += [channel] if is_new else []
    return made


def asked_for() -> list[Channel.Kind]:
    """Kinds whose variables are set."""
    is_set = {
        Channel.Kind.SLACK: settings.SLACK_BOT_TOKEN and settings.SLACK_CHANNEL_ID,
        Channel.Kind.EMAIL: settings.ALERT_EMAIL_TO,
        Channel.Kind.WEBHOOK: settings.WEBHOOK_URL,
    }
    return [kind for kind, value in is_set.items() if value]


def send(channel: Channel, parcel: Parcel) -> str:
    """Send `parcel`; whatever its sender did not foresee is a failure of this one message."""
    try:
        return SENDERS[channel.kind](channel, parcel)
    except DeliveryError:
        raise
    except Exception as problem:  # one channel's fault must never stop another
        logger.exception("sending on a %s channel failed", channel.kind)
        raise DeliveryError(
            f"Unexpected {type(problem).__name__} while sending; the log says where.", is_about_channel=False
        ) from problem
