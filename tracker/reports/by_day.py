"""Day by day: what the team did, and what each member spent. For those who compute with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from collector.base import names
from collector.base.days import days_between
from collector.models import DailyActivity, MemberModelDay
from collector.models.totals import MemberModelDayQuerySet
from tracker.periods import Period
from tracker.reports.selection import Selection


@dataclass(frozen=True)
class TeamDay:
    """One whole UTC day of the selected members; zeros where nothing happened."""

    day: date
    spend_cents: Decimal
    requests: int
    lines_added: int
    active_members: int  # with a served request


def team_days(selection: Selection, period: Period) -> list[TeamDay]:
    """Every whole day of the period with known data, oldest first. Two queries."""
    rows = (
        _member_model_days(selection, period)
        .values_list("day")
        .annotate(
            cents=Sum("total_cents"),
            served=Sum("requests"),
            members=Count("member", filter=Q(requests__gt=0), distinct=True),
        )
    )
    used = {day: figures for day, *figures in rows}
    changes = selection.of_members(DailyActivity.objects.between(period.first, period.last)).order_by()
    lines = dict(changes.values_list("day").annotate(Sum("lines_added")))
    return [
        TeamDay(day, cents, requests, lines.get(day, 0), members)
        for day in days_between(period.first, period.last)
        if period.is_known(day)
        for cents, requests, members in [used.get(day, (Decimal(0), 0, 0))]
    ]


def member_days(selection: Selection, period: Period) -> Iterable[tuple[date, int, Decimal]]:
    """(day, member id, cents) of spend and credits, oldest day and largest spend first. One query."""
    sums = (
        _member_model_days(selection, period)
        .values_list("day", "member_id")
        .annotate(cents=Sum("total_cents"))
    )
    rows, reader = sums.exclude(cents=0).order_by("day", "-cents", "member_id"), names.current()
    if reader.are_hidden:
        return sorted(rows, key=lambda row: (row[0], -row[2], reader.place(row[1])))
    return rows


def _member_model_days(selection: Selection, period: Period) -> MemberModelDayQuerySet:
    return selection.of(MemberModelDay.objects.between(period.first, period.last)).order_by()
