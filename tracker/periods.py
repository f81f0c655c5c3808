"""Which days a page is about: whole UTC days before today, or the billing cycle to the instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collector.base.days import day_end, day_start, days_between, utc_day
from collector.models import BillingCycle
from collector.models.totals import MemberModelDayQuerySet
from tracker.widgets import formats

# Days by the period's name in the address bar; the cycle has its own length.
WHOLE_DAYS = {"24h": 1, "3d": 3, "7d": 7, "14d": 14, "30d": 30}
LABELS = {"24h": "24 h", "3d": "3 d", "7d": "7 d", "14d": "14 d", "30d": "30 d", "cycle": "Cycle"}
DEFAULT = "30d"
DATES = "dates"  # the key of a period given by its first and last day


@dataclass(frozen=True)
class Period:
    """`first` to `last`, both included, are days that are over; today is never among them.

    Only a cycle's totals go up to now, being counted to the instant. Averages divide by `averaged`.
    """

    key: str
    first: date
    last: date
    today: date
    cycle: BillingCycle | None = None
    known_until: datetime | None = None  # what came later is unknown, not zero; None: nothing is cut

    @property
    def days(self) -> int:
        """Whole days; none on the first day of a cycle."""
        return (self.last - self.first).days + 1

    @property
    def end(self) -> date:
        """The last day that totals count: today in a cycle, else `last`."""
        return self.today if self.cycle else self.last

    @property
    def averaged(self) -> list[date]:
        """What averages count: days that lie wholly in the period, are over and are wholly known."""
        is_cut = self.cycle is not None and self.cycle.start_at > day_start(self.first)
        whole = days_between(self.first + timedelta(days=int(is_cut)), self.last)
        return [day for day in whole if self.known_until is None or day_end(day) <= self.known_until]

    def is_known(self, day: date) -> bool:
        """Whether anything of `day` is known; of one that is not, no figure is zero."""
        return self.known_until is None or day_start(day) < self.known_until

    @property
    def is_current(self) -> bool:
        """Whether today so far is shown after it: not where two days were asked for."""
        return self.key != DATES

    @property
    def last_shown(self) -> date:
        """The last day that charts show."""
        return self.today if self.is_current else self.last

    @property
    def as_of(self) -> datetime | None:
        """Where the figures stop, if that is before the last day shown."""
        return None if self.is_known(self.last_shown) else self.known_until

    @property
    def is_unknown(self) -> bool:
        """Whether nothing of the period is known at all."""
        return not self.is_known(self.first)

    @property
    def said(self) -> str:
        if self.cycle:
            return f"This cycle: {formats.instant(self.cycle.start_at)} to now"
        if self.days == 1:
            which = ", the last whole day" if self.is_current else ""
            return f"{formats.full_day(self.last)}{which} (UTC)"
        return (
            f"{formats.full_day(self.first)} to {formats.full_day(self.last)}: {self.days} whole days (UTC)"
        )

    @property
    def short(self) -> str:
        """`1 to 22 Nov`, for headings that the filter bar has explained already."""
        if self.cycle:
            return f"this cycle, since {formats.full_day(self.first)}"
        if self.days == 1:
            return formats.full_day(self.last)
        return f"{self.first.day} {self.first:%b} to {self.last.day} {self.last:%b}"

    @property
    def shown_days(self) -> list[date]:
        """Every day a chart shows: the whole days, and today so far where it follows them."""
        return list(days_between(self.first, self.last_shown))

    def of(self, rows: MemberModelDayQuerySet) -> MemberModelDayQuerySet:
        """The rows that this period's totals count."""
        return rows.in_cycle(self.cycle) if self.cycle else rows.between(self.first, self.last)


def whole_days(days: int, now: datetime, key: str = "", known_until: datetime | None = None) -> Period:
    """The `days` whole UTC days before today."""
    today = utc_day(now)
    first, last = today - timedelta(days=days), today - timedelta(days=1)
    return Period(key or f"{days}d", first, last, today, known_until=known_until)


def between(first: date, last: date, now: datetime, known_until: datetime | None = None) -> Period:
    """The whole UTC days from `first` to `last`, both included; today is not over and never among them."""
    today = utc_day(now)
    return Period(DATES, first, min(last, today - timedelta(days=1)), today, known_until=known_until)


def this_cycle(now: datetime, known_until: datetime | None = None) -> Period | None:
    """The cycle that `now` falls into, if one is known."""
    cycle = BillingCycle.objects.at(now)
    today = utc_day(now)
    if cycle is None:
        return None
    return Period("cycle", utc_day(cycle.start_at), today - timedelta(days=1), today, cycle, known_until)


def no_cycle(now: datetime) -> str:
    """Why there is no present cycle, without a full stop. One query."""
    ended = BillingCycle.objects.newest(now)
    if ended is None:
        return "No billing cycle is known yet"
    end = formats.full_day(utc_day(ended.end_at))
    return f"The new billing cycle is not known yet: the last one ended on {end}"
