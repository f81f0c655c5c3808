"""Messages about no incident: digests, steps of budgets, requests for a limit. The outbox sends them."""

from collections.abc import Iterable
from datetime import datetime

from incidents.models import Channel, IncidentSettings, Notification
from incidents.notifying.messages import Digest
from incidents.notifying.routing import due_at


def record_notice(
    channel: Channel, key: str, content: Digest, now: datetime, kind: str = Notification.Purpose.NOTICE
) -> bool:
    """Record one notice, in the caller's transaction; False where the channel has one of that key already.

    What stands before the key's first colon names the event for webhooks.
    """
    _, is_new = Notification.objects.get_or_create(
        channel=channel,
        dedupe_key=key,
        defaults={
            "kind": kind,
            "digest": content.as_json(),
            "created_at": now,
            "due_at": due_at(channel, "", IncidentSettings(), now),
        },
    )
    return is_new


def shared_channels(channels: Iterable[Channel]) -> list[Channel]:
    """Those that do not write to the member concerned alone."""
    return [channel for channel in channels if not channel.is_personal]
