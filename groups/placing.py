"""Writing assignments: the one place that does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from .models import Assignment

CHANGED_FIELDS = ["group", "source", "changed_by", "changed_at"]


@dataclass(frozen=True)
class Placement:
    """One member in one group, or in none, from a day on."""

    member_id: int
    group_id: int | None
    from_day: date
    source: str


def record(placements: Iterable[Placement], *, by: str, at: datetime) -> int:
    """Put each placement on record; return how many rows that changed. What says the same is left alone."""
    wanted = {(placement.member_id, placement.from_day): placement for placement in placements}
    days = {day for _, day in wanted}
    with transaction.atomic():
        rows = Assignment.objects.select_for_update().filter(from_day__in=days)
        there = {(row.member_id, row.from_day): row for row in rows}
        new = [_row(placement, by, at) for spot, placement in wanted.items() if spot not in there]
        changed = [
            _change(there[spot], placement, by, at)
            for spot, placement in wanted.items()
            if spot in there and not _says_the_same(there[spot], placement)
        ]
        bulk_create_with_history(new, Assignment, batch_size=500, default_date=at)
        bulk_update_with_history(changed, Assignment, CHANGED_FIELDS, batch_size=500, default_date=at)
    return len(new) + len(changed)


def _row(placement: Placement, by: str, at: datetime) -> Assignment:
    return Assignment(
        member_id=placement.member_id,
        group_id=placement.group_id,
        from_day=placement.from_day,
        source=placement.source,
        changed_by=by,
        changed_at=at,
    )


def _change(row: Assignment, placement: Placement, by: str, at: datetime) -> Assignment:
    row.group_id, row.source = placement.group_id, placement.source
    row.changed_by, row.changed_at = by, at
    return row


def _says_the_same(row: Assignment, placement: Placement) -> bool:
    return (row.group_id, row.source) == (placement.group_id, placement.source)
