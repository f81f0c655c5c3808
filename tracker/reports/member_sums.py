"""What members did in a period, added up by member."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from collector.base.statements import Statement, count_sum
from collector.facts.weeks import Weekly, activity_of_weeks, members_of_weeks, only_days
from collector.models import DailyActivity
from groups.tree import GroupOption
from tracker.reports.badges import Badge
from tracker.reports.people import Person
from tracker.reports.selection import Selection
from tracker.reports.sql import Row, fetch, summed
from tracker.reports.usage import SUMS, Totals
from tracker.widgets.palette import PaletteModel


class Activity(NamedTuple):
    """What one member's `DailyActivity` sums to."""

    active_days: int = 0
    lines_added: int = 0
    accepts: int = 0
    applies: int = 0
    tabs_accepted: int = 0


NO_ACTIVITY = Activity()
NO_TOTALS = Totals()
MEMBER_FIGURES = Totals._fields
MEMBER_SUMS = tuple(map(count_sum, (*MEMBER_FIGURES, "request_days")))
ACTIVITY_SUMS = tuple(map(count_sum, Activity._fields)) + ("0",) * (len(MEMBER_SUMS) - len(Activity._fields))


def member_rows(used: Weekly | None, *activity: Weekly) -> list[list[Row]]:
    """By member: `Totals` and the days with a served request, then of each `activity` what `Activity` takes.

    One query.
    """
    found: list[list[Row]] = [[] for _ in range(1 + len(activity))]
    usage = summed(used and members_of_weeks(used, MEMBER_FIGURES), ("member_id",), *MEMBER_SUMS, "0")
    others = (
        summed(activity_of_weeks(rows), ("member_id",), *ACTIVITY_SUMS, str(place))
        for place, rows in enumerate(activity, start=1)
    )
    for row in fetch(usage, *others):
        found[row[-1]].append(row)
    return found


def totals_by_member(rows: Statement | None) -> dict[int, Totals]:
    """Of members who did anything. One query."""
    return totals_of(fetch(summed(rows, ("member_id",), *SUMS)))


class Everybody(NamedTuple):
    """What everybody did in a period, by member."""

    totals: dict[int, Totals]
    activity: dict[int, Activity]
    active_days: dict[int, int]  # with a request, or that Cursor marks active, whichever are more


def everybody_of(used: Iterable[Row], active: Iterable[Row]) -> Everybody:
    """Of the two lists that `member_rows` gives."""
    activity, used = activities(active), list(used)
    days = {pk: own.active_days for pk, own in activity.items()}
    for pk, *_, served, _ in used:
        days[pk] = max(served, days.get(pk, 0))
    return Everybody(totals_of(used), activity, days)


def totals_of(rows: Iterable[Row]) -> dict[int, Totals]:
    """By the member that comes first in each row, of those who did anything."""
    figures = slice(1, 1 + len(SUMS))
    return {row[0]: Totals._make(row[figures]) for row in rows if any(row[figures])}


def activities(rows: Iterable[Row]) -> dict[int, Activity]:
    """By member id."""
    return {row[0]: Activity._make(row[1 : 1 + len(Activity._fields)]) for row in rows}


def group_rows(group: GroupOption | None, first: date, last: date) -> list[Weekly]:
    """What `member_rows` takes for whoever was in the group on the day; nothing without one."""
    if group is None:
        return []
    rows = DailyActivity.objects.between(first, last)
    return [only_days(Selection(group.group_ids).of_members(rows))]


class MemberFigures(NamedTuple):
    """One member's period: what the filters leave is in `totals`, `activity` and `main_model`."""

    person: Person
    group: str
    active_days: int
    badges: list[Badge]
    adoption: int | None  # None for whom badges are not meant
    adoption_badge: Badge | None
    spend_rank: int | None  # among all who spent anything
    activity_rank: int | None  # among all with a request, by requests
    totals: Totals = NO_TOTALS
    activity: Activity = NO_ACTIVITY
    main_model: PaletteModel | None = None
