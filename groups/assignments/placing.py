"""Writing assignments: the one place that does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast

from django.db import transaction
from django.db.models import OuterRef, Subquery
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from collector.base.days import utc_day
from collector.models import Member
from groups.models import Assignment, Group

CHANGED_FIELDS = ["group", "source", "changed_by", "changed_at"]
BATCH = 500


class Placement(NamedTuple):
    """One member in one group, or in none, from a day on."""

    member_id: int
    group_id: int | None
    from_day: date
    source: str
    changed_by: str
    changed_at: datetime

    @property
    def meaning(self) -> tuple[object, ...]:
        """What it says, whoever wrote it."""
        return self[:4]

    @classmethod
    def of(cls, row: Assignment) -> Placement:
        return cls(row.member_id, row.group_id, row.from_day, row.source, row.changed_by, row.changed_at)


def record(placements: Iterable[Placement]) -> int:
    """Put each placement on record; return how many rows changed. Those that match already stay."""
    wanted = {(placement.member_id, placement.from_day): placement for placement in placements}
    new: list[Assignment] = []
    changed: list[Assignment] = []
    with transaction.atomic():
        lock_members({member_id for member_id, _ in wanted})
        rows = Assignment.objects.select_for_update().filter(from_day__in={day for _, day in wanted})
        stored = {(row.member_id, row.from_day): row for row in rows}
        for spot, placement in wanted.items():
            row = stored.get(spot)
            if row is None:
                new.append(
                    _fill(Assignment(member_id=placement.member_id, from_day=placement.from_day), placement)
                )
            elif Placement.of(row).meaning != placement.meaning:
                changed.append(_fill(row, placement))
        _save(new, changed)
    return len(new) + len(changed)


def record_unless_moved(placements: Collection[Placement], known_local: Collection[tuple[int, date]]) -> int:
    """Put on record what Cursor says, but nothing about members whom a person has moved or merged meanwhile.

    `known_local`: all local rows, by member and day, as they were when the placements were worked out.
    """
    with transaction.atomic():
        here = lock_members({placement.member_id for placement in placements})
        local = Assignment.objects.exclude(source=Assignment.SetBy.CURSOR).values_list(
            "member_id", "from_day"
        )
        moved = {spot[0] for spot in set(local) - set(known_local)}
        return record(placement for placement in placements if placement.member_id in here - moved)


def leave_closed_groups(*, by: str, now: datetime) -> int:
    """Put members who are in a deleted group where its members went when it was closed; return how many.

    They are back in it where something older was undone since.
    """
    today = utc_day(now)
    made = Assignment.objects.filter(member=OuterRef("member"), from_day__lte=today).order_by("-from_day")
    rows = Assignment.objects.filter(pk=Subquery(made.values("pk")[:1]), group__closed_day__lte=today)
    placed = []
    for row in rows.select_related("group"):
        group = cast(Group, row.group)
        heir, day = group.heir(today), max(row.from_day, cast(date, group.closed_day))
        placed.append(Placement(row.member_id, heir.pk if heir else None, day, row.source, by, now))
    return record(placed)


def lock_members(member_ids: Iterable[int]) -> set[int]:
    """Let whoever else places these members wait until this transaction is over, in one order for all.

    Return those of them who are still here.
    """
    locked = Member.objects.select_for_update(no_key=True).filter(pk__in=set(member_ids)).order_by("pk")
    return set(locked.values_list("pk", flat=True))


def record_from_then_on(placements: Collection[Placement]) -> dict[int, list[Placement]]:
    """The same, and take away what these members had on later days.

    Return what was on record from that day on, by member: `put_back` wants it. Members who have just been
    merged into others are not among them.
    """
    with transaction.atomic():
        here = lock_members({placement.member_id for placement in placements})
        placed = [placement for placement in placements if placement.member_id in here]
        from_days = {placement.member_id: placement.from_day for placement in placed}
        before = on_record(from_days)
        later = [
            (member_id, row.from_day)
            for member_id, rows in before.items()
            for row in rows
            if row.from_day > from_days[member_id]
        ]
        _remove(later)
        record(placed)
    return before


def put_back(before: Mapping[int, Sequence[Placement]], from_days: Mapping[int, date]) -> None:
    """Make these members' records from their day on exactly what they were before."""
    with transaction.atomic():
        wanted = {(row.member_id, row.from_day) for rows in before.values() for row in rows}
        now = on_record(from_days)
        _remove(
            (row.member_id, row.from_day)
            for rows in now.values()
            for row in rows
            if (row.member_id, row.from_day) not in wanted
        )
        record(row for rows in before.values() for row in rows)


def on_record(from_days: Mapping[int, date]) -> dict[int, list[Placement]]:
    """What is on record for each member from their day on; an empty list where there is nothing."""
    placements: dict[int, list[Placement]] = {member_id: [] for member_id in from_days}
    if from_days:
        for row in Assignment.objects.filter(from_day__gte=min(from_days.values())):
            if row.member_id in from_days and row.from_day >= from_days[row.member_id]:
                placements[row.member_id].append(Placement.of(row))
    return placements


def _fill(row: Assignment, placement: Placement) -> Assignment:
    row.group_id, row.source = placement.group_id, placement.source
    row.changed_by, row.changed_at = placement.changed_by, placement.changed_at
    return row


def _save(new: list[Assignment], changed: list[Assignment]) -> None:
    """Write rows and their history, which is dated as the rows are."""
    for at, rows in _by_time(new).items():
        bulk_create_with_history(rows, Assignment, batch_size=BATCH, default_date=at)
    for at, rows in _by_time(changed).items():
        bulk_update_with_history(rows, Assignment, CHANGED_FIELDS, batch_size=BATCH, default_date=at)


def _by_time(rows: list[Assignment]) -> dict[datetime, list[Assignment]]:
    rows_by_instant: dict[datetime, list[Assignment]] = defaultdict(list)
    for row in rows:
        rows_by_instant[row.changed_at].append(row)
    return rows_by_instant


def _remove(spots: Iterable[tuple[int, date]]) -> None:
    """Delete rows by member and day, each leaving its trace in the history."""
    members_by_day: dict[date, list[int]] = defaultdict(list)
    for member_id, day in spots:
        members_by_day[day].append(member_id)
    for day, member_ids in members_by_day.items():
        Assignment.objects.filter(from_day=day, member__in=member_ids).delete()
