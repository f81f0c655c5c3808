"""A stretch of days as whole weeks and the days by which they are too short or too long.

Sums of everybody over a month read a third of the rows so, and of a year a fifth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Model, QuerySet

from collector.base.days import utc_day
from collector.base.statements import MICRO, Statement, statement, union
from collector.models import (
    AGENT_SURFACES,
    BillingCycle,
    MemberActivityWeek,
    MemberModelDay,
    MemberModelWeek,
    MemberRequestWeek,
)

WEEK = timedelta(days=7)
HALF = timedelta(days=3)  # as many days are at most added to the weeks, or subtracted, at either end
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SERVED = " + ".join(f"CASE WHEN {name} > 0 THEN 1 ELSE 0 END" for name in WEEKDAYS)
ACTIVITY = ("active_days", "lines_added", "accepts", "applies", "tabs_accepted")
OF_AGENTS = "surface IN ('{}', '{}')".format(*AGENT_SURFACES)
# What columns of weeks are of a row of days, where that has no column of the name.
OF_DAYS = {
    "total_micro": MICRO.format("total_cents"),
    "billed_micro": MICRO.format("billed_cents"),
    "agent_requests": f"CASE WHEN {OF_AGENTS} THEN requests ELSE 0 END",
    "agent_micro": f"CASE WHEN {OF_AGENTS} THEN {MICRO.format('total_cents')} ELSE 0 END",
    "active_days": "CAST(is_active AS INTEGER)",
    "request_days": "0",  # counted apart
}


class Weekly(NamedTuple):
    """Weeks from the Monday `start` up to but not including `end`, and rows of days: the sums of weeks and of
    `more`, less those of `less`, are the stretch's.

    Rows are what follows FROM, with a WHERE, and its values: for querysets Django takes longer to make SQL of
    them than the database takes to add up a small team's."""

    start: date
    end: date
    more: Sequence[Statement]
    less: Sequence[Statement]

    def weeks(self, model: type[Model]) -> list[Statement]:
        """The weeks' rows of `model`; none where there is no whole week."""
        if self.start >= self.end:
            return []
        return [_where_days(model, "week >= %s AND week < %s", self.start, self.end)]


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
        return Weekly(start, end, only_days(MemberModelDay.objects.in_cycle(cycle)).more, [])
    # Each with two bounds alone: of three, SQLite may search by the wider two, and read the whole cycle.
    begins = "day >= %s AND day < %s AND NOT (day = %s AND NOT is_after_turn)"
    ends = "day >= %s AND day <= %s AND NOT (day = %s AND is_after_turn)"
    more = [
        _where_days(MemberModelDay, begins, first, start, first),
        _where_days(MemberModelDay, ends, end, last, last),
    ]
    return Weekly(start, end, more, [])


def only_days(rows: QuerySet | Statement | None) -> Weekly:
    """Rows of days that filters keep from being known by weeks."""
    own = statement(rows) if isinstance(rows, QuerySet) else rows
    return Weekly(date.min, date.min, [(f"({own[0]}) AS own WHERE TRUE", own[1])] if own else [], [])


def of_weeks(rows: Weekly, keys: Sequence[str], figures: Sequence[str]) -> Statement | None:
    """Usage by weeks and days: the keys and figures, negative for the days that the weeks have too many.

    Only what is asked for: SQLite carries every column along as it sorts, twice as long for all as for five.
    """
    table = MemberModelWeek if "model" in keys else MemberRequestWeek
    return union([*_weeks(rows, table, keys, figures), *_days(rows, keys, figures)])


def members_of_weeks(rows: Weekly, figures: Sequence[str]) -> Statement | None:
    """The same by member: member_id, the figures and request_days, the days with a served request."""
    none = ", ".join(["member_id", *(f"0 AS {name}" for name in figures)])
    parts = [
        *_weeks(rows, MemberRequestWeek, ["member_id"], [*figures, f"{SERVED} AS request_days"]),
        *_days(rows, ["member_id"], [*figures, "request_days"]),
    ]
    for number, own in ((1, rows.more), (-1, rows.less)):
        for days, values in own:
            served = f"(SELECT DISTINCT member_id, day FROM {days} AND requests > 0) AS days"  # noqa: S608  # nosec
            parts.append(_selected(f"{none}, {number} AS request_days", (served, values)))
    return union(parts)


def activity_of_weeks(rows: Weekly) -> Statement | None:
    """The same of activity: member_id and `ACTIVITY`."""
    keys = ["member_id"]
    return union([*_weeks(rows, MemberActivityWeek, keys, ACTIVITY), *_days(rows, keys, ACTIVITY)])


def _weeks(
    rows: Weekly, table: type[Model], keys: Sequence[str], figures: Sequence[str]
) -> Iterator[Statement]:
    return (_selected(", ".join([*keys, *figures]), part) for part in rows.weeks(table))


def _days(rows: Weekly, keys: Sequence[str], figures: Sequence[str]) -> Iterator[Statement]:
    for sign, parts in (("", rows.more), ("-", rows.less)):
        own = [f"{sign}{OF_DAYS.get(name, name)} AS {name}" for name in figures]
        yield from (_selected(", ".join([*keys, *own]), part) for part in parts)


def monday(day: date) -> date:
    """Of the week that `day` is in."""
    return day - timedelta(days=day.weekday())


def _where_days(model: type[Model], where: str, *days: date) -> Statement:
    values = tuple(map(connection.ops.adapt_datefield_value, days))
    return f"{connection.ops.quote_name(model._meta.db_table)} WHERE {where}", values


def _selected(columns: str, rows: Statement) -> Statement:
    return f"SELECT {columns} FROM {rows[0]}", rows[1]  # noqa: S608  # nosec


def _ranges(days: type[Model], pairs: list[tuple[date, date]]) -> list[Statement]:
    return [_where_days(days, "day >= %s AND day <= %s", *pair) for pair in pairs if pair[0] <= pair[1]]
