"""What was spent, day by day: by the group held on the day, and by member. What budgets are held against."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, IntegerField, Sum, When

from collector.base.days import utc_day
from collector.base.money import cents
from collector.facts.forecast import MAX_DAYS
from collector.models import BillingCycle, MemberModelDay
from collector.models.totals import MemberModelDayQuerySet
from groups.assignments.membership import sums_by_group

RollupRows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class DaySpend:
    """What a group spent on one UTC day, or on the part of it that lies in the cycle or before it: all of it
    but for the members whose days are asked for, who have their own."""

    group_id: int  # held on that day; UNASSIGNED for none
    member_id: int | None  # one of those asked for
    day: date
    is_in_cycle: bool
    cents: Decimal


@dataclass
class DailyCents:
    """Sums of one team, group or member: of the cycle, and of each day before and in it."""

    cycle_cents: Decimal = Decimal(0)
    by_day: defaultdict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cycle_by_day: defaultdict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add_day(self, day: date, is_in_cycle: bool, cents: Decimal) -> None:
        self.by_day[day] += cents
        if is_in_cycle:
            self.cycle_cents += cents
            self.cycle_by_day[day] += cents


def day_spends(cycle: BillingCycle, now: datetime, members: Collection[int] = ()) -> Iterator[DaySpend]:
    """Days of the cycle, and those before today that a forecast looks back to, by group, and by each of the
    `members`. One query.

    The group is the one held on the row's day, as everywhere: whoever moved counts in each group for the days
    spent in it, so that groups and Unassigned add up to the cycle's total.
    """
    is_apart = When(member__in=members, then=F("member_id"))
    rows = spent_rows(cycle, now).annotate(apart=Case(is_apart, output_field=IntegerField()))
    sums = sums_by_group(rows, "total_cents", keys=("apart", "day", "is_after_turn"))
    for group_id, member_id, day, is_after_turn, (total,) in sums:
        yield DaySpend(group_id, member_id, day, is_within(cycle, day, is_after_turn), cents(total))


def member_days(cycle: BillingCycle, now: datetime, members: Collection[int]) -> dict[int, DailyCents]:
    """The same days of the members, by id; nobody who spent nothing. One query."""
    by_member: dict[int, DailyCents] = defaultdict(DailyCents)
    rows = spent_rows(cycle, now).filter(member__in=members).order_by()
    for pk, day, is_after_turn, total in rows.values_list("member_id", "day", "is_after_turn").annotate(
        Sum("total_cents")
    ):
        by_member[pk].add_day(day, is_within(cycle, day, is_after_turn), cents(total))
    return dict(by_member)


def days_of_rows(cycle: BillingCycle, now: datetime, rows: RollupRows) -> DailyCents:
    """The same days of one member, out of `rows` of the rollup that reach back far enough."""
    first, last = spent_between(cycle, now)
    days = DailyCents()
    for row in rows:
        if first <= row["day"] <= last:
            is_in_cycle = is_within(cycle, row["day"], row["is_after_turn"])
            days.add_day(row["day"], is_in_cycle, row["total_cents"])
    return days


def spent_rows(cycle: BillingCycle, now: datetime) -> MemberModelDayQuerySet:
    """Rows of the cycle, and of those days before today that a forecast looks back to."""
    return MemberModelDay.objects.between(*spent_between(cycle, now))


def spent_between(cycle: BillingCycle, now: datetime) -> tuple[date, date]:
    """The first and the last of those days."""
    last = min(utc_day(now), utc_day(cycle.end_at))
    return min(utc_day(cycle.start_at), last - timedelta(days=MAX_DAYS)), last


def is_within(cycle: BillingCycle, day: date, is_after_turn: bool) -> bool:
    """Whether a day's row lies in the cycle: on the days on which cycles turn, its part after or before."""
    first, last = utc_day(cycle.start_at), utc_day(cycle.end_at)
    if day == first:
        return is_after_turn
    return first < day < last or (day == last and not is_after_turn)
