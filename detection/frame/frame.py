"""The frame: what was known at one instant, as arrays of members by time. Rules read this and nothing
else."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple, TypeVar, cast

import numpy as np

from collector.base.days import day_start, utc_day

from .arrays import Array, of_rows
from .price_changes import EPOCH, PriceChange
from .prices import NO_PRICES, PriceBook

T = TypeVar("T")

DAY_HOURS = 24
# The rolling day is looked at as it ends now and as it ended up to this many hours ago, so that events that
# arrive late (the vendor aggregates hourly, tails reach hours) are still judged in the 24 h they belong to.
LATE_HOURS = 12
HOURS = DAY_HOURS + LATE_HOURS + 1


class Measures(NamedTuple):
    """One number per member and step of time; the arrays have one row per member, oldest column first.

    `cents` is the value of usage: what Cursor charges, and an estimate where the source gives no charge.
    `weight` are tokens weighed by what their kind costs: cents per weight is the price of the models in use.
    `agent_cents` and `agent_requests` are the part of cloud agents and automations, where one event may be a
    whole run.
    """

    cents: Array
    requests: Array
    tokens: Array
    weight: Array
    agent_cents: Array
    agent_requests: Array

    @property
    def hand_cents(self) -> Array:
        """Cents of requests by hand: of no cloud agent and no automation."""
        return self.cents - self.agent_cents

    @property
    def hand_requests(self) -> Array:
        return self.requests - self.agent_requests

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
    a day. `is_problem`, of the same shape, are days that a person called a real problem."""

    days: Measures
    is_problem: Array | None = None
    _memo: dict[object, object] = field(default_factory=dict, repr=False, compare=False)
    _part_of: tuple[Past, Array] | None = None

    def only(self, rows: Array) -> Past:
        """The days of these members; what is worked out of them is still worked out of everybody's."""
        return Past(of_rows(self.days, rows), of_rows(self.is_problem, rows), _part_of=(self, rows))

    @property
    def history(self) -> Measures:
        """The days before the rolling windows begin: they say what is usual, and never hold what is
        judged."""
        return self.usual.columns(slice(None, -2))

    @cached_property
    def usual(self) -> Measures:
        """The days as they count for what is usual: nothing on those of a real problem."""
        problem = self.is_problem
        if problem is None or not problem.any():
            return self.days
        return self.days.each(lambda array: np.where(problem, 0.0, array))

    def once(self, work: Callable[..., T], *arguments: Hashable) -> T:
        """The result of `work`, which must depend on nothing but these days and the arguments, and whose
        arrays must have a row for each member."""
        key = (work, *arguments)
        if key not in self._memo and self._part_of:
            whole, rows = self._part_of
            self._memo[key] = of_rows(whole.once(work, *arguments), rows)
        elif key not in self._memo:
            self._memo[key] = work(self, *arguments)
        return cast(T, self._memo[key])


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

    `past` are whole UTC days up to the one before `as_of`'s; `hours` are the last `HOURS` on the clock, the
    last of them the one that `as_of` ends or falls into. After a change of prices all cents are at the prices
    before it; `added_cents` is what the change added to the hours.
    """

    as_of: datetime
    member_ids: Array
    past: Past
    hours: Measures
    cycle: Cycle | None = None
    caps: Caps | None = None
    prices: PriceBook = NO_PRICES
    changes: tuple[PriceChange, ...] = ()
    added_cents: Array | None = None
    _memo: dict[object, object] = field(default_factory=dict, repr=False, compare=False)
    _part_of: tuple[Frame, Array] | None = None

    def only(self, rows: Array) -> Frame:
        """The frame of these members; what is usual for them is still learnt from everybody."""
        return replace(
            self,
            member_ids=self.member_ids[rows],
            past=self.past.only(rows),
            hours=of_rows(self.hours, rows),
            cycle=of_rows(self.cycle, rows),
            caps=of_rows(self.caps, rows),
            added_cents=of_rows(self.added_cents, rows),
            _memo={},
            _part_of=(self, rows),
        )

    def once(self, work: Callable[[Frame], T]) -> T:
        """The result of `work`, which must depend on nothing but this frame, and whose arrays must have a row
        for each member."""
        if work not in self._memo and self._part_of:
            whole, rows = self._part_of
            self._memo[work] = of_rows(whole.once(work), rows)
        elif work not in self._memo:
            self._memo[work] = work(self)
        return cast(T, self._memo[work])

    @cached_property
    def day(self) -> date:
        """The UTC day that `as_of` falls on."""
        return utc_day(self.as_of)

    @cached_property
    def last_hour_ends_at(self) -> datetime:
        """When the last of the hours is over: at `as_of`, or within the hour after it."""
        return hour_after(self.as_of)

    @cached_property
    def today(self) -> Measures:
        """The day of `as_of` so far, as one column."""
        count = (self.last_hour_ends_at - day_start(self.day)) // timedelta(hours=1)
        return self.hours.columns(slice(HOURS - count, None)).total()

    @property
    def days(self) -> Measures:
        """The whole days of the past."""
        return self.past.days

    @cached_property
    def rolling(self) -> Measures:
        """Sums of 24 hours; column k is the rolling day that ended k hours ago, up to `LATE_HOURS`."""
        return self.hours.each(_rolling)

    @cached_property
    def inflation(self) -> Array:
        """How many times its judged value each rolling day costs at today's prices."""
        if self.added_cents is None:
            return np.ones_like(self.rolling.cents)
        added, judged = _rolling(self.added_cents), self.rolling.cents
        return 1 + np.divide(added, judged, out=np.zeros_like(judged), where=judged > 0)

    @cached_property
    def peak_hours_ago(self) -> Array:
        """Per member: how many hours ago the costliest of the rolling days ended."""
        return self.rolling.cents.argmax(axis=1)

    @cached_property
    def peak(self) -> Measures:
        """One value per member: the costliest of the rolling days, with all its measures."""
        chosen = (np.arange(len(self.member_ids)), self.peak_hours_ago)
        return self.rolling.each(lambda array: array[chosen])

    def problem_days(self, row: int) -> Array:
        """The member's days of a real problem, counted from 1970."""
        if self.past.is_problem is None:
            return np.zeros(0, dtype=int)
        is_problem = self.past.is_problem[row]
        return np.flatnonzero(is_problem) - len(is_problem) + (self.day - EPOCH).days

    def days_ago(self, count: int) -> datetime:
        """Midnight `count` days before the day of `as_of`."""
        return day_start(self.day - timedelta(days=count))


def _rolling(hours: Array) -> Array:
    sums = np.cumsum(hours, axis=1)
    return (sums[:, DAY_HOURS:] - sums[:, :-DAY_HOURS])[:, ::-1]


def hour_after(instant: datetime) -> datetime:
    """The full hour at or after `instant`."""
    floor = instant.replace(minute=0, second=0, microsecond=0)
    return floor if floor == instant else floor + timedelta(hours=1)
