"""A stretch of days as whole weeks and the days by which they are too short or too long.

Sums of everybody over a month read a third of the rows so, and of a year a fifth.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.days import utc_day
from collector.base.statements import Statement, statement, union
from collector.models import BillingCycle, MemberModelDay, MemberModelWeek
from collector.models.sums import SUMMED
from collector.models.totals import MemberModelDayQuerySet

WEEK = timedelta(days=7)
HALF = timedelta(days=3)  # as many days are at most added to the weeks, or subtracted, at either end


class Weekly(NamedTuple):
    """Rows of weeks and days, whose sums less those of `less` are the stretch's."""

    weeks: QuerySet[MemberModelWeek]
    more: list[MemberModelDayQuerySet]
    less: list[MemberModelDayQuerySet]


def in_weeks(first: date, last: date) -> Weekly:
    """The whole days from `first` to `last`, both included."""
    days = MemberModelDay.objects.all()
    start, end = monday(first + HALF), monday(last + timedelta(days=1) + HALF)
    if start >= end:
        return Weekly(MemberModelWeek.objects.none(), [days.between(first, last)], [])
    day = timedelta(days=1)
    more = [(first, start - day), (end, last)]
    less = [(start, first - day), (last + day, end - day)]
    return Weekly(_weeks(start, end), _ranges(more), _ranges(less))


def cycle_in_weeks(cycle: BillingCycle) -> Weekly:
    """All of `cycle`, exact to the instant."""
    rows = MemberModelDay.objects.in_cycle(cycle)
    start, end = monday(utc_day(cycle.start_at) + WEEK), monday(utc_day(cycle.end_at))
    if start >= end:
        return Weekly(MemberModelWeek.objects.none(), [rows], [])
    return Weekly(_weeks(start, end), [rows.filter(day__lt=start), rows.filter(day__gte=end)], [])


def of_weeks(rows: Weekly) -> Statement | None:
    """The rows of weeks and days, and with other signs those of the days that the weeks have too many."""
    names = ("member_id", "model", "surface", *SUMMED)
    negative = ", ".join([*names[:3], *(f"-{name} AS {name}" for name in SUMMED)])
    own = [statement(part.values_list(*names)) for part in (rows.weeks, *rows.more)]
    less = [statement(part.values_list(*names)) for part in rows.less]
    own += [(f"SELECT {negative} FROM ({sql}) AS own", values) for sql, values in filter(None, less)]  # noqa: S608  # nosec
    return union(own)


def monday(day: date) -> date:
    """Of the week that `day` is in."""
    return day - timedelta(days=day.weekday())


def _weeks(start: date, end: date) -> QuerySet[MemberModelWeek]:
    return MemberModelWeek.objects.filter(week__gte=start, week__lt=end)


def _ranges(pairs: list[tuple[date, date]]) -> list[MemberModelDayQuerySet]:
    return [MemberModelDay.objects.all().between(first, last) for first, last in pairs if first <= last]
