"""Where a cycle's spend is heading: weekday-aware, with a band, and only from enough history. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import fmean, pvariance

MIN_DAYS, MAX_DAYS = 14, 28  # whole days of history: two weeks at least, the newest four at most
BAND_SIGMAS = 1.2816  # eight in ten of a normal distribution lie within


@dataclass(frozen=True)
class Forecast:
    """Spend of the whole cycle, in cents; the true end lies in the band in about eight cases of ten."""

    low_cents: float
    expected_cents: float
    high_cents: float
    path: tuple[tuple[date, float], ...]  # expected running total at the end of each day from today on

    def day_reaching(self, cents: float) -> date | None:
        """The day on which the expected running total reaches `cents`, if it does."""
        return next((day for day, total in self.path if total >= cents), None)


@dataclass(frozen=True)
class Left:
    """One day that the cycle still has: `share` of it lies within the cycle."""

    day: date
    share: float = 1.0


def forecast(
    history: Sequence[tuple[date, float]], before_today_cents: float, today_cents: float, left: Sequence[Left]
) -> Forecast | None:
    """The end of a cycle from whole days of `history` (oldest first); None where these are too few.

    `left` begins with today, which costs what a day like it costs, or what it has already if that is more.
    """
    recent = history[-MAX_DAYS:]
    if len(recent) < MIN_DAYS or not left:
        return None
    means, variance = {}, 0.0
    for is_weekend in (False, True):
        values = [cents for day, cents in recent if (day.weekday() >= 5) == is_weekend]
        days = sum(item.share for item in left if (item.day.weekday() >= 5) == is_weekend)
        means[is_weekend] = fmean(values)
        # Each day's own scatter, and what the mean of few days may be wrong by, over all days alike.
        variance += pvariance(values) * (days + days**2 / len(values))
    path, running = [], before_today_cents
    for item in left:
        expected = means[item.day.weekday() >= 5] * item.share
        running += max(expected, today_cents) if item is left[0] else expected
        path.append((item.day, running))
    margin = BAND_SIGMAS * sqrt(variance)
    certain = before_today_cents + today_cents
    return Forecast(max(running - margin, certain), running, running + margin, tuple(path))
