"""How many asked and were active on each day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.statements import count_sum, prepared
from collector.facts.weeks import WEEKDAYS, monday
from collector.models import DailyActivity, Member, MemberModelDay, MemberRequestWeek
from tracker.periods import Period
from tracker.reports.selection import Selection, model_day_rows
from tracker.reports.sql import as_date, fetch, summed


class DailyCounts(NamedTuple):
    """Of each day, where there were any."""

    requests: dict[tuple[date, str], int]  # served, by day and model
    requesters: dict[date, int]  # people with a served request
    active: dict[date, int]  # members whom Cursor marks active


def no_people() -> QuerySet:
    """Ids of service accounts, and of whom spend names that nobody made."""
    return Member.objects.order_by().exclude(kind=Member.Kind.PERSON).values("pk")


def everybody_requesting(first: date, last: date) -> dict[date, int]:
    """How many people had a served request on each day of the weeks that these days are in. One query."""
    weeks = _request_weeks.statement(monday(first), last)
    counts = (f"COUNT(CASE WHEN {name} > 0 THEN 1 END)" for name in WEEKDAYS)
    return {
        as_date(week) + timedelta(days=place): members
        for week, *by_day in fetch(summed(weeks, ("week",), *counts))
        for place, members in enumerate(by_day)
    }


@prepared
def _request_weeks(first: date, last: date) -> QuerySet:
    weeks = MemberRequestWeek.objects.filter(week__gte=first, week__lte=last)
    return weeks.exclude(member__in=no_people()).order_by()


@prepared
def _served_rows(chosen: Selection, first: date, last: date) -> QuerySet:
    rows = chosen.of(MemberModelDay.objects.between(first, last)).filter(requests__gt=0)
    return rows.exclude(member__in=no_people()).order_by()


@prepared
def _active_rows(people: Selection, first: date, last: date) -> QuerySet:
    return people.of_members(DailyActivity.objects.between(first, last)).filter(is_active=True).order_by()


def daily_counts(chosen: Selection, people: Selection, period: Period) -> DailyCounts:
    """Of each shown day: what was `chosen`, and whom of the `people` Cursor marks active. One query of three
    parts, or two queries of everybody."""
    days = period.first, period.last_shown
    requesters = everybody_requesting(*days) if chosen.is_everything else None
    counts, served = DailyCounts({}, requesters or {}, {}), _served_rows.statement(chosen, *days)
    counted = model_day_rows.statement(chosen, period.shown_span)
    by_day = summed(served, ("day",), "''", "COUNT(DISTINCT member_id)", "2")
    for day, model, count, part in fetch(
        summed(counted, ("day", "model"), count_sum("requests"), "1"),
        by_day if requesters is None else None,
        # A member has one row a day.
        summed(_active_rows.statement(people, *days), ("day",), "''", "COUNT(*)", "3"),
    ):
        if part > 1:
            (counts.requesters if part == 2 else counts.active)[as_date(day)] = count
        elif count:
            counts.requests[as_date(day), model] = count
    return counts
