"""Daily and hourly totals of two members who are one."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import models

from collector.base.days import day_end, day_start, utc_day
from collector.models import MemberMerge, MemberModelDay, MemberModelHour, Pruning, UsageEvent

from . import rollups
from .merge_hooks import Merging
from .rollups import DAYS, HOURS, FactTable


def usage_days(member_id: int) -> list[date]:
    """The days on which the member has usage events or totals, in order."""
    events = UsageEvent.objects.filter(member_id=member_id).datetimes("occurred_at", "day", tzinfo=UTC)
    hours = MemberModelHour.objects.filter(member_id=member_id).datetimes("hour_at", "day", tzinfo=UTC)
    return sorted(_days_of(member_id) | {utc_day(midnight) for midnight in (*events, *hours)})


def move_day(merging: Merging, day: date) -> None:
    """The totals of a day that only one of the two has move; those of both are worked out again, or added up
    without events.

    Call it after the day's events have moved.
    """
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    is_shared = MemberModelDay.objects.filter(member_id=keep, day=day).exists()
    if not is_shared or not MemberModelDay.objects.filter(member_id=gone, day=day).exists():
        for _, rows in _rows_on(day, {gone}):
            journal.move(rows, keep)
        return
    has_events = _has_events(keep, day)
    for table, rows in _rows_on(day, {keep, gone}):
        stored = list(rows)
        journal.delete(rows)
        if not has_events:
            journal.create(_added_up(table, stored, keep))
        journal.expect(rows, **_which(table, keep, day))
    if has_events:
        rollups.recompute({(keep, day)}, merging.now)


def recompute_separated(record: MemberMerge, day: date | None, now: datetime) -> None:
    """Work out again the totals of `day`, or of all days that have come back, where both members have some or
    events came, or moved, after the merge.
    """
    kept_pk, gone_pk = record.kept_pk, record.gone_pk
    for affected in [day] if day else sorted(_days_of(gone_pk)):
        events = UsageEvent.objects.filter(member_id=kept_pk).between(day_start(affected), day_end(affected))
        is_shared = all(
            MemberModelDay.objects.filter(member_id=pk, day=affected).exists() for pk in (kept_pk, gone_pk)
        )
        if is_shared or events.filter(changed_at__gte=record.merged_at).exists():
            rollups.recompute({(pk, affected) for pk in (kept_pk, gone_pk) if _has_events(pk, affected)}, now)


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
