"""When a member's included usage was used up: the first on-demand request of the billing cycle."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base import names
from collector.base.spans import DaySpan
from collector.base.statements import count_sum, prepared
from collector.models import BillingCycle, MemberModelDay
from collector.models.totals import span_of
from tracker.reports.cycle import day_number
from tracker.reports.selection import Selection
from tracker.reports.sql import as_date, fetch, summed

Billed = tuple[int, date, int]  # member id, first day, requests

# Days of the cycle that are counted together, by what they are called.
BUCKETS = {
    "Day 1 to 3": range(1, 4),
    "Day 4 to 7": range(4, 8),
    "Day 8 to 14": range(8, 15),
    "Day 15 or later": range(15, 400),
}


class Exhaustion(NamedTuple):
    """One member's plan in one cycle. `cycle_day` is counted from 1."""

    member_id: int
    day: date
    cycle_day: int
    billed_requests: int  # of the cycle so far: those that the plan no longer covered


def first_billed(chosen: Selection, cycle: BillingCycle) -> list[Billed]:
    """By member with billed requests: the first day with one, and how many there are. One query."""
    billed = _billed_rows.statement(chosen, span_of(cycle))
    # Grouped by a sum, so that SQLite looks for the days of all members at once, not for those of each.
    sums = fetch(summed(billed, ("member_id + 0",), "MIN(day)", count_sum("billed_requests")))
    return [(pk, as_date(day), requests) for pk, day, requests in sums]


@prepared
def _billed_rows(chosen: Selection, span: DaySpan) -> QuerySet:
    return chosen.of(MemberModelDay.objects.within(span)).filter(billed_requests__gt=0).order_by()


def exhaustions(billed: Iterable[Billed], cycle: BillingCycle) -> list[Exhaustion]:
    """Of those with a billed request in `cycle`, the earliest first."""
    first_days = [
        Exhaustion(member_id, day, day_number(cycle, day), requests) for member_id, day, requests in billed
    ]
    place = names.current().place
    return sorted(first_days, key=lambda row: (row.cycle_day, -row.billed_requests, place(row.member_id)))


def bucket_counts(exhausted: list[Exhaustion]) -> Mapping[str, int]:
    """How many members fall into each bucket, in the order of BUCKETS."""
    cycle_days = [exhaustion.cycle_day for exhaustion in exhausted]
    return {label: sum(day in bucket for day in cycle_days) for label, bucket in BUCKETS.items()}
