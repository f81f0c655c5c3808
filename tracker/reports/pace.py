"""A member with an open incident: where the cycle is heading if the last hours go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from collector.base.days import day_end, utc_day
from collector.base.money import cents
from collector.facts.forecast import Forecast
from collector.models import MemberModelHour
from tracker.periods import Period
from tracker.reports.people import Person
from tracker.widgets import formats

# Long enough to say something, short enough to be what goes on now.
HOURS = 3
HOUR = timedelta(hours=1)
USUAL_DAYS = 14  # what an hour usually costs is the mean over so many days, nights among them


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
    """`usual`, widened by the pace: expected to go on until the end of today, when somebody will have looked,
    and at most until the cycle ends."""
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


def extra_paces(people: Iterable[Person], period: Period, now: datetime) -> dict[int, Pace]:
    """What each of those with an open incident spends above their usual hour, over the last HOURS known
    hours, by member; nobody who does not, and nobody where usage stops before today. One query at most."""
    until = period.seen_until(now)
    members = [person.pk for person in people if person.has_open_incident]
    if not members or utc_day(until) < period.today:
        return {}
    this_hour = until.replace(minute=0, second=0, microsecond=0)
    start = this_hour - (HOURS - 1) * HOUR
    first = start - USUAL_DAYS * 24 * HOUR
    rows = MemberModelHour.objects.between(first, until).filter(member__in=members)
    sums = (
        rows.order_by()
        .values_list("member_id")
        .annotate(
            recent=Sum("total_cents", filter=Q(hour_at__gte=start), default=0),
            usual=Sum("total_cents", filter=Q(hour_at__lt=start), default=0),
        )
    )
    paces = {
        pk: Pace(
            cents(cents(recent) / Decimal((until - start) / HOUR) - cents(usual) / (24 * USUAL_DAYS)), until
        )
        for pk, recent, usual in sums
    }
    return {pk: pace for pk, pace in paces.items() if pace.cents_per_hour > 0}


def with_paces(usual: Forecast, paces: Sequence[Pace], cycle_end: datetime) -> Forecast:
    """A team's forecast, widened by what some of its members spend above their usual: expected to the end
    of today, by when somebody will have looked, and at most to the end of the cycle."""
    if not paces:
        return usual
    pace = Pace(sum((member_pace.cents_per_hour for member_pace in paces), Decimal(0)), paces[0].until)
    extra = pace.spent_by(min(day_end(utc_day(pace.until)), cycle_end))
    path = tuple((day, total + extra) for day, total in usual.path)
    band = tuple(
        (low, high + pace.spent_by(min(day_end(day), cycle_end)))
        for (day, _), (low, high) in zip(usual.path, usual.band, strict=True)
    )
    return Forecast(
        usual.low_cents, usual.expected_cents + extra, usual.high_cents + pace.spent_by(cycle_end), path, band
    )


def moment(instant: datetime, now: datetime) -> str:
    """`about 20:10 today` or `about Mon 30 Nov, 04:00`, in UTC, to ten minutes."""
    whole = instant.replace(minute=instant.minute // 10 * 10)
    if utc_day(instant) == utc_day(now):
        return f"about {whole:%H:%M} UTC today"
    return f"about {formats.day(utc_day(instant))}, {whole:%H:%M} UTC"
