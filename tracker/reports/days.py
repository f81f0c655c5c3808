"""Spend day by day, cut exactly where a billing cycle turns."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from collector.base.days import days_between, utc_day
from collector.models import BillingCycle
from collector.models.totals import MemberModelDayQuerySet
from tracker.reports.usage import MICRO, Day, fetch, in_cents, summed


@dataclass(frozen=True)
class Days:
    """Sums by (day, whether it is the part after a cycle's turn)."""

    sums: dict[tuple[date, bool], Day]

    def on(self, day: date) -> Day:
        """The whole day; zeros where nothing happened."""
        return added([self.sums.get((day, False)), self.sums.get((day, True))])

    def in_cycle(self, cycle: BillingCycle, day: date) -> Day:
        """The part of `day` that lies in `cycle`."""
        if day == utc_day(cycle.start_at):
            return self.sums.get((day, True), Day())
        if day == utc_day(cycle.end_at):
            return self.sums.get((day, False), Day())
        return self.on(day)

    def of_cycle(self, cycle: BillingCycle, first: date, last: date) -> list[Day]:
        """The part of each day from `first` to `last` that lies in `cycle`."""
        return [self.in_cycle(cycle, day) for day in days_between(first, last)]

    @property
    def first(self) -> date | None:
        """The first day with any row."""
        return min((day for day, _ in self.sums), default=None)


def load(rows: MemberModelDayQuerySet) -> Days:
    """One query, by model as well: that is the order of an index that has all of it."""
    figures = (MICRO.format("total_cents"), MICRO.format("billed_cents"), "SUM(requests)")
    by_day = defaultdict[tuple[date, bool], list[Day]](list)
    for day, _, is_after_turn, total, billed, requests in fetch(
        summed(rows, ("day", "model", "is_after_turn"), *figures)
    ):
        by_day[as_date(day), bool(is_after_turn)].append(Day(in_cents(total), in_cents(billed), requests))
    return Days({key: added(parts) for key, parts in by_day.items()})


def as_date(day: date | str) -> date:
    """SQLite has no dates."""
    return date.fromisoformat(day) if isinstance(day, str) else day


def added(days: Iterable[Day | None]) -> Day:
    present = [day for day in days if day]
    return Day(*(sum(column) for column in zip(*present, strict=True))) if present else Day()
