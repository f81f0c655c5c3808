"""A stretch of days as whole weeks and the days by which they are too short or too long.

Sums of everybody over a month read a third of the rows so, and of a year a fifth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import IntegerField, Model, QuerySet
from django.db.models.functions import Cast

from collector.base.days import utc_day
from collector.base.statements import Statement, statement, union
from collector.models import (
    BillingCycle,
    MemberActivityWeek,
    MemberModelDay,
    MemberModelWeek,
    MemberRequestWeek,
)
from collector.models.sums import SUMMED

WEEK = timedelta(days=7)
HALF = timedelta(days=3)  # as many days are at most added to the weeks, or subtracted, at either end
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SERVED = " + ".join(f"CASE WHEN {name} > 0 THEN 1 ELSE 0 END" for name in WEEKDAYS)
ACTIVITY = ("active_days", "lines_added", "accepts", "applies", "tabs_accepted")
REQUEST_DAYS = ", ".join(["member_id", *(f"0 AS {name}" for name in ACTIVITY), "{} AS request_days"])


class Weekly(NamedTuple):
    """Weeks from the Monday `start` up to but not including `end`, and rows of days: the sums of weeks and of
    `more`, less those of `less`, are the stretch's."""

    start: date
    end: date
    more: Sequence[QuerySet[Any]]
    less: Sequence[QuerySet[Any]]

    def weeks(self, model: type[Model]) -> QuerySet[Any]:
        rows = model._default_manager.filter(week__gte=self.start, week__lt=self.end)
        return rows if self.start < self.end else rows.none()


def in_weeks(first: date, last: date, days: type[Model] = MemberModelDay) -> Weekly:
    """The whole days from `first` to `last`, both included."""
    start, end = monday(first + HALF), monday(last + timedelta(days=1) + HALF)
    day = timedelta(days=1)
    more, less = [(first, start - day), (end, last)], [(start, first - day), (last + day, end - day)]
    if start >= end:
        more, less = [(first, last)], []
    return Weekly(start, end, _ranges(days, more), _ranges(days, less))


def cycle_in_weeks(cycle: BillingCycle) -> Weekly:
    """All of `cycle`, exact to the instant."""
    first, last = utc_day(cycle.start_at), utc_day(cycle.end_at)
    start, end = monday(first + WEEK), monday(last)
    if start >= end:
        return Weekly(start, end, [MemberModelDay.objects.in_cycle(cycle)], [])
    # Each with two bounds alone: of three, SQLite may search by the wider two, and read the whole cycle.
    begins = MemberModelDay.objects.filter(day__gte=first, day__lt=start)
    ends = MemberModelDay.objects.filter(day__gte=end, day__lte=last)
    more = [begins.exclude(day=first, is_after_turn=False), ends.exclude(day=last, is_after_turn=True)]
    return Weekly(start, end, more, [])


def only_days(rows: QuerySet[Any]) -> Weekly:
    """Rows of days that filters keep from being known by weeks."""
    return Weekly(date.min, date.min, [rows], [])


def of_weeks(
    rows: Weekly, keys: Sequence[str] = ("member_id", "model", "surface"), figures: Sequence[str] = SUMMED
) -> Statement | None:
    """Usage by weeks and days: the keys and figures, negative for the days that the weeks have too many.

    Only what is asked for: SQLite carries every column along as it sorts, twice as long for all as for five.
    """
    weeks = rows.weeks(MemberModelWeek).values_list(*keys, *figures)
    more, less = ([part.values_list(*keys, *figures) for part in parts] for parts in (rows.more, rows.less))
    negative = ", ".join([*keys, *(f"-{name} AS {name}" for name in figures)])
    return union([*map(statement, (weeks, *more)), *(_selected(negative, part) for part in less)])


def activity_of_weeks(activity: Weekly, used: Weekly | None) -> Statement | None:
    """The same of activity: member_id, `ACTIVITY` and request_days, the days with a served request."""
    weeks = activity.weeks(MemberActivityWeek).values_list("member_id", *ACTIVITY)
    more, less = (
        [
            part.annotate(active_days=Cast("is_active", IntegerField())).values_list("member_id", *ACTIVITY)
            for part in parts
        ]
        for parts in (activity.more, activity.less)
    )
    positive = ", ".join(["member_id", *ACTIVITY, "0 AS request_days"])
    negative = ", ".join(["member_id", *(f"-{name}" for name in ACTIVITY), "0"])
    parts = [
        *(_selected(positive, part) for part in (weeks, *more)),
        *(_selected(negative, part) for part in less),
    ]
    if used is not None:
        days_of_week = used.weeks(MemberRequestWeek).values_list("member_id", *WEEKDAYS)
        parts.append(_selected(REQUEST_DAYS.format(SERVED), days_of_week))
        for number, own in ((1, used.more), (-1, used.less)):
            days = [part.filter(requests__gt=0).values_list("member_id", "day").distinct() for part in own]
            parts += [_selected(REQUEST_DAYS.format(number), part) for part in days]
    return union(parts)


def monday(day: date) -> date:
    """Of the week that `day` is in."""
    return day - timedelta(days=day.weekday())


def _selected(columns: str, rows: QuerySet[Any]) -> Statement | None:
    own = statement(rows)
    return own and (f"SELECT {columns} FROM ({own[0]}) AS own", own[1])  # noqa: S608  # nosec


def _ranges(days: type[Model], pairs: list[tuple[date, date]]) -> list[QuerySet[Any]]:
    return [
        days._default_manager.filter(day__gte=first, day__lte=last) for first, last in pairs if first <= last
    ]
