"""What was spent, day by day: by the group held on the day, and by member. What budgets are held against."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, IntegerField, Sum, When

from collector.base.days import utc_day
from collector.base.money import cents
from collector.facts.forecast import MAX_DAYS
from collector.models import BillingCycle, MemberModelDay
from collector.models.totals import MemberModelDayQuerySet, span_of
from groups.assignments.membership import sums_by_group

RollupRows = Iterable[Mapping[str, Any]]
# Cents by UTC day and by whether they lie in the cycle: of a day on which one turns, a part does.
DailyCents = Mapping[tuple[date, bool], Decimal]


def group_days(
    cycle: BillingCycle, now: datetime, members: Collection[int] = ()
) -> tuple[dict[int, DailyCents], dict[int, DailyCents]]:
    """Days of the cycle, and those before today that a forecast looks back to, by group, and by each of the
    `members`. One query.

    The group is the one held on the row's day, as everywhere: whoever moved counts in each group for the days
    spent in it, so that groups and Unassigned add up to the cycle's total.
    """
    is_apart = When(member__in=members, then=F("member_id"))
    rows = spent_rows(cycle, now).annotate(apart=Case(is_apart, output_field=IntegerField()))
    sums = sums_by_group(rows, "total_cents", keys=("apart", "day", "is_after_turn"))
    by_group, by_member = _no_days(), _no_days()
    span = span_of(cycle)
    for group_id, member_id, day, is_after_turn, (total,) in sums:
        part = day, span.holds(day, is_after_turn)
        by_group[group_id][part] += cents(total)
        if member_id is not None:
            by_member[member_id][part] += cents(total)
    return {**by_group}, {**by_member}


def member_days(cycle: BillingCycle, now: datetime, members: Collection[int]) -> dict[int, DailyCents]:
    """The same days of the members, by id; nobody who spent nothing. One query."""
    by_member, span = _no_days(), span_of(cycle)
    rows = spent_rows(cycle, now).filter(member__in=members).order_by()
    for pk, day, is_after_turn, total in rows.values_list("member_id", "day", "is_after_turn").annotate(
        Sum("total_cents")
    ):
        by_member[pk][day, span.holds(day, is_after_turn)] += cents(total)
    return {**by_member}


def days_of_rows(cycle: BillingCycle, now: datetime, rows: RollupRows) -> DailyCents:
    """The same days of one member, out of `rows` of the rollup that reach back far enough."""
    (first, last), span = spent_between(cycle, now), span_of(cycle)
    days: defaultdict[tuple[date, bool], Decimal] = defaultdict(Decimal)
    for row in rows:
        if first <= row["day"] <= last:
            days[row["day"], span.holds(row["day"], row["is_after_turn"])] += row["total_cents"]
    return days


def _no_days() -> defaultdict[int, defaultdict[tuple[date, bool], Decimal]]:
    return defaultdict(lambda: defaultdict(Decimal))


def spent_rows(cycle: BillingCycle, now: datetime) -> MemberModelDayQuerySet:
    """Rows of the cycle, and of those days before today that a forecast looks back to."""
    return MemberModelDay.objects.between(*spent_between(cycle, now))


def spent_between(cycle: BillingCycle, now: datetime) -> tuple[date, date]:
    """The first and the last of those days."""
    last = min(utc_day(now), utc_day(cycle.end_at))
    return min(utc_day(cycle.start_at), last - timedelta(days=MAX_DAYS)), last
