"""Daily and hourly totals of two members who are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db import models

from collector.base.days import day_end, day_start, utc_day
from collector.models import MemberMerge, MemberModelDay, MemberModelHour, Pruning, UsageEvent

from . import rollups
from .merge_hooks import Merging
from .rollups import DAYS, HOURS, FactTable


def move_totals(merging: Merging) -> None:
    """Days that only one of the two has move; those of both are worked out again, or added up without events.

    Call it after the events have moved.
    """
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    shared = _days_of(keep) & _days_of(gone)
    with_events = {day for day in shared if _has_events(keep, day)}
    for day in sorted(shared):
        for table, rows in _rows_on(day, {keep, gone}):
            stored = list(rows)
            journal.delete(rows)
            if day not in with_events:
                journal.create(_added_up(table, stored, keep))
            journal.expect(rows, **_which(table, keep, day))
    for model in (MemberModelDay, MemberModelHour):
        journal.move(model._base_manager.filter(member_id=gone), keep)
    rollups.recompute({(keep, day) for day in with_events}, merging.now)


def recompute_separated(record: MemberMerge, now: datetime) -> None:
    """Work out again the days of events that came, or moved, after the merge."""
    pair = (record.kept_pk, record.gone_pk)
    late = UsageEvent.objects.filter(member_id=record.kept_pk, changed_at__gte=record.merged_at)
    days = {utc_day(at) for at in late.order_by().values_list("occurred_at", flat=True)}
    days |= _days_of(record.kept_pk) & _days_of(record.gone_pk)
    rollups.recompute({(pk, day) for pk in pair for day in days if _has_events(pk, day)}, now)


def _days_of(member_id: int) -> set[date]:
    return set(MemberModelDay.objects.filter(member_id=member_id).values_list("day", flat=True).distinct())


def _has_events(member_id: int, day: date) -> bool:
    """Whether the day's totals can be worked out from all of its events."""
    events = UsageEvent.objects.filter(member_id=member_id).between(day_start(day), day_end(day))
    return events.exists() and not Pruning.objects.covers(day)


def _rows_on(day: date, member_ids: Collection[int]) -> list[tuple[FactTable, models.QuerySet]]:
    hours = MemberModelHour.objects.between(day_start(day), day_end(day))
    return [
        (DAYS, MemberModelDay.objects.filter(day=day, member_id__in=member_ids)),
        (HOURS, hours.filter(member_id__in=member_ids)),
    ]


def _which(table: FactTable, member_id: int, day: date) -> dict[str, object]:
    if table is DAYS:
        return {"member_id": member_id, "day": day.isoformat()}
    return {
        "member_id": member_id,
        "hour_at__gte": day_start(day).isoformat(),
        "hour_at__lt": day_end(day).isoformat(),
    }


def _added_up(table: FactTable, rows: list[object], member_id: int) -> list[models.Model]:
    """One row for each key: the figures of both members, once where the figures are the same."""
    by_key: dict[tuple[object, ...], list[object]] = defaultdict(list)
    for row in rows:
        by_key[tuple(getattr(row, name) for name in table.key[1:])].append(row)
    return [_summed_row(table, alike, member_id) for alike in by_key.values()]


def _summed_row(table: FactTable, rows: list[object], member_id: int) -> models.Model:
    figures = {tuple(getattr(row, name) for name in table.values): row for row in rows}
    busiest = max(figures.values(), key=lambda row: getattr(row, "top_thread_requests", 0))
    columns = {field.attname: getattr(busiest, field.attname) for field in table.model._meta.concrete_fields}
    for name in table.values:
        amounts = [getattr(row, name) for row in figures.values()]
        if all(isinstance(amount, int | Decimal) for amount in amounts):
            columns[name] = sum(amounts)
        elif name == "settled_at":
            columns[name] = max((amount for amount in amounts if amount), default=None)
    return table.model(**{**columns, "id": None, "member_id": member_id})
