"""The guard: limits the member of a critical incident that nobody answers. Off until it is switched on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Min, Q, Sum

from collector.base.connections import drop_if_dead
from collector.base.money import cents
from collector.base.reports import StepReport
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.spend_limits import LimitInForce, read_limit
from collector.models import BillingCycle, Member, UsageEvent
from detection.vocabulary import Severity
from incidents.actions.limits import LimitRefused, LimitWish, carry_out, may_write, record_wish, words
from incidents.lifecycle.moves import SYSTEM, write
from incidents.models import (
    GuardSettings,
    Incident,
    LimitChange,
    Notification,
    Origin,
    Status,
    TimelineEntry,
    TimelineStep,
)
from incidents.notifying.recording import ALERTS

if TYPE_CHECKING:  # pandas is behind it, which no web process needs
    from detection.replay.backtest import SimulatedIncident

log = logging.getLogger(__name__)
UNANSWERED = (Status.OPEN, Status.ALERTED)


@dataclass(frozen=True)
class GuardReport(StepReport):
    """How many members the guard limited, or would have limited."""

    acted: int = 0
    failed: int = 0

    @property
    def summary(self) -> str:
        if self.failed:
            return f"{self.acted} incidents guarded, {self.failed} failed"
        return f"{self.acted} incidents guarded" if self.acted else "nothing to do"


def run_guard(now: datetime, client: CursorClient | None = None) -> GuardReport:
    """Act, or in a dry run note what it would have done, once for each time that an incident opened."""
    policy = GuardSettings.get_solo()
    if policy.mode == GuardSettings.Mode.OFF:
        return GuardReport()
    is_live = policy.mode == GuardSettings.Mode.ON and may_write()
    acted = failed = 0
    for incident in due_incidents(policy, now):
        try:
            if is_live:
                acted += limit_member(incident, policy, client or CursorClient.from_settings(), now)
            else:
                acted += note_dry_run(incident, policy, now)
        except (CursorApiError, LimitRefused) as problem:
            log.warning("the guard could not act on incident %s: %s", incident.pk, problem)
        except Exception:  # an incident that makes it fail must not leave the others unguarded
            log.exception("the guard failed on incident %s", incident.pk)
            drop_if_dead()
            failed += 1
    return GuardReport(acted, failed)


def due_incidents(policy: GuardSettings, now: datetime) -> Iterator[Incident]:
    """Critical incidents of people that nobody acknowledged in time and the guard has not seen yet.

    Not those that another tool opened, which are history until they alert here.
    """
    steps = TimelineEntry.objects.filter(step__in=ALERTS).order_by()
    imported, alerting = steps.exclude(actor_name=""), steps.filter(actor_name="")
    is_live = ~Q(pk__in=imported.values("incident")) | Q(pk__in=alerting.values("incident"))
    unanswered = Incident.objects.filter(is_live, status__in=UNANSWERED, member__kind=Member.Kind.PERSON)
    for incident in unanswered.select_related("member"):
        if is_due(incident, policy, now):
            yield incident


def is_due(incident: Incident, policy: GuardSettings, now: datetime) -> bool:
    if incident.status not in UNANSWERED or incident.severity != Severity.CRITICAL:
        return False
    opened_at = incident.reopened_at or incident.detected_at
    is_seen = incident.timeline.filter(step=TimelineStep.GUARD, at__gte=opened_at).exists()
    since = unanswered_since(incident, opened_at)
    alerts = incident.notifications.filter(kind=Notification.Purpose.ALERT, created_at__gte=since)
    # A snooze that is over has yet to alert; after a stop of the deliveries people come first.
    untried = alerts.due(now).filter(tries=0).select_related("channel")
    if is_seen or incident.snoozed_until or any(not alert.channel.is_paused(now) for alert in untried):
        return False
    # Where no channel takes the alert, the guard does not wait for one.
    answerable_at = alerts.aggregate(first=Min("sent_at"))["first"] or since
    return bool(now - answerable_at >= timedelta(minutes=policy.minutes))


def unanswered_since(incident: Incident, opened_at: datetime) -> datetime:
    """Since when it is critical and waits for an answer: it may have become so long after it was opened, or
    was snoozed or acknowledged in between. Two queries."""
    steps = incident.timeline.filter(at__gte=opened_at)
    again = steps.filter(step__in=(TimelineStep.WOKE, TimelineStep.EXPIRED)).aggregate(last=Max("at"))
    begun_at = again["last"] or opened_at
    critical = steps.filter(at__gte=begun_at, severity=Severity.CRITICAL).aggregate(first=Min("at"))
    return critical["first"] or begun_at


def limit_dollars(spent_cents: Decimal, policy: GuardSettings) -> int:
    """What has been spent, in whole dollars rounded up, plus the extra."""
    return int((spent_cents / 100).quantize(Decimal(1), rounding=ROUND_UP)) + policy.extra_dollars


def limit_member(incident: Incident, policy: GuardSettings, client: CursorClient, now: datetime) -> bool:
    """Set the limit by Cursor's own figure of the spend; a lower one that holds already is left alone."""
    at_cursor = read_limit(client, incident.member.email) if incident.member else None
    with transaction.atomic():
        # Somebody may have answered, or another process acted, while Cursor was asked.
        current = Incident.objects.select_for_update().get(pk=incident.pk)
        change = record_limit(current, at_cursor, policy, now) if is_due(current, policy, now) else None
    if change:
        carry_out(change, client, now)
    return change is not None


def record_limit(
    incident: Incident, at_cursor: LimitInForce | None, policy: GuardSettings, now: datetime
) -> LimitChange | None:
    """Record the change to make and note it; None, with a note that says why, if there is none."""
    member = incident.member
    if member is None or at_cursor is None or at_cursor.total_cents is None:
        note(incident, "could not act: Cursor's answer does not include the member's spend.", now)
        return None
    dollars = limit_dollars(at_cursor.total_cents, policy)
    holds = at_cursor.decisive_dollars
    if holds is not None and holds <= dollars:
        note(incident, f"kept the limit of {words(holds)}, which is not higher than {words(dollars)}.", now)
        return None
    wish = LimitWish(
        member=member,
        to_dollars=dollars,
        reason=f"Nobody acknowledged the incident within {policy.minutes} min. "
        "The limit holds until an administrator changes it.",
        key=f"guard:{incident.pk}:{incident.reopened_count}",
        incident=incident,
        kind=LimitChange.Reason.GUARD,
    )
    change = record_wish(wish, SYSTEM, Origin.SYSTEM, now)
    note(incident, f"limits {member} to {words(dollars)} because nobody acknowledged the incident.", now)
    return change


def note_dry_run(incident: Incident, policy: GuardSettings, now: datetime) -> bool:
    spent = spent_cents_at(incident.member, now) if incident.member else Decimal(0)
    dollars = limit_dollars(spent, policy)
    note(
        incident,
        f"dry run: would have limited {incident.member} to {words(dollars)}, which is "
        f"{words(spent / 100)} spent in this cycle plus ${policy.extra_dollars:,}.",
        now,
    )
    return True


def note(incident: Incident, text: str, now: datetime) -> None:
    write(incident, TimelineStep.GUARD, text, now)


def spent_cents_at(member: Member, at: datetime) -> Decimal:
    """What the member had spent at `at` in its billing cycle, by the events."""
    cycle = BillingCycle.objects.at(at)
    if cycle is None:
        return Decimal(0)
    events = UsageEvent.objects.filter(member=member, occurred_at__gte=cycle.start_at, occurred_at__lte=at)
    return cents(events.aggregate(total=Sum("charged_cents"))["total"])


def guard_lines(incidents: Sequence[SimulatedIncident]) -> list[str]:
    """What the guard would have done about a backtest's incidents, had nobody acknowledged any.

    Nothing while the guard is off. What was spent past the limit is summed from the events of the same cycle.
    """
    policy = GuardSettings.get_solo()
    if policy.mode == GuardSettings.Mode.OFF:
        return []
    wait = timedelta(minutes=policy.minutes)
    due = [
        incident
        for incident in incidents
        if incident.severity == Severity.CRITICAL
        and incident.member_id is not None
        and (incident.ended_at is None or incident.ended_at >= incident.detected_at + wait)
    ]
    members = Member.objects.people().in_bulk({incident.member_id for incident in due})
    return [
        guard_line(members[incident.member_id], incident.detected_at + wait, policy)
        for incident in due
        if incident.member_id in members
    ]


def guard_line(member: Member, at: datetime, policy: GuardSettings) -> str:
    """`2026-03-02 13:00 guard: Carl limited to $462.00; $310.20 of the cycle's later spend refused`."""
    cycle = BillingCycle.objects.at(at)
    spent = spent_cents_at(member, at)
    limit = limit_dollars(spent, policy)
    whole = spent_cents_at(member, cycle.end_at - timedelta(milliseconds=1)) if cycle else spent
    refused = max(whole / 100 - limit, Decimal(0))
    return (
        f"{at:%Y-%m-%d %H:%M} guard: {member} limited to {words(limit)}; "
        f"{words(refused)} of the cycle's later spend refused"
    )
