"""Where a cycle's spend is heading: weekday-aware, with a band, and only from enough history. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import fmean

from collector.base.days import day_end, day_start, days_between, utc_day
from collector.models import BillingCycle

MIN_DAYS, MAX_DAYS = 14, 28  # whole days of history: two weeks at least, the newest four at most
BAND_SIGMAS = 1.2816  # eight in ten of a normal distribution lie within


@dataclass(frozen=True)
class Forecast:
    """Spend of the whole cycle, in cents; the true end lies in the band in about eight cases of ten."""

    low_cents: float
    expected_cents: float
    high_cents: float
    path: tuple[tuple[date, float], ...]  # expected running total at the end of each day from today on
    band: tuple[tuple[float, float], ...]  # the lowest and the highest likely beside each of `path`

    @property
    def range(self) -> tuple[float, float]:
        """The band at the end of the cycle."""
        return self.low_cents, self.high_cents

    def day_reaching(self, cents: float) -> date | None:
        """The day on which the expected running total reaches `cents`, if it does."""
        return next((day for day, total in self.path if total >= cents), None)

    def capped(self, cents: float) -> Forecast:
        """The same where no more than `cents` can be spent in the cycle."""
        return Forecast(
            min(self.low_cents, cents),
            min(self.expected_cents, cents),
            min(self.high_cents, cents),
            tuple((day, min(total, cents)) for day, total in self.path),
            tuple((min(low, cents), min(high, cents)) for low, high in self.band),
        )


@dataclass(frozen=True)
class RemainingDay:
    """One day that the cycle still has: `share` of it lies within the cycle."""

    day: date
    share: float = 1.0


def forecast(
    history: Sequence[tuple[date, float]],
    before_today_cents: float,
    today_cents: float,
    days: Sequence[RemainingDay],
) -> Forecast | None:
    """The end of a cycle from whole days of `history` (oldest first); None where these are too few.

    `days` begins with today, which costs what a day like it costs, or what it has already if that is more.
    """
    recent = history[-MAX_DAYS:]
    if len(recent) < MIN_DAYS or not days:
        return None
    kinds = {
        kind: DayKind([cents for day, cents in recent if (day.weekday() >= 5) == kind])
        for kind in (False, True)
    }
    certain, running = before_today_cents + today_cents, before_today_cents
    path, band = [], []
    for remaining in days:
        kind = kinds[remaining.day.weekday() >= 5]
        expected = kind.mean * remaining.share
        running += max(expected, today_cents) if remaining is days[0] else expected
        kind.days += remaining.share
        margin = BAND_SIGMAS * sqrt(sum(day_kind.variance for day_kind in kinds.values()))
        path.append((remaining.day, running))
        band.append((max(running - margin, certain), running + margin))
    return Forecast(band[-1][0], running, band[-1][1], tuple(path), tuple(band))


class DayKind:
    """Weekdays, or weekends: what such days cost, and how many of them the forecast has counted so far."""

    def __init__(self, values: Sequence[float]) -> None:
        self.count, self.mean = len(values), fmean(values)
        self.scatter = fmean((value - self.mean) ** 2 for value in values)
        self.days = 0.0

    @property
    def variance(self) -> float:
        """Of the counted days: each one's own scatter, and what a mean of few may be wrong by over all."""
        return self.scatter * (self.days + self.days**2 / self.count)


def remaining_days(cycle: BillingCycle, today: date) -> list[RemainingDay]:
    """Today and the days after it, each as far as it lies in the cycle."""
    days = []
    for day in days_between(today, last_day(cycle)):
        begins, ends = max(cycle.start_at, day_start(day)), min(cycle.end_at, day_end(day))
        days.append(RemainingDay(day, (ends - begins) / timedelta(days=1)))
    return days


def last_day(cycle: BillingCycle) -> date:
    """The last UTC day of which the cycle has a part: the one before, where it ends at midnight."""
    return utc_day(cycle.end_at - timedelta(milliseconds=1))
