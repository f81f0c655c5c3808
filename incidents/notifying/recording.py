"""Writes down what is to be said about a step, in the step's own transaction. Sending is the outbox's."""

from __future__ import annotations

from datetime import datetime

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
from incidents.notifying.routing import channels_for, due_at, has_nobody

ALERTS = {
    TimelineStep.OPENED,
    TimelineStep.WORSENED,
    TimelineStep.REOPENED,
    TimelineStep.WOKE,
    TimelineStep.EXPIRED,
}
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


def record(entry: TimelineEntry, now: datetime) -> list[Notification]:
    """Record the notifications that `entry` calls for: alerts by routing, updates where it was told."""
    incident = entry.incident
    policy = IncidentSettings.get_solo()
    if is_alert(entry):
        channels = channels_for(incident, now) if may_alert(incident, now) else []
        return [
            record_notification(channel, entry, Notification.Kind.ALERT, policy, now) for channel in channels
        ]
    if entry.step in UPDATES:
        return [
            record_notification(channel, entry, Notification.Kind.UPDATE, policy, now)
            for channel in notified_channels(incident, now)
            if wants_update(channel, entry)
        ]
    return []


def escalate(entry: TimelineEntry, channel: Channel, dedupe_key: str, now: datetime) -> Notification:
    """Record an alert for one channel only, whatever its severities and groups."""
    return record_notification(
        channel, entry, Notification.Kind.ALERT, IncidentSettings.get_solo(), now, dedupe_key
    )


def record_notification(
    channel: Channel,
    entry: TimelineEntry,
    kind: Notification.Kind,
    policy: IncidentSettings,
    now: datetime,
    dedupe_key: str = "",
) -> Notification:
    notification = Notification.objects.create(
        channel=channel,
        kind=kind,
        incident=entry.incident,
        entry=entry,
        dedupe_key=dedupe_key or f"step:{entry.pk}",
        created_at=now,
        due_at=due_at(channel, entry.severity, policy, now),
    )
    if kind == Notification.Kind.ALERT:
        bring_forward(notification)
    return notification


def bring_forward(alert: Notification) -> None:
    """Let alerts of the same incident that quiet hours hold back go out with a louder one: left behind, they
    would hold up what follows it, and repeat it in the morning."""
    held_back = Notification.objects.waiting().filter(
        channel=alert.channel, incident=alert.incident, kind=Notification.Kind.ALERT, tries=0
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
    channels = (
        Channel.objects.enabled()
        .filter(notifications__incident=incident, notifications__kind=Notification.Kind.ALERT)
        .distinct()
    )
    return [channel for channel in channels if not has_nobody(channel, utc_day(now))]


def wants_update(channel: Channel, entry: TimelineEntry) -> bool:
    """E-mail hears of the end only: every other step would be one more mail."""
    return channel.kind != Channel.Kind.EMAIL or entry.to_status == Status.RESOLVED != entry.from_status
