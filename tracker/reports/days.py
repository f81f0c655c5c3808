"""Spend day by day, cut exactly where a billing cycle turns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collector.base.days import days_between, utc_day
from collector.base.money import in_cents
from collector.base.spans import DaySpan
from collector.base.statements import Statement, count_sum, micro_sum
from collector.facts.weeks import of_weeks, only_days
from collector.models import BillingCycle
from collector.models.totals import MemberModelDayQuerySet
from tracker.reports.sql import Row, as_date, fetch, summed
from tracker.reports.usage import PART_FIGURES, PART_SUMS, Day, ModelSums, added_sums

NOTHING = Day()
FIGURES = (micro_sum("total_cents"), micro_sum("billed_cents"), count_sum("requests"))


@dataclass(frozen=True)
class Days:
    """Sums by (day, whether it is the part after a cycle's turn)."""

    sums: dict[tuple[date, bool], Day]

    def on(self, day: date, cycle: BillingCycle | None = None) -> Day:
        """The whole day, or its part that lies in `cycle`; zeros where nothing happened."""
        before, after = self.sums.get((day, False), NOTHING), self.sums.get((day, True), NOTHING)
        if cycle and day == utc_day(cycle.start_at):
            return after
        if cycle and day == utc_day(cycle.end_at):
            return before
        return before if after is NOTHING else added([before, after])

    def between(self, first: date, last: date, cycle: BillingCycle | None = None) -> list[Day]:
        """Each day from `first` to `last`, both included, or its part that lies in `cycle`."""
        return [self.on(day, cycle) for day in days_between(first, last)]


def load(rows: MemberModelDayQuerySet | Statement | None) -> Days:
    """One query, by model as well: that is the order of an index that has all of it."""
    by_day = defaultdict[tuple[date, bool], list[Day]](list)
    for day, _, is_after_turn, total, billed, requests in fetch(
        summed(rows, ("day", "model", "is_after_turn"), *FIGURES)
    ):
        by_day[as_date(day), bool(is_after_turn)].append(Day(in_cents(total), in_cents(billed), requests))
    return Days({key: added(parts) for key, parts in by_day.items()})


def load_models(rows: Statement | None, span: DaySpan) -> tuple[Days, dict[str, ModelSums]]:
    """Of all the days, and by model that has anything in the span. One query."""
    keys = ("day", "is_after_turn", "model")
    of_days = of_weeks(only_days(rows), (*keys, "surface"), PART_FIGURES)
    by_day = defaultdict[tuple[date, bool], list[Row]](list)
    by_model = defaultdict[str, list[Row]](list)
    for day, part, model, *figures in fetch(summed(of_days, keys, *PART_SUMS)):
        key = as_date(day), bool(part)
        by_day[key].append(tuple(figures))
        if span.holds(*key) and any(figures[:-2]):
            by_model[model].append(tuple(figures))
    sums = {key: added_sums(own).totals for key, own in by_day.items()}
    days = {key: Day(own.total_cents, own.billed_cents, own.requests) for key, own in sums.items()}
    return Days(days), {model: added_sums(own) for model, own in by_model.items()}


def merged(parts: Sequence[Days]) -> Days:
    """All of them together."""
    if len(parts) == 1:
        return parts[0]
    by_day = defaultdict[tuple[date, bool], list[Day]](list)
    for part in parts:
        for key, day in part.sums.items():
            by_day[key].append(day)
    return Days({key: added(days) for key, days in by_day.items()})


def added(days: Sequence[Day]) -> Day:
    return Day._make(map(sum, zip(*days, strict=True))) if days else NOTHING
