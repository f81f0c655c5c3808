"""Giving up old events while their daily totals stay."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min

from collector.base.days import day_end, day_start, days_between, utc_day
from collector.base.upsert import writing
from collector.models import Pruning, UsageEvent

# A cycle whose turn may still be corrected (31 days), what is read again (7), and a margin.
FEWEST_DAYS = 45


@dataclass(frozen=True)
class PrunePlan:
    """The whole days, both included, whose events go; how many those are."""

    first: date
    last: date
    events: int


def plan_pruning(days: int, now: datetime) -> PrunePlan | None:
    """What pruning all but the last `days` whole days would remove; None if nothing. ValueError if too few.

    The oldest day keeps its events: history often begins in the middle of it, and a backfill that brings
    the other half has to add up both.
    """
    if days < FEWEST_DAYS:
        raise ValueError(f"keep at least the last {FEWEST_DAYS} days of events: {days} is too few")
    oldest_at = UsageEvent.objects.aggregate(oldest=Min("occurred_at"))["oldest"]
    if oldest_at is None:
        return None
    first = utc_day(oldest_at) + timedelta(days=1)
    last = utc_day(now) - timedelta(days=days + 1)
    events = UsageEvent.objects.between(day_start(first), day_end(last)).count() if first <= last else 0
    return PrunePlan(first, last, events) if events else None


def prune(wanted: PrunePlan, now: datetime) -> int:
    """Delete the events of `wanted`; return how many. Killed half-way, the next one goes on.

    The totals are settled first: from then on nothing recomputes them from the events that are left.
    """
    with writing():
        Pruning.objects.create(first_day=wanted.first, last_day=wanted.last, started_at=now)
    total = 0
    for day in days_between(wanted.first, wanted.last):
        with writing():
            rows, _ = UsageEvent.objects.between(day_start(day), day_end(day)).delete()
        total += rows
    return total
