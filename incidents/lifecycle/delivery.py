"""Steps that follow from notifying people: delivered, given up, not answered, snooze over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from collector.base.connections import one_by_one
from collector.base.days import CLOCKS_DIFFER, utc_day
from incidents.models import Channel, Incident, IncidentSettings, Notification, Origin, Status, TimelineStep
from incidents.notifying import recording
from incidents.notifying.routing import due_at, has_nobody

from .moves import UNRESOLVED, Transition, transition, write

BY_PEOPLE_HERE = Q(timeline__step=TimelineStep.ACKNOWLEDGED) & ~Q(timeline__origin=Origin.SYSTEM)


def alerted(incident: Incident, channel: Channel, at: datetime, refused: int = 0) -> None:
    """An alert got through on `channel`; only the first one is the incident's `alerted_at`.

    Every delivery is on the timeline. `refused`: the number of recipients that the mail server refused.
    """
    incident.refresh_from_db()
    text = channel.name
    if refused:
        text += f"; {refused} recipient{'s' if refused > 1 else ''} refused, see Messages sent in the admin"
    move = Transition(TimelineStep.ALERTED, (Status.OPEN,), Status.ALERTED, text)
    if incident.alerted_at is None:
        # Somebody may have acknowledged it on the page before any alert got through.
        if incident.status != Status.OPEN:
            move = Transition(TimelineStep.ALERTED, Status.values, None, text)
        is_noted = transition(incident, move, at, where={"alerted_at__isnull": True}, alerted_at=at)
    else:
        is_noted = transition(incident, move, at)
    if not is_noted:
        write(incident, TimelineStep.ALERTED, text, at)


def undelivered(notification: Notification, at: datetime) -> None:
    """`notification` was given up: the incident's timeline says so."""
    if notification.incident:
        text = f"{notification.channel}: {notification.error}"
        write(notification.incident, TimelineStep.UNDELIVERED, text, at)


def expire_snoozes(now: datetime) -> int:
    """Wake incidents whose snooze is over and alert again; return how many."""
    move = Transition(TimelineStep.WOKE, UNRESOLVED)
    return one_by_one(
        Incident.objects.unresolved().filter(snoozed_until__lte=now),
        lambda incident: transition(
            incident, move, now, where={"snoozed_until": incident.snoozed_until}, snoozed_until=None
        ),
    )


def expire_acknowledgements(now: datetime) -> int:
    """Alert again about incidents that were acknowledged too long ago; return how many.

    The last acknowledgement counts, which is the newest on the timeline: `acknowledged_at` keeps the first.
    One that was imported is history.
    """
    hours = IncidentSettings.get_solo().acknowledgement_hours
    if not hours:
        return 0
    too_old = now - timedelta(hours=hours)
    acknowledged = Incident.objects.filter(status=Status.ACKNOWLEDGED).annotate(
        answered_at=Max("timeline__at", filter=BY_PEOPLE_HERE)
    )
    move = Transition(
        TimelineStep.EXPIRED, (Status.ACKNOWLEDGED,), Status.OPEN, f"unresolved after {hours} h"
    )
    return one_by_one(
        acknowledged.filter(answered_at__lte=too_old),
        lambda incident: not incident.is_snoozed(now) and transition(incident, move, now),
    )


def unanswered(now: datetime) -> int:
    """Notify the next channel of alerts not acknowledged in time, delivered or not; return how many."""
    alerts = (
        Notification.objects.for_all()
        .filter(
            kind=Notification.Purpose.ALERT,
            incident__status__in=(Status.OPEN, Status.ALERTED),
            channel__is_enabled=True,
            channel__escalate_to__is_enabled=True,
        )
        .select_related("incident__member", "channel__escalate_to")
        .order_by("pk")
    )
    newest = {(alert.incident_id, alert.channel_id): alert for alert in alerts}
    policy = IncidentSettings.get_solo()
    return one_by_one(newest.values(), lambda alert: is_overdue(alert, policy, now) and escalate(alert, now))


def is_overdue(alert: Notification, policy: IncidentSettings, now: datetime) -> bool:
    """Whether nobody answered within the channel's minutes since `alert`, the newest there, got through or
    was first due without getting through; given up, it is overdue at once."""
    incident, minutes = alert.incident, alert.channel.escalate_after_minutes
    if incident is None or minutes is None or not recording.may_alert(incident, now):
        return False
    if alert.status == Notification.Status.GIVEN_UP:
        return True
    if not alert.tries and not alert.channel.is_paused(now):
        return False  # after a stop of the deliveries its own channel comes first
    if alert.sent_at and alert.sent_at > now + CLOCKS_DIFFER:
        return True  # nobody knows since when: a clock far ahead noted it
    since = alert.sent_at or due_at(
        alert.channel, incident.severity, policy, alert.created_at + wait_for_member(alert, policy)
    )
    return since + timedelta(minutes=minutes) <= now


def wait_for_member(alert: Notification, policy: IncidentSettings) -> timedelta:
    """How long the channel of `alert` waited for the member, if the member was asked."""
    asked = Notification.objects.filter(entry=alert.entry, channel__audience=Channel.Audience.MEMBER)
    if alert.entry is None or alert.channel.is_for_member or not asked.exists():
        return timedelta(0)
    return policy.channels_wait(alert.entry.severity)


def escalate(alert: Notification, now: datetime) -> bool:
    """Record an alert on the next channel, once per channel for each time that the incident alerted."""
    incident, channel = alert.incident, alert.channel.escalate_to
    if incident is None or channel is None or has_nobody(channel, utc_day(now)):
        return False
    with transaction.atomic():
        # The incident's row serialises two workers that find the same alert unanswered.
        current = Incident.objects.select_for_update().get(pk=incident.pk)
        alerting = current.timeline.filter(step__in=recording.ALERTS).values_list("at", flat=True)
        key = f"escalation:{current.pk}:{len(alerting)}"
        is_done = Notification.objects.filter(channel=channel, dedupe_key=key).exists()
        is_answered = current.status not in (Status.OPEN, Status.ALERTED)
        if is_done or is_answered or alert.created_at < max(alerting, default=alert.created_at):
            return False
        minutes = alert.channel.escalate_after_minutes
        why = f"no answer within {minutes} min on" if alert.sent_at else "nothing gets through on"
        text = f"{why} {alert.channel}; {channel} notified"
        entry = write(current, TimelineStep.UNANSWERED, text, now)
        policy, kind = IncidentSettings.get_solo(), Notification.Purpose.ALERT
        recording.record_notification(channel, entry, kind, policy, now, key)
    return True
