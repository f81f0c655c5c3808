"""What one message brings to its channel: its words, and the earlier message that it follows."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from incidents.channels.base import DeliveryError, Parcel
from incidents.models import Channel, Incident, Notification
from incidents.notifying import messages
from incidents.notifying.batches import Batch
from incidents.wording import clean, instant

logger = logging.getLogger(__name__)
Status = Notification.Status


def compose(channel: Channel, batch: Batch) -> Parcel:
    """The batch's message; DeliveryError, about this message and not the channel, if it cannot be written."""
    try:
        return replace(parcel(channel, batch), only_to=batch.only_to)
    except Exception as problem:
        logger.exception("a message on channel %s could not be written", channel)
        raise DeliveryError(
            f"The message could not be written ({type(problem).__name__}); the log says where.",
            is_about_channel=False,
        ) from problem


def parcel(channel: Channel, batch: Batch) -> Parcel:
    first = batch.rows[0]
    is_uncertain = any(row.is_uncertain or row.status == Status.SENDING for row in batch.rows)
    since = min(row.created_at for row in batch.rows) if is_uncertain else None
    if first.digest is not None:
        content = messages.DIGESTS.validate_python(first.digest)
        # A notice is named by what it is about, which its key begins with: `budget:…`.
        event = first.dedupe_key.partition(":")[0] if first.kind == Notification.Purpose.NOTICE else "digest"
        return Parcel(batch.key, event, content, sent_since=since)
    entries = [row.entry for row in batch.rows if row.entry]
    steps = [f"{clean(entry.sentence)} · {instant(entry.at)}" for entry in entries]
    news = messages.alert(batch.incidents, "; ".join(dict.fromkeys(steps)))
    if channel.is_for_member and first.kind == Notification.Purpose.ALERT and first.entry:
        news = messages.ask_member(news, first.entry)
    root, covered = find_root(channel, batch.incidents)
    return Parcel(
        key=batch.key,
        event=f"incident.{first.entry.step}" if first.entry and not news.is_summary else "summary",
        content=news,
        root=root,
        root_alert=messages.alert(covered) if covered else None,
        is_loud=batch.kind == Notification.Purpose.ALERT,
        sent_since=since,
    )


def find_root(channel: Channel, incidents: Sequence[Incident]) -> tuple[str, list[Incident]]:
    """The message on `channel` that a message about one incident follows, and the incidents that it shows."""
    if len(incidents) != 1 or channel.kind == Channel.Medium.WEBHOOK or channel.pages_people:
        return "", []
    alerts = Notification.objects.filter(channel=channel, kind=Notification.Purpose.ALERT, status=Status.SENT)
    first = alerts.filter(incident=incidents[0]).exclude(remote_id="").order_by("sent_at", "pk").last()
    if first is None:
        return "", []
    shown = Incident.objects.filter(
        notifications__in=alerts.filter(remote_id=first.remote_id)
    ).select_related("member")
    return first.remote_id, list(shown.distinct().order_by("pk"))
