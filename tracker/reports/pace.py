"""A member with an open incident: where the cycle is heading if the last hours go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from collector.base.days import day_end, utc_day
from collector.base.money import cents
from collector.facts.forecast import Forecast
from collector.models import MemberModelHour
from tracker.widgets import formats

# Long enough to say something, short enough to be what goes on now.
HOURS = 3
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Pace:
    """What the last HOURS known hours have cost, an hour; they end at `until`."""

    cents_per_hour: Decimal
    until: datetime

    def reaches(self, cents_left: Decimal) -> datetime:
        """When so much more is spent."""
        return self.until + HOUR * float(cents_left / self.cents_per_hour)

    def spent_by(self, instant: datetime) -> float:
        """What is spent from `until` to `instant`."""
        return float(self.cents_per_hour) * max((instant - self.until) / HOUR, 0.0)


def pace_of(member_id: int, until: datetime) -> Pace | None:
    """The pace up to `until`, where usage stops being known; None where nothing was spent. One query.

    The hour that `until` lies in counts as far as it has gone.
    """
    this_hour = until.replace(minute=0, second=0, microsecond=0)
    start = this_hour - (HOURS - 1) * HOUR
    rows = MemberModelHour.objects.between(start, until).filter(member=member_id)
    spent = cents(rows.aggregate(spent=Sum("total_cents"))["spent"])
    if not spent:
        return None
    return Pace(cents(spent / Decimal((until - start) / HOUR)), until)


def at_pace(usual: Forecast, pace: Pace, spent: Decimal, cycle_end: datetime) -> Forecast:
    """`usual`, widened: at least what it says, at most the pace to the cycle's end, and as expected the pace
    to the end of today, by when somebody will have looked."""
    so_far = float(spent)
    tonight = min(day_end(utc_day(pace.until)), cycle_end)
    extra = max(so_far + pace.spent_by(tonight) - usual.path[0][1], 0.0)
    most = max(so_far + pace.spent_by(cycle_end), usual.high_cents + extra)
    path = tuple((day, total + extra) for day, total in usual.path)
    band = tuple(
        (low, max(high + extra, so_far + pace.spent_by(min(day_end(day), cycle_end))))
        for (day, _), (low, high) in zip(usual.path, usual.band, strict=True)
    )
    return Forecast(usual.low_cents, usual.expected_cents + extra, most, path, band)


def moment(instant: datetime, now: datetime) -> str:
    """`about 20:10 today` or `about Mon 30 Nov, 04:00`, in UTC, to ten minutes."""
    whole = instant.replace(minute=instant.minute // 10 * 10)
    if utc_day(instant) == utc_day(now):
        return f"about {whole:%H:%M} UTC today"
    return f"about {formats.day(utc_day(instant))}, {whole:%H:%M} UTC"
