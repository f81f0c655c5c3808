"""Days' totals as a run reads them, kept from run to run: an hour changes a day or two of the forty."""

from datetime import date, timedelta

import pandas as pd
from django.conf import settings
from django.core.cache import caches
from django.db.models import Count, FloatField, Max, Sum
from django.db.models.functions import Cast

from collector.base.days import day_start
from collector.models import MemberModelDay

from .totals import day_rows, hour_of, joined_rows

KEY = f"detection-day-rows:{settings.VERSION}"
KEPT_SECONDS = 2 * 3600
DAY = timedelta(days=1)
Mark = tuple[object, ...]
Kept = tuple[dict[date, Mark], pd.DataFrame | None]


def kept_day_rows(first: date, last: date) -> pd.DataFrame:
    """`day_rows(first, last)`, of which only days are read that have changed since the last run."""
    marks = _marks(first, last)
    nothing: Kept = ({}, None)
    kept_marks, table = caches["pages"].get(KEY, nothing)
    changed = [day for day, mark in marks.items() if kept_marks.get(day) != mark]
    if table is not None and not changed and kept_marks.keys() == marks.keys():
        return table
    parts = [] if table is None else [_without(table, kept_marks.keys() - marks.keys() | set(changed))]
    parts += [day_rows(*stretch) for stretch in _stretches(changed)]
    rows = joined_rows(parts or [day_rows(first, last)])
    caches["pages"].set(KEY, (marks, rows), KEPT_SECONDS)
    return rows


def _marks(first: date, last: date) -> dict[date, Mark]:
    """What differs for a day once one of its totals was written, moved or deleted."""
    days = MemberModelDay.objects.between(first, last).order_by().values_list("day")
    sums = days.annotate(
        rows=Count("pk"),
        newest=Max("updated_at"),
        members=Sum("member_id"),
        cents=Sum(Cast("total_cents", FloatField())),
    )
    return {day: tuple(mark) for day, *mark in sums}


def _without(rows: pd.DataFrame, days: set[date]) -> pd.DataFrame:
    gone = [hour_of(day_start(day)) // 24 for day in days]
    return rows[~(rows["hour"] // 24).isin(gone)]


def _stretches(days: list[date]) -> list[tuple[date, date]]:
    """Days that follow each other, as first and last."""
    stretches: list[tuple[date, date]] = []
    for day in sorted(days):
        if stretches and stretches[-1][1] + DAY == day:
            stretches[-1] = stretches[-1][0], day
        else:
            stretches.append((day, day))
    return stretches
