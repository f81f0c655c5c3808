"""Records who is to be notified of a step, in the step's own transaction. The outbox sends it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from collector.base.days import utc_day
from incidents.models import (
    Channel,
    Incident,
    IncidentSettings,
    Notification,
    Origin,
    Status,
    TimelineEntry,
    TimelineStep,
)
from incidents.models.notifications import FOR_ONE, NotificationQuerySet
from incidents.notifying.routing import channels_for, due_at, has_nobody

ALERTS = {
    TimelineStep.OPENED,
    TimelineStep.WORSENED,
    TimelineStep.REOPENED,
    TimelineStep.WOKE,
    TimelineStep.EXPIRED,
}
# Steps after which the member is asked before the channels are notified.
ASKS_MEMBER = {TimelineStep.OPENED, TimelineStep.WORSENED, TimelineStep.REOPENED}
UPDATES = {
    TimelineStep.JOINED,
    TimelineStep.ACKNOWLEDGED,
    TimelineStep.QUIET,
    TimelineStep.RESOLVED,
    TimelineStep.REOPENED,
    TimelineStep.SNOOZED,
    TimelineStep.VERDICT,
    TimelineStep.NOTE,
    TimelineStep.LIMIT,
    TimelineStep.GUARD,
}


def record(entry: TimelineEntry, now: datetime) -> None:
    """Record the notifications that `entry` calls for: alerts by routing, updates where the alert went."""
    incident, policy = entry.incident, IncidentSettings.get_solo()
    if is_alert(entry):
        channels = channels_for(incident, now) if may_alert(incident, now) else []
        is_asked = entry.step in ASKS_MEMBER and any(channel.is_for_member for channel in channels)
        others_at = now + policy.channels_wait(entry.severity) if is_asked else now
        for channel in channels:
            not_before = now if channel.is_for_member else others_at
            record_notification(
                channel, entry, Notification.Purpose.ALERT, policy, now, not_before=not_before
            )
    elif entry.step in UPDATES:
        for channel in notified_channels(incident, now):
            if wants_update(channel, entry):
                record_notification(channel, entry, Notification.Purpose.UPDATE, policy, now)


def record_answer_of_member(
    entry: TimelineEntry, question: TimelineEntry, now: datetime, *, is_alarm: bool
) -> None:
    """Let the channels know of the member's answer. “Not me” alerts them at once; after any other answer the
    alerts that still wait for one are not needed, but for those of what happened after `question`."""
    incident, policy = entry.incident, IncidentSettings.get_solo()
    if is_alarm:
        for channel in channels_for(incident, now):
            if not channel.is_for_member:
                record_notification(channel, entry, Notification.Purpose.ALERT, policy, now)
    else:
        waiting_alerts(incident).filter(due_at__gt=now, entry__lte=question.pk).update(
            status=Notification.Status.WITHDRAWN, error=f"The member answered: {entry.text}."
        )
    alerted = Notification.objects.filter(incident=incident, kind=Notification.Purpose.ALERT)
    alerted = alerted.exclude(status=Notification.Status.WITHDRAWN).exclude(entry=entry)
    for channel in notified_channels(incident, now):
        is_sparing = channel.kind == Channel.Medium.EMAIL or (is_alarm and not channel.is_for_member)
        if not is_sparing and alerted.filter(channel=channel).exists():
            record_notification(channel, entry, Notification.Purpose.UPDATE, policy, now)


def release_waiting(incident: Incident, now: datetime) -> None:
    """Stop waiting for a member whom no message reaches: only the channels' own quiet hours delay it now."""
    policy = IncidentSettings.get_solo()
    for alert in waiting_alerts(incident).filter(due_at__gt=now).select_related("channel", "entry"):
        due = due_at(alert.channel, incident.severity, policy, now)
        Notification.objects.filter(pk=alert.pk, tries=0).update(due_at=min(due, alert.due_at))


def waiting_alerts(incident: Incident) -> NotificationQuerySet:
    """Alerts to channels, not to the member, that nothing was tried for yet."""
    waiting = Notification.objects.filter(status=Notification.Status.WAITING, tries=0)
    return waiting.filter(incident=incident, kind=Notification.Purpose.ALERT).exclude(
        channel__audience=Channel.Audience.MEMBER
    )


def record_notification(
    channel: Channel,
    entry: TimelineEntry,
    kind: Notification.Purpose,
    policy: IncidentSettings,
    now: datetime,
    dedupe_key: str = "",
    not_before: datetime | None = None,
) -> None:
    notification = Notification.objects.create(
        channel=channel,
        kind=kind,
        incident=entry.incident,
        entry=entry,
        dedupe_key=dedupe_key or f"step:{entry.pk}",
        created_at=now,
        due_at=due_at(channel, entry.severity, policy, not_before or now),
    )
    if kind == Notification.Purpose.ALERT:
        bring_forward(notification)


def record_late(channel: Channel, entry: TimelineEntry, policy: IncidentSettings, now: datetime) -> bool:
    """Record an alert for a channel that was not listening at that step; False if there is one."""
    try:
        with transaction.atomic():
            record_notification(channel, entry, Notification.Purpose.ALERT, policy, now)
    except IntegrityError:  # another process was faster
        return False
    return True


def record_for_later(
    rows: Sequence[Notification], addresses: Sequence[str], now: datetime, *, due_at: datetime
) -> None:
    """Record `rows` once more for recipients whom the mail server put off, while the others received them."""
    Notification.objects.bulk_create(
        [
            Notification(
                channel=row.channel,
                kind=row.kind,
                incident=row.incident,
                entry=row.entry,
                digest=row.digest,
                dedupe_key=f"{FOR_ONE}{address} {row.dedupe_key}",
                created_at=now,
                due_at=due_at,
                tries=1,
            )
            for row in rows
            for address in addresses
        ],
        ignore_conflicts=True,
    )


def bring_forward(alert: Notification) -> None:
    """Let alerts of the same incident that quiet hours hold back go out with a louder one: left behind, they
    would hold up what follows it, and repeat it in the morning."""
    held_back = Notification.objects.waiting().filter(
        channel=alert.channel, incident=alert.incident, kind=Notification.Purpose.ALERT, tries=0
    )
    held_back.filter(due_at__gt=alert.due_at).update(due_at=alert.due_at)


def is_alert(entry: TimelineEntry) -> bool:
    """Whether the step calls for attention; a person who reopens knows already."""
    return entry.step in ALERTS and entry.origin == Origin.SYSTEM


def speaks_up(entry: TimelineEntry, now: datetime) -> bool:
    """Whether people know the incident's figures from this step on: it alerts, or one of them reopens it."""
    if entry.step == TimelineStep.REOPENED and entry.origin != Origin.SYSTEM:
        return True
    return is_alert(entry) and may_alert(entry.incident, now)


def may_alert(incident: Incident, now: datetime) -> bool:
    """Not while snoozed, and never about somebody who left the team."""
    member = incident.member
    has_left = member is not None and (member.is_removed or member.gone_at is not None)
    return not has_left and not incident.is_snoozed(now)


def notified_channels(incident: Incident, now: datetime) -> list[Channel]:
    """Channels in use that an alert about `incident` was recorded for, and that are still for somebody."""
    alerts = incident.notifications.filter(kind=Notification.Purpose.ALERT).exclude(
        status=Notification.Status.WITHDRAWN
    )
    channels = Channel.objects.enabled().filter(pk__in=alerts.values("channel"))
    return [channel for channel in channels if not has_nobody(channel, utc_day(now))]


def wants_update(channel: Channel, entry: TimelineEntry) -> bool:
    """E-mail and the member concerned hear of the end only: every other step would be one more message."""
    is_sparing = channel.kind == Channel.Medium.EMAIL or channel.is_for_member
    return not is_sparing or entry.to_status == Status.RESOLVED != entry.from_status
