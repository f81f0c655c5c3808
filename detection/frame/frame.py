"""The frame: what was known at one instant, as arrays of members by time. Rules read this and nothing
else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collector.base.days import day_start, utc_day

Array = NDArray[Any]
T = TypeVar("T")

DAY_HOURS = 24
# The rolling day is looked at as it ends now and as it ended up to this many hours ago, so that events that
# arrive late (the vendor aggregates hourly, tails reach hours) are still judged in the 24 h they belong to.
LATE_HOURS = 12
HOURS = DAY_HOURS + LATE_HOURS + 1


class Measures(NamedTuple):
    """One number per member and step of time; the arrays have one row per member, oldest column first.

    `weight` are tokens weighed by what their kind costs: cents per weight is the price of the models in use.
    """

    cents: Array
    requests: Array
    tokens: Array
    weight: Array

    def each(self, work: Callable[[Array], Array]) -> Measures:
        """The same measures after `work` on each array."""
        return Measures(*map(work, self))

    def columns(self, chosen: slice) -> Measures:
        """The same measures for a range of columns (views, nothing is copied)."""
        return self.each(lambda array: array[:, chosen])

    def total(self) -> Measures:
        """One column: the sum over all."""
        return self.each(lambda array: array.sum(axis=1, keepdims=True))


MEASURES = Measures._fields


@dataclass(frozen=True)
class Past:
    """Whole UTC days, oldest first, and whatever was worked out of them: a replay keeps it for all hours of
    a day."""

    days: Measures
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def history(self) -> Measures:
        """The days before the rolling windows begin: they say what is usual, and never hold what is
        judged."""
        return self.days.columns(slice(None, -2))

    def once(self, work: Callable[[Past], T]) -> T:
        """The result of `work`, which must depend on nothing but these days."""
        if work not in self._known:
            self._known[work] = work(self)
        known: T = self._known[work]
        return known


@dataclass(frozen=True)
class Cycle:
    """Spend in the billing cycle `[start_at, end_at)` so far, in cents: per member, and of the whole team,
    people who left included."""

    start_at: datetime
    end_at: datetime
    total_cents: Array
    billed_cents: Array
    team_cents: float


@dataclass(frozen=True)
class Caps:
    """Per member: on-demand spend of the cycle and the limit in force, in cents; NaN where none is known."""

    on_demand_cents: Array
    limit_cents: Array


@dataclass(frozen=True)
class Frame:
    """What was known at `as_of`.

    `past` are whole UTC days up to the one before `as_of`'s; `today` is the part of that day so far (one
    column); `hours` are the last `HOURS` that end at `as_of`, exact to the instant.
    """

    as_of: datetime
    member_ids: Array
    past: Past
    today: Measures
    hours: Measures
    cycle: Cycle | None = None
    caps: Caps | None = None

    @cached_property
    def day(self) -> date:
        """The UTC day that `as_of` falls on."""
        return utc_day(self.as_of)

    @property
    def days(self) -> Measures:
        """The whole days of the past."""
        return self.past.days

    @cached_property
    def weekdays(self) -> Array:
        """Weekday (Monday is 0) of each column of `days`."""
        return (self.day.weekday() - np.arange(self.days.cents.shape[1], 0, -1)) % 7

    @cached_property
    def rolling(self) -> Measures:
        """Sums of 24 hours; column k is the rolling day that ended k hours ago, up to `LATE_HOURS`."""
        return self.hours.each(_rolling)

    @cached_property
    def peak_hours_ago(self) -> Array:
        """Per member: how many hours ago the costliest of the rolling days ended."""
        return self.rolling.cents.argmax(axis=1)

    @cached_property
    def peak(self) -> Measures:
        """One value per member: the costliest of the rolling days, with all its measures."""
        chosen = (np.arange(len(self.member_ids)), self.peak_hours_ago)
        return self.rolling.each(lambda array: array[chosen])

    def days_ago(self, count: int) -> datetime:
        """Midnight `count` days before the day of `as_of`."""
        return day_start(self.day - timedelta(days=count))


def _rolling(hours: Array) -> Array:
    sums = np.cumsum(hours, axis=1)
    ends = np.arange(hours.shape[1] - 1, hours.shape[1] - 2 - LATE_HOURS, -1)
    return sums[:, ends] - sums[:, ends - DAY_HOURS]


def binned(rows: Array, columns: Array, values: pd.DataFrame, shape: tuple[int, int]) -> Measures:
    """Sum `values`, one column per measure, into arrays of `shape`; rows and columns outside are dropped."""
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    flat = rows[inside] * shape[1] + columns[inside]
    size = shape[0] * shape[1]
    return Measures(
        *(
            np.bincount(flat, weights=values[name].to_numpy(float)[inside], minlength=size).reshape(shape)
            for name in MEASURES
        )
    )
