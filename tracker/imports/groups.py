"""Groups of cursor-usage-tracker, for members who were never in one here."""

from __future__ import annotations

from datetime import date, datetime

from collector.base.days import utc_day
from collector.models import Member
from groups.assignments.changes import named, open_or_make
from groups.assignments.placing import Placement, record
from groups.models import Assignment
from groups.names import nearest
from tracker.imports.database import ImportPart, TrackerDb, TrackerRow, day, email

BY = "cursor-usage-tracker"
# How the vendor's own group ids begin; others were made in the tracker, by hand or from HiBob.
CURSOR_PREFIX = "group_"


def take_groups(db: TrackerDb, at: datetime) -> ImportPart:
    """Assign members as the tracker had them. One whom it has in two groups is in the one joined last."""
    part = ImportPart("group members")
    names = {row["id"]: str(row["name"] or "") for row in db.rows("billing_groups", "id", "name")}
    ids = dict(Member.objects.values_list("email", "pk"))
    assigned = set(Assignment.objects.values_list("member_id", flat=True))
    latest: dict[int, TrackerRow] = {}
    for row in db.rows("group_members", "group_id", "email", "joined_at"):
        part.read += 1
        member_id = ids.get(email(row["email"]))
        if member_id is None or row["group_id"] not in names:
            part.unusable += 1
        elif member_id in assigned:
            part.known += 1
        elif member_id not in latest or _joined(latest[member_id]) <= _joined(row):
            latest[member_id] = row
    groups = {
        group_id: _group_id(names[group_id], at) for group_id in {row["group_id"] for row in latest.values()}
    }
    part.taken = record(
        _placement(member_id, groups[row["group_id"]], row, at) for member_id, row in latest.items()
    )
    return part


def _joined(row: TrackerRow) -> str:
    return str(row["joined_at"] or "")


def _placement(member_id: int, group_id: int, row: TrackerRow, at: datetime) -> Placement:
    is_cursors = str(row["group_id"]).startswith(CURSOR_PREFIX)
    source = Assignment.Source.CURSOR if is_cursors else Assignment.Source.BACKUP
    return Placement(member_id, group_id, _first_day(row, at), source, BY, at)


def _first_day(row: TrackerRow, at: datetime) -> date:
    """The day of joining; today where the tracker does not know, or names one ahead."""
    joined = day(row["joined_at"])
    return joined if joined and joined <= utc_day(at) else utc_day(at)


def _group_id(name: str, at: datetime) -> int:
    path = nearest(name)
    group = named(path)
    return group.pk if group and not group.closed_day else open_or_make(path, group, at).pk
