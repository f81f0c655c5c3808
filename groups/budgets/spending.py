"""What everybody spent, day by day, by the group held on that day: what budgets are held against."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from collector.base.days import utc_day
from collector.base.money import cents
from collector.facts.forecast import MAX_DAYS
from collector.models import BillingCycle, Member, MemberModelDay
from groups.assignments.membership import UNASSIGNED
from groups.models import Assignment


@dataclass(frozen=True)
class DaySpend:
    """What one member spent on one UTC day, or on the part of it that lies in the cycle or before it."""

    member_id: int
    group_id: int  # held on that day; UNASSIGNED for none
    day: date
    is_in_cycle: bool
    cents: Decimal


@dataclass
class DailyCents:
    """Sums of one team, group or member: of the cycle, and of each day before and in it."""

    cycle_cents: Decimal = Decimal(0)
    by_day: defaultdict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cycle_by_day: defaultdict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add_row(self, row: DaySpend) -> None:
        self.by_day[row.day] += row.cents
        if row.is_in_cycle:
            self.cycle_cents += row.cents
            self.cycle_by_day[row.day] += row.cents


def day_spends(cycle: BillingCycle, now: datetime, member: Member | None = None) -> Iterator[DaySpend]:
    """Days of the cycle, and those before today that a forecast looks back to: everybody's, or one member's
    without groups. Two queries.

    The group is the one held on the row's day, as everywhere: whoever moved counts in each group for the days
    spent in it, so that groups and Unassigned add up to the cycle's total.
    """
    last = min(utc_day(now), utc_day(cycle.end_at))
    first = min(utc_day(cycle.start_at), last - timedelta(days=MAX_DAYS))
    rows = MemberModelDay.objects.between(first, last).order_by()
    rows = rows.filter(member=member) if member else rows
    group_on = (lambda *_: UNASSIGNED) if member else group_lookup()
    sums = rows.values_list("member_id", "day", "is_after_turn").annotate(Sum("total_cents"))
    for member_id, day, is_after_turn, total in sums:
        yield DaySpend(
            member_id, group_on(member_id, day), day, is_within(cycle, day, is_after_turn), cents(total)
        )


def is_within(cycle: BillingCycle, day: date, is_after_turn: bool) -> bool:
    """Whether a day's row lies in the cycle: on the days on which cycles turn, its part after or before."""
    first, last = utc_day(cycle.start_at), utc_day(cycle.end_at)
    if day == first:
        return is_after_turn
    return first < day < last or (day == last and not is_after_turn)


def group_lookup() -> Callable[[int, date], int]:
    """A function from member and day to the id of the group held then. One query."""
    days: defaultdict[int, list[date]] = defaultdict(list)
    held: defaultdict[int, list[int]] = defaultdict(list)
    rows = Assignment.objects.order_by("member_id", "from_day")
    for member_id, from_day, group_id in rows.values_list("member_id", "from_day", "group_id"):
        days[member_id].append(from_day)
        held[member_id].append(group_id or UNASSIGNED)

    def group_on(member_id: int, day: date) -> int:
        place = bisect_right(days[member_id], day) if member_id in days else 0
        return held[member_id][place - 1] if place else UNASSIGNED

    return group_on
