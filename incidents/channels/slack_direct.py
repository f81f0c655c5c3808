"""Slack: a direct message to the member concerned, found by e-mail address; else an e-mail.

https://docs.slack.dev/reference/methods/users.lookupByEmail and conversations.open, read 2026-11-28.
"""

from dataclasses import replace

from django.conf import settings

from incidents.models import Channel
from incidents.notifying.messages import Alert

from . import email, slack
from .base import DeliveryError, Parcel, Receipt

# What means that Slack has no such person, so that e-mail is the way.
NOT_IN_SLACK = {"users_not_found", "user_not_found", "user_disabled", "cannot_dm_bot"}


def send(channel: Channel, parcel: Parcel) -> str | Receipt:
    """Write to the member whom the one incident is about; returns `channel/ts`, or the mail's Message-ID."""
    if not isinstance(parcel.content, Alert):
        return post_test(channel, parcel)
    address = parcel.content.incidents[0].member_email
    if "@" not in address:
        raise DeliveryError(
            "The member has no e-mail address, so no message can reach them.",
            is_about_channel=False,
            is_permanent=True,
        )
    if not settings.SLACK_BOT_TOKEN or parcel.root.startswith("<"):
        return email.send(channel, parcel)
    try:
        room = direct_channel(address)
    except DeliveryError as problem:
        if problem.code not in NOT_IN_SLACK:
            raise
        return email.send(channel, parcel)
    return send_direct(room, parcel, parcel.content)


def direct_channel(address: str) -> str:
    """The id of the conversation with whoever has that e-mail address in Slack."""
    user = slack.text_part(slack.call("users_lookupByEmail", email=address).data, "user", "id")
    room = user and slack.text_part(slack.call("conversations_open", users=user).data, "channel", "id")
    if not room:
        raise DeliveryError("Slack's answer names nobody to write to.", code="user_not_found")
    return room


def send_direct(room: str, parcel: Parcel, news: Alert) -> str:
    """A question is a message of its own, since it has buttons; what follows changes it."""
    root = parcel.root.partition("/")[2]
    if root and news.question is None:
        return f"{room}/{slack.follow_up(room, replace(parcel, root=root), news)}"
    return f"{room}/{slack.post(room, parcel)}"


def post_test(channel: Channel, parcel: Parcel) -> str:
    """A test has no member to write to; it checks the token."""
    if not settings.SLACK_BOT_TOKEN:
        raise DeliveryError("Slack is not set up: set SLACK_BOT_TOKEN. Members get e-mails instead.")
    return slack.text_part(slack.call("auth_test").data, "user")
