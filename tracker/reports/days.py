"""Spend day by day, cut exactly where a billing cycle turns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from collector.base.days import days_between, utc_day
from collector.models import BillingCycle
from collector.models.totals import MemberModelDayQuerySet
from tracker.reports.usage import Day, in_cents, micro_sum


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
    """One query, in the order of an index that has all of it."""
    parts = rows.order_by().values_list("day", "is_after_turn")
    sums = parts.annotate(
        total=micro_sum("total_cents"), billed=micro_sum("billed_cents"), count=Sum("requests")
    )
    return Days({(day, turned): day_from(figures) for day, turned, *figures in sums})


def day_from(figures: list[int]) -> Day:
    return Day(in_cents(figures[0]), in_cents(figures[1]), figures[2])


def added(days: Iterable[Day | None]) -> Day:
    present = [day for day in days if day]
    return Day(*(sum(column) for column in zip(*present, strict=True))) if present else Day()
